// Package asl says what is wrong with a state machine before Step Functions does. It knows the part of
// Amazon's States Language that we use, JSONPath and no JSONata, and refuses the rest:
// https://states-language.net/spec.html
package asl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Check returns the problems of a definition, whose substitutions are filled in. declared are the names
// of the errors that its tasks may end with, beside AWS's own.
func Check(definition []byte, declared []string) []string {
	c := &checker{declared: declared, names: map[string]bool{}}
	if root := c.parse(definition); root != nil {
		c.plain(root)
		c.object(root, place{}, machine)
		states(c, place{}, root)
	}
	return c.problems
}

// checker collects problems.
type checker struct {
	declared []string
	names    map[string]bool // of the states met so far, which are unique in the whole machine
	problems []string
}

// place is where in the machine something is.
type place struct {
	state    string          // "" is outside of any
	siblings map[string]bool // the states that it may lead to
	child    bool            // in an execution of its own, below a distributed map
	item     bool            // where $$.Map.Item is something
}

func (c *checker) complain(n *yaml.Node, at place, format string, a ...any) {
	where := fmt.Sprintf("line %d: ", n.Line)
	if at.state != "" {
		where += "state " + at.state + ": "
	}
	c.problems = append(c.problems, where+fmt.Sprintf(format, a...))
}

// machine is the outermost object.
var machine = shape{
	required: []string{"StartAt", "States"},
	fields: fields{
		"Comment": text, "StartAt": text, "States": nothing, "Version": oneOf("1.0"),
		"TimeoutSeconds": seconds, "QueryLanguage": oneOf("JSONPath"),
	},
}

func (c *checker) parse(definition []byte) *yaml.Node {
	d := yaml.NewDecoder(bytes.NewReader(definition))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		c.problems = append(c.problems, err.Error())
		return nil
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		c.problems = append(c.problems, "there is more than one document")
	}
	return doc.Content[0]
}

// plain sees that CloudFormation reads the same as we do. It makes a string of an alias, and its JSON has no
// tags and no key twice:
// https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-stepfunctions, DefinitionProcessor.java
func (c *checker) plain(n *yaml.Node) {
	switch n.Kind {
	case yaml.AliasNode:
		c.complain(n, place{}, "CloudFormation does not follow the alias *%s: write it out", n.Value)
		return
	case yaml.MappingNode:
		seen := map[string]bool{}
		for key := range pairs(n) {
			if key.Kind != yaml.ScalarNode || key.Tag != "!!str" {
				c.complain(key, place{}, "key %s is no string", key.Value)
			}
			if seen[key.Value] {
				c.complain(key, place{}, "key %s comes twice", key.Value)
			}
			seen[key.Value] = true
		}
	case yaml.ScalarNode:
		if !slices.Contains([]string{"!!str", "!!int", "!!float", "!!bool", "!!null"}, n.Tag) {
			c.complain(n, place{}, "%s is a %s, which JSON has not", n.Value, n.Tag)
		}
		if hole.MatchString(n.Value) {
			c.complain(n, place{}, "%s is filled in by nobody", hole.FindString(n.Value))
		}
	}
	for _, child := range n.Content {
		c.plain(child)
	}
}

// pairs are the keys and values of an object.
func pairs(n *yaml.Node) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], resolved(n.Content[i+1])) {
				return
			}
		}
	}
}

// resolved is what an alias stands for: the rest of the check may as well go on.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func field(n *yaml.Node, name string) *yaml.Node {
	for k, v := range pairs(n) {
		if k.Value == name {
			return v
		}
	}
	return nil
}

func value(n *yaml.Node, name string) string {
	if v := field(n, name); v != nil {
		return v.Value
	}
	return ""
}
