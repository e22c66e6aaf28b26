package mapping

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"
)

// Blank says that a config is none that somebody has written.
func Blank(config []byte) bool {
	return slices.Contains([]string{"", "null", "{}"}, string(bytes.TrimSpace(config)))
}

// Compile reads an integration's config, JSON as Port stores it. Unknown keys are ignored. A config
// that cannot be used in full is an *[InvalidError] with all its problems.
func Compile(config []byte) (*Mapping, error) {
	r := &reader{block: -1, programs: map[string]compiled{}, engine: newEngine(time.Now()), dialect: newDialect()}
	doc, err := decode(config)
	if err != nil {
		r.problem("", "not a JSON object: "+err.Error())
		return nil, &InvalidError{r.problems}
	}
	m := r.mapping(doc)
	if len(r.problems) > 0 {
		return nil, &InvalidError{r.problems}
	}
	return m, nil
}

func decode(config []byte) (doc map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(config))
	d.UseNumber() // a number may be a program
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("there is more behind it")
	}
	return doc, nil
}

// reader turns the parts of a config into those of a mapping and notes what is wrong on its way.
type reader struct {
	problems, warnings []Problem
	block              int
	programs           map[string]compiled
	engine             *engine
	dialect            *dialect
	verbatim           bool // identifiers are not encoded
}

func (r *reader) problem(path, reason string) {
	r.problems = append(r.problems, Problem{Block: r.block, Path: path, Reason: reason})
}

func (r *reader) mapping(doc map[string]any) *Mapping {
	m := &Mapping{
		CreateMissingRelatedEntities: r.flag(doc, "", "createMissingRelatedEntities", true),
		EnableMergeEntity:            r.flag(doc, "", "enableMergeEntity", true),
		DeleteDependentEntities:      r.flag(doc, "", "deleteDependentEntities", true),
		EntityDeletionThreshold:      r.threshold(doc),
	}
	r.verbatim = !r.flag(doc, "", "encodeIdentifiers", true)
	resources, ok := doc["resources"].([]any)
	if !ok || len(resources) == 0 {
		r.problem("resources", "not a list with at least one entry: nothing would be synced")
	}
	seen := map[BlockID]string{}
	for i, entry := range resources {
		r.block = i
		path := fmt.Sprintf("resources[%d]", i)
		b := r.readBlock(path, entry)
		if first, again := seen[b.ID]; again {
			r.warn(Problem{Path: path, Reason: "the same as " + first})
		} else {
			seen[b.ID] = path
		}
		m.Blocks = append(m.Blocks, b)
	}
	m.Warnings = r.warnings
	return m
}

func (r *reader) warn(p Problem) {
	p.Block = r.block
	r.warnings = append(r.warnings, p)
}

func (r *reader) flag(object map[string]any, path, key string, absent bool) bool {
	v, present := object[key]
	if !present {
		return absent
	}
	flag, ok := v.(bool)
	if !ok {
		r.problem(path+key, "neither true nor false")
	}
	return flag
}

func (r *reader) threshold(doc map[string]any) float64 {
	v, present := doc["entityDeletionThreshold"]
	if !present {
		return 0.9
	}
	n, _ := v.(json.Number)
	f, err := n.Float64()
	if err != nil || !(0 <= f && f <= 1) {
		r.problem("entityDeletionThreshold", "not a number from 0 to 1")
	}
	return f
}

// object is v as an object, empty if v is absent or null.
func (r *reader) object(path string, v any) map[string]any {
	object, ok := v.(map[string]any)
	if !ok && v != nil {
		r.problem(path, "not an object")
	}
	return object
}

func (r *reader) names(path string, v any) []string {
	list, ok := v.([]any)
	if !ok && v != nil {
		r.problem(path, "not a list of names")
	}
	var names []string
	for i, x := range list {
		name, ok := x.(string)
		if !ok || name == "" {
			r.problem(fmt.Sprintf("%s[%d]", path, i), "not a name")
			continue
		}
		names = append(names, name)
	}
	return names
}

// whole is 0 for a number that is not set.
func (r *reader) whole(path string, v any) int {
	if v == nil {
		return 0
	}
	number, _ := v.(json.Number)
	n, err := strconv.Atoi(number.String())
	if err != nil || n < 0 {
		r.problem(path, "not a whole number from 0")
	}
	return n
}

func (r *reader) readBlock(path string, entry any) *Block {
	doc := r.object(path, entry)
	kind, ok := doc["kind"].(string)
	if !ok || kind == "" {
		r.problem(path+".kind", "not the name of a kind")
	}
	selector := r.object(path+".selector", doc["selector"])
	regions := r.object(path+".selector.regionPolicy", selector["regionPolicy"])
	b := &Block{
		ID:      r.identity(path, doc),
		Index:   r.block,
		Kind:    kind,
		Options: r.names(path+".selector.includeActions", selector["includeActions"]),
		Regions: RegionPolicy{
			Allow: r.names(path+".selector.regionPolicy.allow", regions["allow"]),
			Deny:  r.names(path+".selector.regionPolicy.deny", regions["deny"]),
		},
		engine:   r.engine,
		verbatim: r.verbatim,
	}
	atOnce := "maxConcurrentAccounts"
	b.MaxConcurrentAccounts = r.whole(path+".selector."+atOnce, selector[atOnce])
	history := r.object(path+".selector.history", selector["history"])
	b.Newest = r.whole(path+".selector.history.newest", history["newest"])
	b.Days = r.whole(path+".selector.history.days", history["days"])
	query := selector["query"]
	if query == nil {
		query = true
	}
	b.selector = r.single(path+".selector.query", "", query)
	port := r.object(path+".port", doc["port"])
	b.items = r.items(path+".port", port)
	entity := r.object(path+".port.entity", port["entity"])
	b.mappings = r.mappings(path+".port.entity.mappings", entity["mappings"])
	b.Blueprints = blueprints(b.mappings)
	return b
}

func (r *reader) identity(path string, doc map[string]any) (id BlockID) {
	text, err := json.Marshal(map[string]any{
		"kind": doc["kind"], "selector": doc["selector"], "port": doc["port"],
	})
	if err != nil {
		r.problem(path, err.Error())
	}
	sum := sha256.Sum256(text)
	copy(id[:], sum[:])
	return id
}

// blueprints are those that the mappings name, nil if one is computed.
func blueprints(mappings []*entityMapping) []string {
	names := map[string]bool{}
	for _, m := range mappings {
		if m.blueprint == nil {
			return nil // a problem was noted
		}
		name, ok := m.blueprint.program.value.(string)
		if !ok {
			return nil
		}
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
