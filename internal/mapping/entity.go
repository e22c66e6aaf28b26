package mapping

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// Entity is what Port stores, keyed by blueprint and identifier.
type Entity struct {
	Blueprint  string
	Identifier string // of a search: the JSON of its query

	// Body is what Port's API takes: identifier, title, icon, team, properties and relations, only
	// what the mapping has. It shares values with the resource and with other entities: read-only.
	Body map[string]any

	// Unread are the sorted paths left out of the body because their program may read an unread
	// key, such as properties.tags: Port must keep what it has.
	Unread []string

	Search bool // the identifier is a query that Port resolves
	Notes  []Note
}

// Note is a thing about an entity that was sent and may not be what was meant.
type Note struct {
	Path    string // in the body
	Program string // that failed; its value is null
	Reason  string
	Encoded bool // the identifier or target was encoded: Reason says how
}

func (e *Entity) leaveOut(path string) {
	if i, found := slices.BinarySearch(e.Unread, path); !found {
		e.Unread = slices.Insert(e.Unread, i, path)
	}
}

// Conflict is a path of the body for which entities differ. The last one's value holds.
type Conflict struct {
	Path        string
	First, Last int // places in the list given to Merge
}

// Merge makes one entity of several, never none, that have the same blueprint and identifier and
// come from one resource. Later ones win, property by property and relation by relation. A path
// that one left out and another one has is not unread any more.
func Merge(entities []Entity) (Entity, []Conflict) {
	if len(entities) == 1 {
		return entities[0], nil
	}
	merged := entities[0]
	merged.Body, merged.Unread, merged.Notes = map[string]any{}, nil, nil
	m := merger{supplier: map[string]int{}}
	for i, e := range entities {
		merged.Notes = append(merged.Notes, e.Notes...)
		for _, key := range slices.Sorted(maps.Keys(e.Body)) {
			value := e.Body[key]
			group, ok := value.(map[string]any)
			if !ok || key != "properties" && key != "relations" {
				m.set(merged.Body, key, key, value, i)
				continue
			}
			into, ok := merged.Body[key].(map[string]any)
			if !ok {
				into = make(map[string]any, len(group))
				merged.Body[key] = into
			}
			for _, name := range slices.Sorted(maps.Keys(group)) {
				m.set(into, name, key+"."+name, group[name], i)
			}
		}
	}
	for _, e := range entities {
		for _, path := range e.Unread {
			if _, supplied := m.supplier[path]; !supplied {
				merged.leaveOut(path)
			}
		}
	}
	return merged, m.conflicts
}

type merger struct {
	supplier  map[string]int // path to the entity whose value holds
	conflicts []Conflict
}

func (m *merger) set(into map[string]any, key, path string, value any, from int) {
	first, supplied := m.supplier[path]
	if supplied && gojq.Compare(settled(path, into[key]), settled(path, value)) != 0 {
		m.conflicts = append(m.conflicts, Conflict{Path: path, First: first, Last: from})
	}
	into[key] = value
	m.supplier[path] = from
}

// settled is value without what makes no difference in Port: a team is a set.
func settled(path string, value any) any {
	if path != "team" {
		return value
	}
	if one, ok := value.(string); ok {
		return []any{one}
	}
	list, ok := value.([]any)
	if !ok {
		return value
	}
	set := slices.Clone(list)
	slices.SortFunc(set, gojq.Compare)
	return slices.CompactFunc(set, func(x, y any) bool { return gojq.Compare(x, y) == 0 })
}

// Hash stands for an entity's content: equal hashes, nothing to write.
type Hash [16]byte

// Encode returns the body as JSON with sorted keys, and the hash of that and of Unread. A team is
// hashed as a set, and sent as the mapping made it.
func (e Entity) Encode() ([]byte, Hash, error) {
	body, err := encode(e.Body)
	if err != nil {
		return nil, Hash{}, fmt.Errorf("encode entity of %s: %w", e.Blueprint, err)
	}
	hashed := body
	if team, ok := e.Body["team"]; ok {
		normal := maps.Clone(e.Body)
		normal["team"] = settled("team", team)
		if hashed, err = encode(normal); err != nil {
			return nil, Hash{}, fmt.Errorf("encode entity of %s: %w", e.Blueprint, err)
		}
	}
	sum := sha256.New()
	sum.Write(hashed)
	sum.Write([]byte("\x00" + strings.Join(e.Unread, "\x00")))
	return body, Hash(sum.Sum(nil)), nil
}

func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
