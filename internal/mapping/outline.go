package mapping

import (
	"slices"

	"github.com/itchyny/gojq"
)

// Outline is what can be said of an entity mapping before any resource is mapped.
type Outline struct {
	Path       string // in the config
	Blueprint  string // "" if a program computes it
	Search     bool   // Port finds the entity, and creates none
	Properties []Slot
	Relations  []Slot
}

// Slot is a property or relation that a mapping fills.
type Slot struct {
	Name, Path string
	Type       string // that its value has wherever it is not null, as JSON names types; "" = that is not known
	Constant   bool
	Value      any // of a constant
	Search     bool
}

// Outlines are those of the block's mappings.
func (b *Block) Outlines() (all []Outline) {
	for _, m := range b.mappings {
		o := Outline{Path: m.blueprint.config, Search: m.identifier.search}
		o.Blueprint, _ = m.blueprint.program.value.(string)
		o.Properties, o.Relations = slots(m.properties), slots(m.relations)
		all = append(all, o)
	}
	return all
}

func slots(leaves []*leaf) (all []Slot) {
	for _, l := range leaves {
		s := Slot{Name: l.key, Path: l.config, Search: l.search}
		switch {
		case l.list != nil:
			s.Type = "array"
		case l.object != nil:
			s.Type = "object"
		default:
			if s.Constant = l.program.constant; s.Constant {
				s.Value = l.program.value
			}
			if q, err := parse(l.program.text); err == nil {
				s.Type = typeOf(q)
			}
		}
		all = append(all, s)
	}
	return all
}

const null = "null"

// typeOf is the type of all values that a query gives but null; null if it gives nothing else, "" if it is
// not known. What is claimed here costs a block its life, so doubt is no claim.
func typeOf(q *gojq.Query) string {
	switch {
	case q == nil || len(q.FuncDefs)+len(q.Patterns)+len(q.Imports) > 0 || q.Meta != nil:
		return ""
	case q.Term != nil:
		return termType(q.Term)
	}
	switch q.Op {
	case gojq.OpPipe:
		return typeOf(q.Right)
	case gojq.OpAlt:
		return both(typeOf(q.Left), typeOf(q.Right))
	case gojq.OpEq, gojq.OpNe, gojq.OpGt, gojq.OpLt, gojq.OpGe, gojq.OpLe, gojq.OpAnd, gojq.OpOr:
		return "boolean"
	case gojq.OpAdd: // null is its neutral element, and different types are an error
		left, right := typeOf(q.Left), typeOf(q.Right)
		if left == "string" || right == "string" {
			return "string"
		}
		return both(left, right)
	}
	return ""
}

// both is the type of what has one type or another.
func both(a, b string) string {
	switch {
	case a == b || b == null:
		return a
	case a == null:
		return b
	}
	return ""
}

func termType(t *gojq.Term) string {
	if len(t.SuffixList) > 0 {
		return ""
	}
	switch t.Type {
	case gojq.TermTypeNull:
		return null
	case gojq.TermTypeTrue, gojq.TermTypeFalse:
		return "boolean"
	case gojq.TermTypeNumber, gojq.TermTypeUnary:
		return "number"
	case gojq.TermTypeString, gojq.TermTypeFormat:
		return "string"
	case gojq.TermTypeObject:
		return "object"
	case gojq.TermTypeArray:
		return "array"
	case gojq.TermTypeQuery:
		return typeOf(t.Query)
	case gojq.TermTypeIf:
		return ifType(t.If)
	case gojq.TermTypeFunc:
		for typ, names := range results() {
			if slices.Contains(names, t.Func.Name) {
				return typ
			}
		}
	}
	return ""
}

func ifType(c *gojq.If) string {
	if c.Else == nil {
		return "" // the input itself
	}
	typ := both(typeOf(c.Then), typeOf(c.Else))
	for _, e := range c.Elif {
		typ = both(typ, typeOf(e.Then))
	}
	return typ
}

// results are functions of jq that give one type whatever they are given.
func results() map[string][]string {
	return map[string][]string{
		"string":  {"tostring", "tojson", "ascii_downcase", "ascii_upcase", "join", "todate", "strftime", "implode"},
		"number":  {"length", "tonumber", "floor", "ceil", "round", "now", "fromdate", "mktime", "utf8bytelength"},
		"boolean": {"not", "any", "all", "has", "test", "startswith", "endswith", "contains", "inside"},
		"array":   {"keys", "map", "split", "to_entries", "sort", "sort_by", "group_by", "unique", "unique_by"},
		"object":  {"from_entries", "with_entries"},
	}
}
