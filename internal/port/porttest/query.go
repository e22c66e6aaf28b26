package porttest

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// matcher is a compiled search.
type matcher func(*Entity) bool

// pinned are the identifiers, sorted, that a search cannot match beyond; nil if it may match any. It
// spares a look at the whole catalog for the most frequent search, and changes no result.
func pinned(query any) []string {
	q, _ := query.(obj)
	rules, _ := q["rules"].([]any)
	if q["combinator"] != "and" {
		return nil
	}
	for _, r := range rules {
		rule, _ := r.(obj)
		if rule["property"] != "$identifier" || rule["operator"] != "=" && rule["operator"] != "in" {
			continue
		}
		if ids, legal := texts(rule["value"]); legal {
			slices.Sort(ids)
			return slices.Compact(ids)
		}
	}
	return nil
}

// find are the identifiers in one blueprint that a search matches; it may use some operators only.
func (c *catalog) find(b *blueprint, query any, operators ...string) ([]string, error) {
	match, err := c.compile(query, operators...)
	if err != nil {
		return nil, err
	}
	found, _ := c.page([]*blueprint{b}, match, pinned(query), page{})
	out := make([]string, len(found))
	for i, e := range found {
		out[i] = e.Identifier
	}
	return out, nil
}

// compile reads a search: a combinator over rules and further searches. No operators named means all.
func (c *catalog) compile(query any, operators ...string) (matcher, error) {
	q, _ := query.(obj)
	combinator := q["combinator"]
	rules, isList := q["rules"].([]any)
	if !isList || combinator != "and" && combinator != "or" {
		return nil, malformed("a search needs rules and a combinator, and or or")
	}
	var all []matcher
	for _, r := range rules {
		rule, _ := r.(obj)
		compile := c.rule
		if _, nested := rule["rules"]; nested {
			compile = func(r obj, operators []string) (matcher, error) { return c.compile(r, operators...) }
		}
		m, err := compile(rule, operators)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	or := combinator == "or"
	return func(e *Entity) bool {
		for _, m := range all {
			if m(e) == or {
				return or
			}
		}
		return !or
	}, nil
}

// rule compiles one comparison.
func (c *catalog) rule(r obj, operators []string) (matcher, error) {
	op, _ := r["operator"].(string)
	if len(operators) > 0 && !slices.Contains(operators, op) {
		return nil, invalid("operator %q is not allowed here, only %v", op, operators)
	}
	if op == "relatedTo" {
		return c.relatedTo(r)
	}
	name, _ := r["property"].(string)
	field, known := field(name)
	if !known {
		return nil, malformed("a rule cannot be about %q", name)
	}
	if test := unary[op]; test != nil {
		return func(e *Entity) bool { return test(field(e)) }, nil
	}
	compare, known := comparisons[op]
	if !known {
		return nil, malformed("operator %q is not known", op)
	}
	want, given := r["value"]
	if !given || !compare.takes(want) {
		return nil, malformed("operator %q cannot take the value %v", op, want)
	}
	return func(e *Entity) bool { return compare.test(field(e), want) }, nil
}

// relatedTo matches what relates to an entity itself, not over others. A direction is not modelled.
func (c *catalog) relatedTo(r obj) (matcher, error) {
	blueprint, _ := r["blueprint"].(string)
	ids, legal := texts(r["value"])
	if _, directed := r["direction"]; blueprint == "" || !legal || directed {
		return nil, malformed("relatedTo needs blueprint and value, and no direction")
	}
	required, narrowed := r["required"].(bool)
	return func(e *Entity) bool {
		for name, def := range c.blueprints[e.Blueprint].spec.Relations {
			if def.Target != blueprint || narrowed && def.Required != required {
				continue
			}
			for _, target := range list(e.Relations[name]) {
				if slices.Contains(ids, target.(string)) {
					return true
				}
			}
		}
		return false
	}, nil
}

// field reads a property or one of Port's own fields, which begin with $.
func field(name string) (func(*Entity) any, bool) {
	switch name {
	case "$identifier":
		return func(e *Entity) any { return e.Identifier }, true
	case "$blueprint":
		return func(e *Entity) any { return e.Blueprint }, true
	case "$title":
		return func(e *Entity) any { return e.Title }, true
	case "$icon":
		return func(e *Entity) any { return e.Icon }, true
	case "$team":
		return func(e *Entity) any { return list(e.Team) }, true
	case "$datasource":
		return func(e *Entity) any { return e.Datasource }, true
	case "$createdAt":
		return func(e *Entity) any { return stamp(e.CreatedAt) }, true
	case "$updatedAt":
		return func(e *Entity) any { return stamp(e.UpdatedAt) }, true
	case "$createdBy":
		return func(e *Entity) any { return e.CreatedBy }, true
	case "$updatedBy":
		return func(e *Entity) any { return e.UpdatedBy }, true
	}
	return func(e *Entity) any { return e.Properties[name] }, name != "" && !strings.HasPrefix(name, "$")
}

// list is a value as JSON's array.
func list(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case []string:
		out := make([]any, len(v))
		for i, s := range v {
			out[i] = s
		}
		return out
	case string:
		return []any{v}
	}
	return nil
}

// order compares numbers, times and text; false where there is no order between the two.
func order(a, b any) (int, bool) {
	switch a := a.(type) {
	case float64:
		b, same := b.(float64)
		switch {
		case a < b:
			return -1, same
		case a > b:
			return 1, same
		}
		return 0, same
	case string:
		b, same := b.(string)
		ta, errA := time.Parse(time.RFC3339Nano, a)
		tb, errB := time.Parse(time.RFC3339Nano, b)
		if errA == nil && errB == nil {
			return ta.Compare(tb), same
		}
		return strings.Compare(a, b), same
	}
	return 0, false
}

func among(v any, in []any) bool {
	return slices.ContainsFunc(in, func(x any) bool { return reflect.DeepEqual(x, v) })
}
