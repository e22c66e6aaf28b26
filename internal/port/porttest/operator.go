package porttest

import (
	"reflect"
	"strings"
)

// unary are the operators without a value.
var unary = map[string]func(any) bool{
	"isEmpty":    isEmpty,
	"isNotEmpty": func(v any) bool { return !isEmpty(v) },
}

// comparison is an operator with a value.
type comparison struct {
	takes func(want any) bool
	test  func(got, want any) bool
}

// comparisons are the operators as documented; those with Not in their name match what has no value, too.
var comparisons = map[string]comparison{
	"=":                 {anything, equal},
	"!=":                {anything, not(equal)},
	"in":                {isList, oneOf},
	"notIn":             {isList, not(oneOf)},
	"contains":          {isText, contains},
	"doesNotContains":   {isText, not(contains)},
	"containsAny":       {isList, containsAny},
	"beginsWith":        {isText, text(strings.HasPrefix)},
	"doesNotBeginsWith": {isText, not(text(strings.HasPrefix))},
	"endsWith":          {isText, text(strings.HasSuffix)},
	"doesNotEndsWith":   {isText, not(text(strings.HasSuffix))},
	"<":                 {isOrdered, ordered(func(c int) bool { return c < 0 })},
	"<=":                {isOrdered, ordered(func(c int) bool { return c <= 0 })},
	">":                 {isOrdered, ordered(func(c int) bool { return c > 0 })},
	">=":                {isOrdered, ordered(func(c int) bool { return c >= 0 })},
	"between":           {isRange, within},
	"notBetween":        {isRange, not(within)},
}

func anything(any) bool     { return true }
func isList(want any) bool  { return typeOf(want) == "array" }
func isText(want any) bool  { return typeOf(want) == "string" }
func isRange(want any) bool { r, _ := want.(obj); return isOrdered(r["from"]) && isOrdered(r["to"]) }

func isOrdered(want any) bool {
	t := typeOf(want)
	return t == "string" || t == "number"
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case obj:
		return len(v) == 0
	}
	return false
}

func not(test func(got, want any) bool) func(got, want any) bool {
	return func(got, want any) bool { return !test(got, want) }
}

func equal(got, want any) bool { return reflect.DeepEqual(got, want) }

func oneOf(got, want any) bool { return among(got, want.([]any)) }

// contains is a plain substring test, or membership in an array.
func contains(got, want any) bool {
	if s, isString := got.(string); isString {
		return strings.Contains(s, want.(string))
	}
	in, isArray := got.([]any)
	return isArray && among(want, in)
}

func containsAny(got, want any) bool {
	for _, w := range want.([]any) {
		if isText(w) && contains(got, w) {
			return true
		}
	}
	return false
}

func text(test func(s, part string) bool) func(got, want any) bool {
	return func(got, want any) bool {
		s, isString := got.(string)
		return isString && test(s, want.(string))
	}
}

func ordered(holds func(int) bool) func(got, want any) bool {
	return func(got, want any) bool {
		c, comparable := order(got, want)
		return comparable && holds(c)
	}
}

// within is inclusive at both ends.
func within(got, want any) bool {
	r := want.(obj)
	low, ok := order(got, r["from"])
	high, alsoOK := order(got, r["to"])
	return ok && alsoOK && low >= 0 && high <= 0
}
