package mapping

import (
	"context"
	"maps"
	"slices"
)

// template is a value of the config whose leaves are programs: a single program, an object or a list.
type template struct {
	program *program
	object  map[string]*template
	list    []*template
	search  bool // a query that Port resolves: {combinator, rules}
}

func (t *template) reads(keys []string) bool {
	switch {
	case len(keys) == 0:
		return false
	case t.program != nil:
		return t.program.reads(keys)
	}
	inside := func(t *template) bool { return t.reads(keys) }
	return slices.ContainsFunc(t.list, inside) ||
		slices.ContainsFunc(slices.Collect(maps.Values(t.object)), inside)
}

// collect adds what the template's programs read.
func (t *template) collect(into *reads) {
	if t.program != nil {
		into.all = into.all || t.program.read.all
		into.keys = append(into.keys, t.program.read.keys...)
	}
	for _, x := range t.list {
		x.collect(into)
	}
	for _, x := range t.object {
		x.collect(into)
	}
}

// eval gives the template's value for item. Where a leaf failed it is null in the value, and the
// first failure is returned beside it.
func (t *template) eval(ctx context.Context, e *engine, item any) (any, *failure) {
	if t.program != nil {
		return t.program.run(ctx, e, item)
	}
	var first *failure
	leaf := func(t *template) any {
		v, f := t.eval(ctx, e, item)
		if f != nil && (first == nil || f.fatal) {
			first = f
		}
		return v
	}
	if t.object == nil {
		values := make([]any, len(t.list))
		for i, x := range t.list {
			values[i] = leaf(x)
		}
		return values, first
	}
	values := make(map[string]any, len(t.object))
	for _, key := range slices.Sorted(maps.Keys(t.object)) {
		values[key] = leaf(t.object[key])
	}
	return values, first
}

// leaf is a template at its place.
type leaf struct {
	*template
	key    string // in the body's object
	body   string // path in the entity, such as properties.state
	config string // path in the config
}

// entityMapping makes one entity of an item.
type entityMapping struct {
	identifier, blueprint *leaf
	fields                []*leaf // title, icon and team, those the config has
	properties, relations []*leaf // nil: the config does not have the key
}

func (m *entityMapping) leaves() []*leaf {
	return slices.Concat([]*leaf{m.identifier, m.blueprint}, m.fields, m.properties, m.relations)
}
