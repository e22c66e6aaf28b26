package mapping

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Document is a config as a person keeps it in a file.
type Document struct {
	Config []byte         // JSON, for Compile
	Lines  map[string]int // by the path that a Problem has
}

// Line is where a path stands, or the nearest of those that it is in; 0 if none of them does.
func (d Document) Line(path string) int {
	for path != "" {
		if line, ok := d.Lines[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return 0
}

// ReadYAML reads a config from YAML or JSON. A scalar stays as it is written where it is a number:
// 0123 is a program of these four characters.
func ReadYAML(text []byte) (Document, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return Document{}, fmt.Errorf("read the file: %w", err)
	}
	if len(root.Content) == 0 {
		return Document{}, errors.New("read the file: it is empty")
	}
	r := yamlReader{lines: map[string]int{}}
	v, err := r.value("", root.Content[0], 0)
	if err != nil {
		return Document{}, err
	}
	config, err := json.Marshal(v)
	return Document{Config: config, Lines: r.lines}, err
}

type yamlReader struct {
	lines map[string]int
	nodes int
}

// maxNodes bounds what aliases can blow up.
const maxNodes = 1_000_000

func (r *yamlReader) value(path string, n *yaml.Node, depth int) (any, error) {
	if r.nodes++; r.nodes > maxNodes || depth > maxDepth {
		return nil, fmt.Errorf("line %d: too much, or nested too deep", n.Line)
	}
	if _, known := r.lines[path]; !known && path != "" {
		r.lines[path] = n.Line
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(path, n.Alias, depth+1)
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, x := range n.Content {
			v, err := r.value(fmt.Sprintf("%s[%d]", path, i), x, depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.MappingNode:
		object := make(map[string]any, len(n.Content)/2)
		return object, r.fill(object, path, n, depth)
	default:
		return scalar(n)
	}
}

// fill adds a YAML mapping to an object. What << merges in gives way to what stands there.
func (r *yamlReader) fill(object map[string]any, path string, n *yaml.Node, depth int) error {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, x := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			if err := r.merge(object, path, x, depth+1); err != nil {
				return err
			}
			continue
		}
		if key.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a key is not a name", key.Line)
		}
		if seen[key.Value] {
			return fmt.Errorf("line %d: the key %s stands here a second time", key.Line, key.Value)
		}
		seen[key.Value] = true
		inner := key.Value
		if path != "" {
			inner = path + "." + key.Value
		}
		v, err := r.value(inner, x, depth+1)
		if err != nil {
			return err
		}
		object[key.Value] = v
	}
	return nil
}

func (r *yamlReader) merge(object map[string]any, path string, n *yaml.Node, depth int) error {
	sources := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		sources = n.Content
	}
	for _, source := range sources {
		v, err := r.value(path, source, depth)
		if err != nil {
			return err
		}
		merged, ok := v.(map[string]any)
		if !ok {
			return fmt.Errorf("line %d: << merges something that is no mapping", n.Line)
		}
		for key, value := range merged {
			if _, present := object[key]; !present {
				object[key] = value
			}
		}
	}
	return nil
}

func scalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool":
		var v bool
		err := n.Decode(&v)
		return v, err
	case "!!int", "!!float":
		if json.Valid([]byte(n.Value)) {
			return json.Number(n.Value), nil
		}
	}
	return n.Value, nil
}
