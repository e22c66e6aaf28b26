// Package defaults has what a new user of the program is given in Port: for each kind the blueprints and the blocks
// of the mapping, in a file of the kind's name. A kind that gets a file is in.
package defaults

import (
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed kinds/*.json
var files embed.FS

// Set is the default resources of some kinds.
type Set struct {
	Blueprints []Blueprint // in no order: they relate to each other
	blocks     []block
}

// file is what a kind has. Several kinds may have a say in one blueprint.
type file struct {
	Blueprints []map[string]any `json:"blueprints"`
	Resources  []block          `json:"resources"`
}

// block is an entry of the mapping's resources.
type block map[string]any

// For is the default resources of kinds, as far as there are any. What belongs to a team is told by the tag
// of that name, whose value is then a team of Port; by none if it is empty.
func For(kinds []string, teamTag string) (Set, error) {
	var s Set
	for _, kind := range kinds {
		name := "kinds/" + strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(kind, "AWS::"), "::", "_")) + ".json"
		text, err := files.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var f file
		if err == nil {
			err = json.Unmarshal(text, &f)
		}
		if err != nil {
			return s, fmt.Errorf("read %s: %w", name, err)
		}
		for _, definition := range f.Blueprints {
			s.include(definition)
		}
		s.blocks = append(s.blocks, f.Resources...)
	}
	if teamTag != "" {
		return s, s.own(teamTag)
	}
	return s, nil
}

// include adds a blueprint, or what one that is in it lacks.
func (s *Set) include(definition map[string]any) {
	b := Blueprint{Definition: definition}
	b.Identifier, _ = definition["identifier"].(string)
	i := slices.IndexFunc(s.Blueprints, func(have Blueprint) bool { return have.Identifier == b.Identifier })
	if i < 0 {
		s.Blueprints = append(s.Blueprints, b)
		return
	}
	for member, value := range b.Added(s.Blueprints[i].Definition) {
		s.Blueprints[i].Definition[member] = value
	}
}

// own lets a tag name the team that owns what has tags.
func (s *Set) own(tag string) error {
	name, err := json.Marshal(tag) // which jq reads, too
	if err != nil {
		return fmt.Errorf("team tag: %w", err)
	}
	program := `(.Properties.Tags // .Properties.TagList) | if type == "array" then ` +
		`(map(select((.Key // .key) == ` + string(name) + `)) | first | .Value // .value) ` +
		`elif type == "object" then .[` + string(name) + `] else null end`
	for _, b := range s.blocks {
		mappings := within(b, "port", "entity", "mappings")
		if _, tagged := within(mappings, "properties")["tags"]; tagged {
			mappings["team"] = program
		}
	}
	for _, b := range s.Blueprints {
		if _, tagged := b.properties()["tags"]; tagged {
			b.Definition["ownership"] = map[string]any{"type": "Direct"}
		}
	}
	return nil
}

// within is an object in objects; nil if there is none.
func within(object map[string]any, path ...string) map[string]any {
	for _, name := range path {
		object, _ = object[name].(map[string]any)
	}
	return object
}

// Mapping is the default mapping, with Ocean's options but for dependents: they are never deleted along.
func (s Set) Mapping() (json.RawMessage, error) {
	return json.Marshal(map[string]any{
		"deleteDependentEntities":      false,
		"createMissingRelatedEntities": true,
		"enableMergeEntity":            true,
		"resources":                    s.blocks,
	})
}
