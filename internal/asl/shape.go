package asl

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// rule checks one value.
type rule func(c *checker, at place, v *yaml.Node)

type fields map[string]rule

// shape is what an object may hold.
type shape struct {
	required []string
	fields   fields
	one      [][]string // of each group exactly one
	most     [][]string // of each group at most one
	also     rule       // for the object as a whole
}

func (c *checker) object(n *yaml.Node, at place, s shape) {
	if n.Kind != yaml.MappingNode {
		c.complain(n, at, "this must be an object")
		return
	}
	has := func(name string) bool { return field(n, name) != nil }
	for k, v := range pairs(n) {
		if check, known := s.fields[k.Value]; known {
			check(c, at, v)
		} else {
			c.complain(k, at, "%s is not known here", k.Value)
		}
	}
	for _, name := range s.required {
		if !has(name) {
			c.complain(n, at, "%s is missing", name)
		}
	}
	for _, group := range s.one {
		if count(group, has) != 1 {
			c.complain(n, at, "it takes exactly one of %s", strings.Join(group, ", "))
		}
	}
	for _, group := range s.most {
		if count(group, has) > 1 {
			c.complain(n, at, "it takes only one of %s", strings.Join(group, ", "))
		}
	}
	if s.also != nil {
		s.also(c, at, n)
	}
}

func count(names []string, has func(string) bool) (n int) {
	for _, name := range names {
		if has(name) {
			n++
		}
	}
	return n
}

// list is a rule for a list of at least one element.
func list(each rule) rule {
	return func(c *checker, at place, v *yaml.Node) {
		if v.Kind != yaml.SequenceNode || len(v.Content) == 0 {
			c.complain(v, at, "this must be a list, and not empty")
			return
		}
		for _, e := range v.Content {
			each(c, at, resolved(e))
		}
	}
}

func of(s shape) rule { return func(c *checker, at place, v *yaml.Node) { c.object(v, at, s) } }

func nothing(*checker, place, *yaml.Node) {}

func text(c *checker, at place, v *yaml.Node) {
	if v.Kind != yaml.ScalarNode || v.Tag != "!!str" || v.Value == "" {
		c.complain(v, at, "%q must be a string", v.Value)
	}
}

func boolean(c *checker, at place, v *yaml.Node) {
	if v.Tag != "!!bool" || v.Value != "true" && v.Value != "false" {
		c.complain(v, at, "%q must be true or false", v.Value)
	}
}

func isTrue(c *checker, at place, v *yaml.Node) {
	if v.Tag != "!!bool" || v.Value != "true" {
		c.complain(v, at, "%q must be true, or not be there", v.Value)
	}
}

func oneOf(values ...string) rule {
	return func(c *checker, at place, v *yaml.Node) {
		text(c, at, v)
		if !slices.Contains(values, v.Value) {
			c.complain(v, at, "%q must be one of %s", v.Value, strings.Join(values, ", "))
		}
	}
}

// whole is a rule for a whole number.
func whole(least, most int) rule {
	return func(c *checker, at place, v *yaml.Node) {
		n, err := strconv.Atoi(v.Value)
		if v.Tag != "!!int" || err != nil || n < least || n > most {
			c.complain(v, at, "%q must be a number from %d to %d", v.Value, least, most)
		}
	}
}

var seconds = whole(1, 99_999_999)

// number is a rule for a number with or without a fraction.
func number(least, most float64) rule {
	return func(c *checker, at place, v *yaml.Node) {
		n, err := strconv.ParseFloat(v.Value, 64)
		if v.Tag != "!!int" && v.Tag != "!!float" || err != nil || n < least || n > most {
			c.complain(v, at, "%q must be a number from %g to %g", v.Value, least, most)
		}
	}
}

// timestamp is RFC 3339 as the language wants it, with a large T and Z.
func timestamp(c *checker, at place, v *yaml.Node) {
	text(c, at, v)
	if _, err := time.Parse(time.RFC3339Nano, v.Value); err != nil {
		c.complain(v, at, "%q is no time such as 2026-11-24T22:00:00Z", v.Value)
	}
}

var (
	hole     = regexp.MustCompile(`\$\{[^}]*\}`)
	function = regexp.MustCompile(`^arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$`)
	reader   = regexp.MustCompile(`^arn:[a-z-]+:states:::s3:getObject$`)
	label    = regexp.MustCompile(`^[\w-]{1,40}$`)
)

// matching is a rule for a string of a certain form.
func matching(form *regexp.Regexp, what string) rule {
	return func(c *checker, at place, v *yaml.Node) {
		if v.Tag != "!!str" || !form.MatchString(v.Value) {
			c.complain(v, at, "%q is no %s", v.Value, what)
		}
	}
}
