package porttest

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"
)

// Entity is one entry of the catalog. Empty strings and absent keys are what Port answers as null.
type Entity struct {
	Blueprint, Identifier string
	Title, Icon           string
	Team                  []string
	Properties            map[string]any // as decoded from JSON
	Relations             map[string]any // a string, or []string where the blueprint says many
	Datasource            string         // the User-Agent of the last writer
	CreatedAt, UpdatedAt  time.Time
	CreatedBy, UpdatedBy  string

	targets []ref // what Relations name
}

// ref names an entity.
type ref struct{ blueprint, identifier string }

func (r ref) String() string { return r.blueprint + "/" + r.identifier }

func (e *Entity) ref() ref { return ref{e.Blueprint, e.Identifier} }

// stamp is a time as Port writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// copy is the Entity as handed out: its owner may change it.
func (e *Entity) copy() Entity {
	out := *e
	out.Team = slices.Clone(e.Team)
	out.Properties, out.Relations = clone(e.Properties).(obj), clone(e.Relations).(obj)
	out.targets = nil
	return out
}

// clone is a deep copy of what Properties and Relations hold.
func clone(v any) any {
	switch v := v.(type) {
	case obj:
		out := make(obj, len(v))
		for k, x := range v {
			out[k] = clone(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = clone(x)
		}
		return out
	case []string:
		return slices.Clone(v)
	}
	return v
}

// sameContent reports whether nothing but owner and times differs.
func (e *Entity) sameContent(o *Entity) bool {
	return reflect.DeepEqual(e.content(false), o.content(false))
}

// content is the Entity without times and without what is null or empty.
func (e *Entity) content(datasource bool) obj {
	out := obj{"blueprint": e.Blueprint, "identifier": e.Identifier}
	put := func(key string, v any, given bool) {
		if given {
			out[key] = v
		}
	}
	put("title", e.Title, e.Title != "")
	put("icon", e.Icon, e.Icon != "")
	put("team", e.Team, len(e.Team) > 0)
	put("properties", e.Properties, len(e.Properties) > 0)
	put("relations", e.Relations, len(e.Relations) > 0)
	put("datasource", e.Datasource, datasource)
	return out
}

// json is the entity as answered; its datasource can be searched for but is not shown.
func (e *Entity) json(relations map[string]relation) obj {
	out := obj{
		"identifier": e.Identifier, "blueprint": e.Blueprint, "title": nil, "icon": nil,
		"team": append([]string{}, e.Team...), "properties": e.Properties,
		"createdAt": stamp(e.CreatedAt), "createdBy": e.CreatedBy,
		"updatedAt": stamp(e.UpdatedAt), "updatedBy": e.UpdatedBy,
	}
	if e.Title != "" {
		out["title"] = e.Title
	}
	if e.Icon != "" {
		out["icon"] = e.Icon
	}
	rels := obj{}
	for name, r := range relations {
		rels[name] = nil
		if r.Many {
			rels[name] = []string{}
		}
	}
	maps.Copy(rels, e.Relations)
	out["relations"] = rels
	return out
}

// Entities returns copies of a blueprint's entities by identifier; an unknown blueprint has none.
func (s *Server) Entities(blueprint string) map[string]Entity {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]Entity{}
	if b := s.catalog.blueprints[blueprint]; b != nil {
		for id, e := range b.entities {
			out[id] = e.copy()
		}
	}
	return out
}

// Dump is the whole catalog as a JSON array, one entity a line, ordered by blueprint and identifier,
// without times, writers and what is null or empty: equal catalogs give equal bytes.
func (s *Server) Dump() []byte { return s.dump(false) }

func (s *Server) dump(datasource bool) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out bytes.Buffer
	sep := "[\n"
	for _, bp := range sortedKeys(s.catalog.blueprints) {
		b := s.catalog.blueprints[bp]
		for _, id := range b.ids() {
			line, err := json.Marshal(b.entities[id].content(datasource))
			if err != nil {
				panic(err) // every value stored came out of JSON
			}
			out.WriteString(sep)
			out.Write(line)
			sep = ",\n"
		}
	}
	if out.Len() == 0 {
		return []byte("[]\n")
	}
	out.WriteString("\n]\n")
	return out.Bytes()
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
