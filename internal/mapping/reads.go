package mapping

import (
	"slices"

	"github.com/itchyny/gojq"
)

// reads is what a program may read of .Properties.
type reads struct {
	all  bool
	keys []string // without all
}

func (r reads) any(keys []string) bool {
	return len(keys) > 0 && (r.all || slices.ContainsFunc(keys, func(key string) bool {
		return slices.Contains(r.keys, key)
	}))
}

// place is where a value may have come from, as far as that matters: any number of these.
type place int

const (
	elsewhere  place = 0 // a value whose reading has been noted, or one that has nothing to do with it
	item       place = 1 // the item as a whole
	properties place = 2 // its .Properties as a whole
)

// readsOf follows a query from the item on. What it does not understand reads everything.
func readsOf(query *gojq.Query) reads {
	t := &tracer{variables: map[string]place{}}
	t.use(t.query(query, item))
	slices.Sort(t.keys)
	t.keys = slices.Compact(t.keys)
	return t.reads
}

type tracer struct {
	reads
	variables map[string]place
}

// use notes that something looks into a value, or that a program gives it away.
func (t *tracer) use(p place) {
	t.all = t.all || p != elsewhere
}

func (t *tracer) key(of place, key string) place {
	if of&properties != 0 {
		t.keys = append(t.keys, key)
	}
	if of&item != 0 && key == "Properties" {
		return properties
	}
	return elsewhere
}

// used follows queries whose values are used.
func (t *tracer) used(dot place, queries ...*gojq.Query) {
	for _, q := range queries {
		t.use(t.query(q, dot))
	}
}

func (t *tracer) query(q *gojq.Query, dot place) place {
	switch {
	case q == nil:
		return elsewhere
	case q.Meta != nil || len(q.Imports)+len(q.FuncDefs) > 0:
		t.all = true
		return elsewhere
	case q.Term != nil:
		return t.term(q.Term, dot)
	}
	switch q.Op {
	case gojq.OpPipe:
		if len(q.Patterns) > 0 {
			return t.bound(q, dot)
		}
		return t.query(q.Right, t.query(q.Left, dot))
	case gojq.OpComma, gojq.OpAlt:
		return t.query(q.Left, dot) | t.query(q.Right, dot)
	case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul,
		gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
		t.use(dot)
	}
	t.used(dot, q.Left, q.Right)
	return elsewhere
}

// bound is `left as $name | right`.
func (t *tracer) bound(q *gojq.Query, dot place) place {
	from := t.query(q.Left, dot)
	defer t.bind(q.Patterns, from)()
	return t.query(q.Right, dot)
}

// bind gives the variables of patterns their place until the function it returns is called.
func (t *tracer) bind(patterns []*gojq.Pattern, from place) (restore func()) {
	if len(patterns) != 1 || patterns[0].Name == "" {
		t.use(from) // and destructured variables are not known: they are elsewhere
		return func() {}
	}
	name := patterns[0].Name
	before := t.variables[name]
	t.variables[name] = from
	return func() { t.variables[name] = before }
}

func (t *tracer) term(term *gojq.Term, dot place) place {
	at := t.head(term, dot)
	for _, s := range term.SuffixList {
		switch {
		case s.Index != nil:
			at = t.index(s.Index, at, dot)
		case s.Iter:
			t.use(at)
			at = elsewhere
		}
	}
	return at
}

func (t *tracer) index(index *gojq.Index, of, dot place) place {
	if key, ok := stringKey(index); ok {
		return t.key(of, key)
	}
	t.use(of)
	t.used(dot, index.Start, index.End)
	if index.Str != nil {
		t.used(dot, index.Str.Queries...)
	}
	return elsewhere
}

func (t *tracer) head(term *gojq.Term, dot place) place {
	switch term.Type {
	case gojq.TermTypeIdentity:
		return dot
	case gojq.TermTypeIndex:
		return t.index(term.Index, dot, dot)
	case gojq.TermTypeQuery:
		return t.query(term.Query, dot)
	case gojq.TermTypeFunc:
		return t.call(term.Func, dot)
	case gojq.TermTypeIf:
		return t.branches(term.If, dot)
	case gojq.TermTypeTry:
		return t.query(term.Try.Body, dot) | t.query(term.Try.Catch, elsewhere)
	case gojq.TermTypeLabel:
		return t.query(term.Label.Body, dot)
	case gojq.TermTypeReduce:
		r := term.Reduce
		defer t.bind(r.Patterns, t.query(r.Query, dot))()
		t.used(dot, r.Start)
		t.used(elsewhere, r.Update)
	case gojq.TermTypeForeach:
		f := term.Foreach
		defer t.bind(f.Patterns, t.query(f.Query, dot))()
		t.used(dot, f.Start)
		t.used(elsewhere, f.Update, f.Extract)
	case gojq.TermTypeObject:
		t.object(term.Object, dot)
	case gojq.TermTypeArray:
		t.used(dot, term.Array.Query)
	case gojq.TermTypeUnary:
		t.use(t.term(term.Unary.Term, dot))
	case gojq.TermTypeString:
		t.used(dot, term.Str.Queries...)
	case gojq.TermTypeFormat:
		if term.Str == nil {
			t.use(dot)
			break
		}
		t.used(dot, term.Str.Queries...)
	case gojq.TermTypeNull, gojq.TermTypeTrue, gojq.TermTypeFalse, gojq.TermTypeNumber, gojq.TermTypeBreak:
	default:
		t.use(dot)
	}
	return elsewhere
}

func (t *tracer) branches(i *gojq.If, dot place) place {
	t.used(dot, i.Cond)
	at := t.query(i.Then, dot)
	for _, e := range i.Elif {
		t.used(dot, e.Cond)
		at |= t.query(e.Then, dot)
	}
	if i.Else == nil {
		return at | dot
	}
	return at | t.query(i.Else, dot)
}

func (t *tracer) object(o *gojq.Object, dot place) {
	for _, kv := range o.KeyVals {
		switch {
		case kv.Val != nil:
			t.used(dot, kv.Val)
		case kv.Key == "":
			t.use(dot)
		case kv.Key[0] == '$':
			t.use(t.variables[kv.Key])
		default:
			t.use(t.key(dot, kv.Key))
		}
		t.used(dot, kv.KeyQuery)
		if kv.KeyString != nil {
			t.used(dot, kv.KeyString.Queries...)
		}
	}
}

func (t *tracer) call(f *gojq.Func, dot place) place {
	if f.Name[0] == '$' {
		return t.variables[f.Name]
	}
	switch signature := funcSignature(f); signature {
	case "empty/0", "now/0":
		return elsewhere
	case "select/1":
		t.used(dot, f.Args[0])
		return dot
	case "first/1":
		return t.query(f.Args[0], dot)
	case "limit/2":
		t.used(dot, f.Args[0])
		return t.query(f.Args[1], dot)
	case "has/1":
		if key, ok := literalText(f.Args[0]); ok && dot&item == 0 {
			return t.key(dot, key)
		}
	case "error/1", "isempty/1":
		t.used(dot, f.Args...)
		return elsewhere
	}
	t.use(dot)
	t.used(dot, f.Args...)
	return elsewhere
}
