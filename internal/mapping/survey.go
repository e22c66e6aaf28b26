package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// usage is what a query has anywhere in it.
type usage struct {
	functions []string // called, as name/arity
	defined   []string // likewise
	keys      []string
	updates   bool  // |= or one of its kind
	iterates  bool  // .[] or ?, which may have no output
	wrong     error // the first regular expression that cannot be used
}

func (u usage) calls(name string) bool { return slices.Contains(u.functions, name) }

func (u usage) defines(name string) bool { return slices.Contains(u.defined, name) }

// mayBeEmpty tells whether a query may have another number of outputs than one: it calls something
// that is not known to have exactly one.
func (u usage) mayBeEmpty() bool {
	return u.iterates || slices.ContainsFunc(u.functions, func(name string) bool {
		return name[0] != '$' && !slices.Contains(single, name)
	})
}

var formats = []string{"@base64", "@base64d", "@csv", "@html", "@json", "@sh", "@text", "@tsv", "@uri", "@urid"}

// single are the common functions with one output for one input.
var single = []string{"add/0", "any/0", "all/0", "ascii_downcase/0", "ascii_upcase/0", "ceil/0",
	"endswith/1", "first/0", "flatten/0", "floor/0", "from_entries/0", "fromdate/0", "fromjson/0", "has/1",
	"join/1", "keys/0", "last/0", "length/0", "ltrimstr/1", "map/1", "not/0", "round/0", "rtrimstr/1",
	"sort/0", "split/1", "startswith/1", "test/1", "to_entries/0", "tojson/0", "tonumber/0", "tostring/0",
	"type/0", "unique/0"}

// deletes tells whether evaluation may come to gojq's delpaths. An update does where its right side
// is empty.
func (u usage) deletes() bool {
	through := []string{"del/1", "delpaths/1", "map_values/1", "walk/1"}
	return u.updates || slices.ContainsFunc(through, u.calls)
}

func survey(query *gojq.Query) usage {
	var u usage
	u.visit(reflect.ValueOf(query))
	return u
}

func (u *usage) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *gojq.Func:
			u.functions = append(u.functions, funcSignature(n))
			if u.wrong == nil {
				u.wrong = checkPattern(n)
			}
		case *gojq.Query:
			u.updates = u.updates || n.Op >= gojq.OpModify // the last of the operators, behind =
			u.iterates = u.iterates || n.Op == gojq.OpComma
		case *gojq.ObjectKeyVal:
			if strings.HasPrefix(n.Key, "$") {
				u.functions = append(u.functions, n.Key+"/0")
			}
		case *gojq.FuncDef:
			u.defined = append(u.defined, signature(n))
		case *gojq.Suffix:
			u.iterates = u.iterates || n.Iter || n.Optional
		case *gojq.Term:
			if n.Type == gojq.TermTypeFormat && u.wrong == nil && !slices.Contains(formats, n.Format) {
				u.wrong = fmt.Errorf("%s is no format; there are %s", n.Format, strings.Join(formats, ", "))
			}
			switch n.Type {
			case gojq.TermTypeRecurse, gojq.TermTypeTry, gojq.TermTypeForeach, gojq.TermTypeBreak:
				u.iterates = true
			}
		case *gojq.Index:
			if key, ok := stringKey(n); ok {
				u.keys = append(u.keys, key)
			}
		}
		u.visit(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			u.visit(field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			u.visit(v.Index(i))
		}
	}
}

func funcSignature(f *gojq.Func) string { return fmt.Sprintf("%s/%d", f.Name, len(f.Args)) }
