package defaults

import (
	"maps"
	"slices"
	"strings"
)

// Blueprint is a blueprint as Port's API takes it.
type Blueprint struct {
	Identifier string
	Definition map[string]any
}

func (b Blueprint) properties() map[string]any { return within(b.Definition, "schema", "properties") }

func (b Blueprint) relations() map[string]any { return within(b.Definition, "relations") }

// Bare is the blueprint without its relations, which can be made once all blueprints are there.
func (b Blueprint) Bare() map[string]any {
	bare := maps.Clone(b.Definition)
	delete(bare, "relations")
	return bare
}

// Added is the members of a blueprint as it is in Port that change where it gets what it lacks; none if it
// lacks nothing. All that is there stays.
func (b Blueprint) Added(live map[string]any) map[string]any {
	change := map[string]any{}
	there := Blueprint{Definition: live}
	if len(lacks(b.properties(), slices.Collect(maps.Keys(there.properties())))) > 0 {
		schema := map[string]any{"required": []any{}}
		maps.Copy(schema, within(live, "schema"))
		schema["properties"] = joined(there.properties(), b.properties())
		change["schema"] = schema
	}
	if len(lacks(b.relations(), slices.Collect(maps.Keys(there.relations())))) > 0 {
		change["relations"] = joined(there.relations(), b.relations())
	}
	return change
}

// joined is both, the first winning.
func joined(first, second map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, second)
	maps.Copy(all, first)
	return all
}

// Have is what there is of a blueprint in Port.
type Have struct{ Properties, Relations []string }

// Change is what a blueprint in Port lacks.
type Change struct {
	Blueprint
	New                   bool // the blueprint itself
	Properties, Relations []string
}

func (c Change) String() string {
	if c.New {
		return "create blueprint " + c.Identifier
	}
	var parts []string
	if len(c.Properties) > 0 {
		parts = append(parts, "properties "+strings.Join(c.Properties, ", "))
	}
	if len(c.Relations) > 0 {
		parts = append(parts, "relations "+strings.Join(c.Relations, ", "))
	}
	return "add to blueprint " + c.Identifier + " " + strings.Join(parts, " and ")
}

// Missing is what Port lacks of the set. What it has otherwise than we would have made it is somebody's
// decision.
func (s Set) Missing(have map[string]Have) (changes []Change) {
	for _, b := range s.Blueprints {
		there, known := have[b.Identifier]
		c := Change{Blueprint: b, New: !known}
		if known {
			c.Properties = lacks(b.properties(), there.Properties)
			c.Relations = lacks(b.relations(), there.Relations)
		}
		if c.New || len(c.Properties)+len(c.Relations) > 0 {
			changes = append(changes, c)
		}
	}
	return changes
}

func lacks(want map[string]any, have []string) (names []string) {
	for name := range want {
		if !slices.Contains(have, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
