package house_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	template = "template.yaml"
	config   = "samconfig.toml"
)

// node is a part of a template. Its methods find nothing in nothing.
type node struct{ *yaml.Node }

// load reads a template as it is written, comments and short forms of intrinsic functions included.
func load(t *testing.T, name string) node {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(read(t, name)), &doc); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return node{doc.Content[0]}
}

// at is the value below n that the keys lead to.
func (n node) at(keys ...string) node {
	for _, key := range keys {
		next := node{}
		for k, v := range n.pairs {
			if k.Value == key {
				next = v
			}
		}
		n = next
	}
	return n
}

// pairs are the keys and values of an object, in their order.
func (n node) pairs(yield func(k, v node) bool) {
	if n.Node == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !yield(node{n.Content[i]}, node{n.Content[i+1]}) {
			return
		}
	}
}

func (n node) keys() []string {
	var all []string
	for k := range n.pairs {
		all = append(all, k.Value)
	}
	return all
}

// list are the elements of a list, or the one thing that stands for a list of it.
func (n node) list() []node {
	switch {
	case n.Node == nil:
		return nil
	case n.Kind != yaml.SequenceNode || n.Tag != "!!seq":
		return []node{n}
	}
	var all []node
	for _, c := range n.Content {
		all = append(all, node{c})
	}
	return all
}

func (n node) text() string {
	if n.Node == nil {
		return ""
	}
	return n.Value
}

// walk visits n and all that is below it.
func (n node) walk(visit func(node)) {
	if n.Node == nil {
		return
	}
	visit(n)
	for _, c := range n.Content {
		node{c}.walk(visit)
	}
}

var hole = regexp.MustCompile(`\$\{([\w:]+)[\w:.]*\}`)

// refers are the names that n takes values from: parameters, resources, what AWS provides.
func (n node) refers() []string {
	var names []string
	n.walk(func(n node) {
		switch n.Tag {
		case "!Ref", "!Condition":
			names = append(names, n.Value)
		case "!GetAtt":
			name, _, _ := strings.Cut(n.Value, ".")
			names = append(names, name)
		case "!If":
			names = append(names, n.Content[0].Value)
		}
		for _, m := range hole.FindAllStringSubmatch(n.Value, -1) {
			names = append(names, m[1])
		}
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// functionsOf are the functions of a template by name.
func functionsOf(n node) map[string]node {
	all := map[string]node{}
	for k, v := range n.at("Resources").pairs {
		if v.at("Type").text() == "AWS::Serverless::Function" {
			all[k.Value] = v.at("Properties")
		}
	}
	return all
}
