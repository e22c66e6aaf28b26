package mapping

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/itchyny/gojq"
)

// usage is what a query has anywhere in it.
type usage struct {
	functions []string // called, as name/arity
	keys      []string
	updates   bool // |= or one of its kind
}

func (u usage) calls(name string) bool { return slices.Contains(u.functions, name) }

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
			u.functions = append(u.functions, fmt.Sprintf("%s/%d", n.Name, len(n.Args)))
		case *gojq.Query:
			u.updates = u.updates || n.Op >= gojq.OpModify // the last of the operators, behind =
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
