package mapping

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
)

func (r *reader) items(path string, port map[string]any) *items {
	transform := r.flag(port, path+".", "itemsToParseTopLevelTransform", true)
	name := "item"
	if v := port["itemsToParseName"]; v != nil {
		if name, _ = v.(string); name == "" {
			r.problem(path+".itemsToParseName", "not a name")
		}
	}
	if port["itemsToParse"] == nil {
		return nil
	}
	list := r.single(path+".itemsToParse", "", port["itemsToParse"])
	return &items{list: list, name: name, transform: transform}
}

// mappings takes one mapping or a list of them: each makes an entity of every item.
func (r *reader) mappings(path string, v any) []*entityMapping {
	switch v := v.(type) {
	case map[string]any:
		return []*entityMapping{r.entityMapping(path, v)}
	case []any:
		if len(v) == 0 {
			break
		}
		list := make([]*entityMapping, len(v))
		for i, x := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			doc, ok := x.(map[string]any)
			if !ok {
				r.problem(at, "not an object")
			}
			list[i] = r.entityMapping(at, doc)
		}
		return list
	}
	r.problem(path, "neither a mapping nor a list of mappings")
	return nil
}

func (r *reader) entityMapping(path string, doc map[string]any) *entityMapping {
	m := &entityMapping{}
	if m.blueprint = r.single(path, "blueprint", doc["blueprint"]); m.blueprint == nil {
		if doc["blueprint"] == nil {
			r.problem(path+".blueprint", "missing")
		}
	} else if p := m.blueprint.program; p.constant {
		if name, ok := p.value.(string); !ok || !legal(name, blueprintMarks, maxBlueprint) {
			r.faulty(path+".blueprint", p.text, "not the name of a blueprint in Port", "")
		}
	}
	switch v := doc["identifier"].(type) {
	case nil:
		r.problem(path+".identifier", "missing")
	case map[string]any:
		m.identifier = r.searching(path, "identifier", v)
	default:
		m.identifier = r.single(path, "identifier", v)
	}
	for _, key := range []string{"title", "icon"} {
		m.fields = appendLeaf(m.fields, r.single(path, key, doc[key]))
	}
	if v, ok := doc["team"].(map[string]any); ok {
		m.fields = appendLeaf(m.fields, r.searching(path, "team", v))
	} else {
		m.fields = appendLeaf(m.fields, r.leaf(path, "team", doc["team"]))
	}
	m.properties = r.group(path, "properties", doc["properties"], r.leaf)
	m.relations = r.group(path, "relations", doc["relations"], r.relation)
	return m
}

func appendLeaf(list []*leaf, l *leaf) []*leaf {
	if l == nil {
		return list
	}
	return append(list, l)
}

// group reads an object of leaves; nil if there is none. A null leaf is as good as absent.
func (r *reader) group(path, key string, v any, read func(path, key string, v any) *leaf) []*leaf {
	if v == nil {
		return nil
	}
	doc := r.object(path+"."+key, v)
	leaves := make([]*leaf, 0, len(doc))
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		if l := read(path+"."+key, name, doc[name]); l != nil {
			l.body = key + "." + name
			leaves = append(leaves, l)
		}
	}
	return leaves
}

func (r *reader) relation(path, key string, v any) *leaf {
	if doc, ok := v.(map[string]any); ok {
		return r.searching(path, key, doc)
	}
	return r.leaf(path, key, v)
}

// searching reads a search object: every leaf of it is a program.
func (r *reader) searching(path, key string, doc map[string]any) *leaf {
	at := path + "." + key
	if _, ok := doc["rules"].([]any); !ok || doc["combinator"] == nil {
		r.problem(at, "neither a program nor a search of the form {combinator, rules}")
		return nil
	}
	l := r.leaf(path, key, doc)
	if l != nil {
		l.search = true
	}
	return l
}

// single reads one program, which stands in path under key, or at path itself if key is empty.
func (r *reader) single(path, key string, v any) *leaf {
	switch v.(type) {
	case map[string]any, []any:
		if key != "" {
			path += "." + key
		}
		r.problem(path, "not a program")
		return nil
	}
	return r.leaf(path, key, v)
}

// leaf reads any template; nil if v is null or has problems.
func (r *reader) leaf(path, key string, v any) *leaf {
	if key != "" {
		path += "." + key
	}
	t := r.template(path, v)
	if t == nil {
		return nil
	}
	return &leaf{template: t, key: key, body: key, config: path}
}

func (r *reader) template(path string, v any) *template {
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		return r.program(path, v)
	case bool:
		return r.program(path, strconv.FormatBool(v))
	case json.Number:
		return r.program(path, v.String())
	case []any:
		t := &template{}
		for i, x := range v {
			if inner := r.template(fmt.Sprintf("%s[%d]", path, i), x); inner != nil {
				t.list = append(t.list, inner)
			}
		}
		return t
	case map[string]any:
		t := &template{object: make(map[string]*template, len(v))}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if inner := r.template(path+"."+key, v[key]); inner != nil {
				t.object[key] = inner
			}
		}
		return t
	default:
		r.problem(path, "not a program")
		return nil
	}
}

// compiled is what became of a text: every text is compiled once.
type compiled struct {
	program *program
	err     error
	fix     string
}

func (r *reader) program(path, text string) *template {
	c, known := r.programs[text]
	if !known {
		if c.program, c.err = r.dialect.compile(text); c.err != nil && c.err != errInput {
			c.fix = r.dialect.nearest(text)
		}
		r.programs[text] = c
	}
	if c.err != nil {
		r.faulty(path, text, c.err.Error(), c.fix)
		return nil
	}
	if c.program.stale != "" {
		r.warn(Problem{Path: path, Program: text, Reason: c.program.stale})
	}
	if c.program.clocked {
		reason := "now is the run's start; a value that changes with every run is written in every run"
		r.warn(Problem{Path: path, Program: text, Reason: reason})
	}
	return &template{program: c.program}
}

func (r *reader) faulty(path, text, reason, fix string) {
	r.problems = append(r.problems, Problem{
		Block: r.block, Path: path, Program: text, Reason: reason, Fix: fix,
	})
}
