package asl

import (
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// states checks the states of a machine, or of one within a state, and how they hang together.
func states(c *checker, at place, n *yaml.Node) {
	all := field(n, "States")
	if all == nil {
		return
	}
	if all.Kind != yaml.MappingNode || len(all.Content) == 0 {
		c.complain(all, at, "States must be an object, and not empty")
		return
	}
	at.siblings = map[string]bool{}
	for k := range pairs(all) {
		at.siblings[k.Value] = true
	}
	for k, v := range pairs(all) {
		at.state = k.Value
		switch {
		case len(k.Value) > 80:
			c.complain(k, at, "its name is over 80 characters")
		case c.names[k.Value]:
			c.complain(k, at, "its name comes twice in the machine")
		}
		c.names[k.Value] = true
		c.state(v, at)
	}
	at.state = ""
	if start := field(n, "StartAt"); start != nil && !at.siblings[start.Value] {
		c.complain(start, at, "StartAt leads to %q, which is no state here", start.Value)
	}
	c.connected(all, value(n, "StartAt"))
}

func (c *checker) state(n *yaml.Node, at place) {
	s, known := kinds()[value(n, "Type")]
	if !known {
		c.complain(n, at, "Type %q is none of the language's", value(n, "Type"))
		return
	}
	c.object(n, at, s.with(shape{fields: fields{"Type": text, "Comment": text, "QueryLanguage": oneOf("JSONPath")}}))
	beat, err := strconv.Atoi(value(n, "HeartbeatSeconds"))
	if most, e := strconv.Atoi(value(n, "TimeoutSeconds")); err == nil && e == nil && beat >= most {
		c.complain(n, at, "HeartbeatSeconds must be less than TimeoutSeconds")
	}
}

func target(c *checker, at place, v *yaml.Node) {
	text(c, at, v)
	if !at.siblings[v.Value] {
		c.complain(v, at, "it leads to %q, which is no state here", v.Value)
	}
}

// connected sees that every state can be reached, and that from every state an end can be.
func (c *checker) connected(all *yaml.Node, start string) {
	to, from := map[string][]string{}, map[string][]string{}
	var ends []string
	for k, v := range pairs(all) {
		next := leads(v)
		to[k.Value] = next
		for _, name := range next {
			from[name] = append(from[name], k.Value)
		}
		if t := value(v, "Type"); t == "Succeed" || t == "Fail" || value(v, "End") == "true" {
			ends = append(ends, k.Value)
		}
	}
	reached, ending := spread(to, start), spread(from, ends...)
	for k := range pairs(all) {
		at := place{state: k.Value}
		if !reached[k.Value] {
			c.complain(k, at, "nothing leads to it")
		}
		if !ending[k.Value] {
			c.complain(k, at, "it never comes to an end")
		}
	}
}

// leads are the states that a state may be followed by.
func leads(n *yaml.Node) []string {
	var next []string
	add := func(n *yaml.Node, name string) {
		if s := value(n, name); s != "" && !slices.Contains(next, s) {
			next = append(next, s)
		}
	}
	add(n, "Next")
	add(n, "Default")
	for _, name := range []string{"Choices", "Catch"} {
		if v := field(n, name); v != nil {
			for _, e := range v.Content {
				add(resolved(e), "Next")
			}
		}
	}
	return next
}

// spread is what the edges lead to, the starts included.
func spread(edges map[string][]string, starts ...string) map[string]bool {
	seen := map[string]bool{}
	for len(starts) > 0 {
		name := starts[0]
		starts = starts[1:]
		if !seen[name] {
			seen[name] = true
			starts = append(starts, edges[name]...)
		}
	}
	return seen
}
