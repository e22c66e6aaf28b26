package mapping

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// oceanActions is how many includeActions Ocean lets a selector have.
const oceanActions = 3

// ForOcean is a config in the form that Ocean takes, which refuses the whole of one for a single thing that it does not
// know: without blocks of other kinds than those given, and with one mapping and one program where there may be
// several here. changes says what is different, for people; with none the config stays as it is.
func ForOcean(config []byte, kinds []string) (forOcean json.RawMessage, changes []string, err error) {
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(config))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, nil, fmt.Errorf("read the mapping: %w", err)
	}
	o := ocean{kinds: kinds}
	resources, _ := doc["resources"].([]any)
	all := []any{}
	for i, entry := range resources {
		block, ok := entry.(map[string]any)
		if !ok {
			return nil, nil, fmt.Errorf("read the mapping: resources[%d] is not an object", i)
		}
		all = append(all, o.block(fmt.Sprintf("resources[%d]", i), block)...)
	}
	if len(o.changes) == 0 {
		return config, nil, nil
	}
	doc["resources"] = all
	forOcean, err = json.Marshal(doc)
	return forOcean, o.changes, err
}

type ocean struct {
	kinds   []string
	changes []string
}

func (o *ocean) change(format string, a ...any) {
	o.changes = append(o.changes, fmt.Sprintf(format, a...))
}

// block is what becomes of a block: one for each of its mappings.
func (o *ocean) block(path string, block map[string]any) (all []any) {
	kind, _ := block["kind"].(string)
	if !slices.Contains(o.kinds, kind) {
		o.change("%s goes: Ocean knows no kind %s", path, kind)
		return nil
	}
	block = maps.Clone(block)
	block["selector"] = o.selector(path+".selector", block["selector"])
	port, _ := block["port"].(map[string]any)
	entity, _ := port["entity"].(map[string]any)
	at := path + ".port.entity.mappings"
	list, several := entity["mappings"].([]any)
	if !several {
		list = []any{entity["mappings"]}
	} else {
		o.change("%s: a list becomes a block for each of its %d mappings", at, len(list))
	}
	for _, m := range list {
		one, inner, outer := maps.Clone(block), maps.Clone(port), maps.Clone(entity)
		outer["mappings"] = o.mapping(at, m)
		inner["entity"] = outer
		one["port"] = inner
		all = append(all, one)
	}
	return all
}

func (o *ocean) selector(path string, v any) map[string]any {
	selector, _ := v.(map[string]any)
	if selector = maps.Clone(selector); selector == nil {
		selector = map[string]any{}
	}
	switch query := selector["query"].(type) {
	case string:
	case nil:
		o.change("%s.query: %q, which Ocean wants to be told", path, "true")
		selector["query"] = "true"
	default:
		o.change("%s.query: a text, as Ocean wants it", path)
		selector["query"] = fmt.Sprint(query)
	}
	if actions, _ := selector["includeActions"].([]any); len(actions) > oceanActions {
		o.change("%s.includeActions: only the first %d, of %d: what the others fill stays empty", path, oceanActions, len(actions))
		selector["includeActions"] = actions[:oceanActions]
	}
	return selector
}

func (o *ocean) mapping(path string, v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	m = maps.Clone(m)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		switch group, _ := m[key].(map[string]any); key {
		case "properties", "relations":
			group = maps.Clone(group)
			for _, name := range slices.Sorted(maps.Keys(group)) {
				o.leaf(path+"."+key+"."+name, group, name)
			}
			m[key] = group
		default:
			o.leaf(path+"."+key, m, key)
		}
	}
	return m
}

// leaf makes one program of what is in an object under a key; a search stays one.
func (o *ocean) leaf(path string, in map[string]any, key string) {
	switch v := in[key].(type) {
	case nil:
		o.change("%s goes: it is null", path)
		delete(in, key)
	case string:
	case map[string]any:
		if v["rules"] == nil {
			o.change("%s: an object becomes one program", path)
			in[key] = oneProgram(v)
		}
	default:
		o.change("%s becomes one program", path)
		in[key] = oneProgram(v)
	}
}

// oneProgram is the one program that gives what a value with programs in it gives.
func oneProgram(v any) string {
	var parts []string
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			parts = append(parts, oneProgram(x))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			quoted, _ := json.Marshal(name) // a text
			parts = append(parts, string(quoted)+": "+oneProgram(v[name]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case nil:
		return "null"
	case string:
		// As a list a program gives its first output, or null for none.
		return "([" + v + "] | first)"
	}
	return fmt.Sprint(v)
}
