package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"

	"github.com/itchyny/gojq"
)

const (
	maxResult = 1 << 20 // bytes, about: Port takes no request over 1 MiB
	maxDepth  = 200     // nesting of a result, far above what AWS answers
)

var (
	errTooLarge = fmt.Errorf("the result is larger than %d bytes", maxResult)
	errTooDeep  = errors.New("the result is nested too deep")
)

// clean returns v as JSON can say it: null for NaN and the largest number for infinity, as jq has it. It copies only what
// it changes. It fails if v is larger than about size bytes.
func clean(v any, size int) (any, error) {
	v, _, err := scrub(v, &size, 0)
	return v, err
}

func scrub(v any, left *int, depth int) (_ any, changed bool, _ error) {
	*left -= 8
	switch v := v.(type) {
	case string:
		*left -= len(v)
	case *big.Int:
		*left -= v.BitLen() / 3
	}
	switch {
	case *left < 0:
		return nil, false, errTooLarge
	case depth > maxDepth:
		return nil, false, errTooDeep
	}
	switch v := v.(type) {
	case float64:
		switch {
		case math.IsNaN(v):
			return nil, true, nil
		case math.IsInf(v, 0):
			return math.Copysign(math.MaxFloat64, v), true, nil
		}
	case []any:
		return scrubArray(v, left, depth)
	case map[string]any:
		return scrubObject(v, left, depth)
	}
	return v, false, nil
}

func scrubArray(v []any, left *int, depth int) (any, bool, error) {
	changed := false
	for i, x := range v {
		y, differs, err := scrub(x, left, depth+1)
		if err != nil {
			return nil, false, err
		}
		if differs {
			if !changed {
				v, changed = slices.Clone(v), true
			}
			v[i] = y
		}
	}
	return v, changed, nil
}

func scrubObject(v map[string]any, left *int, depth int) (any, bool, error) {
	var copied map[string]any
	for k, x := range v {
		*left -= len(k)
		y, differs, err := scrub(x, left, depth+1)
		if err != nil {
			return nil, false, err
		}
		if differs {
			if copied == nil {
				copied = maps.Clone(v)
			}
			copied[k] = y
		}
	}
	if copied != nil {
		return copied, true, nil
	}
	return v, false, nil
}

// clone copies v with all that is in it.
func clone(v any) any {
	switch v := v.(type) {
	case []any:
		c := make([]any, len(v))
		for i, x := range v {
			c[i] = clone(x)
		}
		return c
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, x := range v {
			c[k] = clone(x)
		}
		return c
	default:
		return v
	}
}

// numeral writes a number as jq's tostring does.
func numeral(v any) (string, bool) {
	switch v.(type) {
	case int, float64, *big.Int, json.Number:
		text, err := gojq.Marshal(v)
		return string(text), err == nil
	default:
		return "", false
	}
}

// a names what v is, with its article: "an array".
func a(v any) string {
	switch name := gojq.TypeOf(v); name {
	case "null":
		return name
	case "array", "object":
		return "an " + name
	default:
		return "a " + name
	}
}
