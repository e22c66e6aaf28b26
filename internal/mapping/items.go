package mapping

import (
	"context"
	"errors"
	"maps"
)

// items is a block's itemsToParse: it makes several items of one resource.
type items struct {
	list      *leaf
	name      string // under which an item holds its element
	transform bool   // the item loses the list it was made of
}

// expand gives the resource with one element of its list each.
func (x *items) expand(ctx context.Context, e *engine, resource map[string]any) ([]map[string]any, *failure) {
	v, f := x.list.eval(ctx, e, resource)
	if f != nil {
		return nil, f
	}
	list, ok := v.([]any)
	if !ok {
		err := errors.New(a(v) + ", not an array")
		if v == nil {
			err = errors.New("null, not an array; `// []` after it says that it may be missing")
		}
		return nil, &failure{program: x.list.program.text, err: err}
	}
	if x.transform {
		resource = without(resource, x.list.program.drop)
	}
	expanded := make([]map[string]any, len(list))
	for i, element := range list {
		expanded[i] = maps.Clone(resource)
		expanded[i][x.name] = element
	}
	return expanded, nil
}

// without is object minus path. It copies what it changes.
func without(object map[string]any, path []string) map[string]any {
	if len(path) == 0 {
		return object
	}
	inner, present := object[path[0]]
	if !present {
		return object
	}
	object = maps.Clone(object)
	if len(path) == 1 {
		delete(object, path[0])
	} else if inner, ok := inner.(map[string]any); ok {
		object[path[0]] = without(inner, path[1:])
	}
	return object
}
