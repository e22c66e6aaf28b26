package mapping

import (
	"reflect"
	"slices"

	"github.com/itchyny/gojq"
)

// rewrite changes a query, in place, where gojq takes the same text otherwise than jq does.
func (d *dialect) rewrite(query *gojq.Query, uses usage) {
	w := rewriter{dialect: d, uses: uses}
	w.visit(reflect.ValueOf(query))
	if uses.calls("$__loc__/0") {
		bindLocation(query)
	}
}

type rewriter struct {
	dialect *dialect
	uses    usage
}

func (w rewriter) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		w.visit(v.Elem())
		switch n := v.Interface().(type) {
		case *gojq.Term:
			*n = *w.indexed(n)
		case *gojq.Func:
			if name := funcSignature(n); !w.uses.defines(name) {
				if _, replaced := w.dialect.uses["_jq_"+name]; replaced {
					n.Name = "_jq_" + n.Name
				}
			}
		case *gojq.Reduce:
			n.Update = oneState(n.Update)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			w.visit(field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			w.visit(v.Index(i))
		}
	}
}

func call(name string, args ...*gojq.Query) *gojq.Query {
	return termQuery(&gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: name, Args: args}})
}

func termQuery(t *gojq.Term) *gojq.Query { return &gojq.Query{Term: t} }

func pipe(left, right *gojq.Query) *gojq.Query {
	return &gojq.Query{Left: left, Op: gojq.OpPipe, Right: right}
}

// bind is `value as $name | in`.
func bind(value *gojq.Query, name string, in *gojq.Query) *gojq.Query {
	q := pipe(value, in)
	q.Patterns = []*gojq.Pattern{{Name: name}}
	return q
}

// indexed makes of every index that may be a number a call of _element.
func (w rewriter) indexed(t *gojq.Term) *gojq.Term {
	suffixes := t.SuffixList
	head := *t
	head.SuffixList = nil
	if t.Type == gojq.TermTypeIndex && maybeNumber(t.Index) {
		suffixes = slices.Insert(slices.Clone(suffixes), 0, &gojq.Suffix{Index: t.Index})
		head = gojq.Term{Type: gojq.TermTypeIdentity}
	}
	for i := 0; i < len(suffixes); i++ {
		s := suffixes[i]
		if !maybeNumber(s.Index) {
			head.SuffixList = append(head.SuffixList, s)
			continue
		}
		before, optional := head, i+1 < len(suffixes) && suffixes[i+1].Optional
		if optional {
			i++
		}
		head = gojq.Term{Type: gojq.TermTypeQuery, Query: element(&before, s.Index.Start, optional)}
	}
	return &head
}

func maybeNumber(index *gojq.Index) bool {
	if index == nil || index.IsSlice || index.Start == nil {
		return false
	}
	_, isString := stringKey(index)
	return !isString
}

// element is `of[at]`, or `of[at]?`, which is optional in itself only: not in of, and not in at, which
// sees what of is taken from, and comes first.
func element(of *gojq.Term, at *gojq.Query, optional bool) *gojq.Query {
	const name = "$__at"
	index := at
	if !isConstant(at) {
		index = call(name)
	}
	take := call("_element", index)
	if optional {
		take.Term.SuffixList = []*gojq.Suffix{{Optional: true}}
	}
	taken := pipe(termQuery(of), take)
	if isConstant(at) {
		return taken
	}
	return bind(at, name, taken)
}

// oneState makes an update of reduce that may have no output, which then is null, or several.
func oneState(update *gojq.Query) *gojq.Query {
	if uses := survey(update); !uses.mayBeEmpty() {
		return update
	}
	return call("_state", update)
}

// bindLocation gives a program of one line its $__loc__.
func bindLocation(query *gojq.Query) {
	text := func(s string) *gojq.Query {
		return termQuery(&gojq.Term{Type: gojq.TermTypeString, Str: &gojq.String{Str: s}})
	}
	place := termQuery(&gojq.Term{Type: gojq.TermTypeObject, Object: &gojq.Object{KeyVals: []*gojq.ObjectKeyVal{
		{Key: "file", Val: text("<top-level>")},
		{Key: "line", Val: termQuery(&gojq.Term{Type: gojq.TermTypeNumber, Number: "1"})},
	}}})
	body := *query
	*query = *bind(place, "$__loc__", &body)
}
