package kinds

import (
	"errors"
	"slices"
	"strconv"

	"github.com/aws/smithy-go"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

func keys(items []kind.Item) []string {
	ks := make([]string, len(items))
	for i, it := range items {
		ks[i] = it.Key
	}
	return ks
}

// without is the error of an answer that lacks what it always has, if only to hold nothing: it says
// nothing, and not that there is nothing.
func without(member string) error {
	return &smithy.DeserializationError{Err: errors.New("the answer has no " + member)}
}

// only is p without the keys that are not named: the shape of a kind does not grow with the SDK.
func only(p map[string]any, keys []string) map[string]any {
	q := make(map[string]any, len(p))
	for _, k := range keys {
		if v, ok := p[k]; ok {
			q[k] = v
		}
	}
	return q
}

// gone are the answers about items that the service does not know.
func gone(keys []string) map[string]kind.Answer {
	answers := map[string]kind.Answer{}
	for _, k := range keys {
		answers[k] = kind.Answer{Gone: true}
	}
	return answers
}

// typed gives those attributes that are among keys, which a service tells as texts, the types that they
// stand for. What should be a number and is none, such as an empty rate, is null.
func typed(attributes map[string]string, keys, numbers, flags []string) map[string]any {
	p := map[string]any{}
	for _, k := range keys {
		text, ok := attributes[k]
		if !ok {
			continue
		}
		switch {
		case slices.Contains(numbers, k):
			p[k] = nil
			if n, err := strconv.Atoi(text); err == nil {
				p[k] = n
			}
		case slices.Contains(flags, k):
			p[k] = text == "true"
		default:
			p[k] = text
		}
	}
	return p
}
