package porttest

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// blueprint is a type of entity with its entities.
type blueprint struct {
	id                string
	def               obj  // as sent
	spec              spec // the same, read
	createdAt, editAt time.Time
	entities          map[string]*Entity
	order             []string // identifiers, sorted; nil when stale
}

// spec is what the rules for entities need of a blueprint.
type spec struct {
	Schema struct {
		Properties map[string]property
		Required   []string
	}
	Relations map[string]relation
}

type property struct {
	Type, Format string
	Enum         []any
	Items        *property
}

type relation struct {
	Target         string
	Required, Many bool
}

var (
	blueprintID   = regexp.MustCompile(`^[\p{L}0-9@_.+:\\/-]+$`)
	fieldID       = regexp.MustCompile(`^[A-Za-z0-9@_=\\-]+$`)
	propertyTypes = []string{"string", "number", "boolean", "object", "array"}
	blueprintKeys = []string{
		"identifier", "title", "description", "icon", "ownership", "teamInheritance", "schema",
		"calculationProperties", "mirrorProperties", "aggregationProperties", "relations", "changelogDestination",
	}
)

func (b *blueprint) json() obj {
	out := maps.Clone(b.def)
	for _, k := range []string{
		"calculationProperties", "mirrorProperties", "aggregationProperties", "relations",
	} {
		if out[k] == nil {
			out[k] = obj{}
		}
	}
	out["createdAt"], out["updatedAt"] = stamp(b.createdAt), stamp(b.editAt)
	return out
}

// ids are the identifiers of the entities in order.
func (b *blueprint) ids() []string {
	if b.order == nil {
		b.order = slices.AppendSeq(make([]string, 0, len(b.entities)), maps.Keys(b.entities))
		slices.Sort(b.order)
	}
	return b.order
}

func (s *Server) listBlueprints(*call) (answer, error) {
	list := []obj{}
	for _, id := range sortedKeys(s.catalog.blueprints) {
		list = append(list, s.catalog.blueprints[id].json())
	}
	return ok(obj{"blueprints": list})
}

func (s *Server) readBlueprint(c *call) (answer, error) {
	b, err := s.catalog.blueprint(c.r.PathValue("bp"))
	if err != nil {
		return answer{}, err
	}
	return ok(obj{"blueprint": b.json()})
}

func (s *Server) createBlueprint(c *call) (answer, error) {
	id, _ := c.in["identifier"].(string)
	if s.catalog.blueprints[id] != nil {
		return answer{}, refuse(409, "conflict", "Blueprint with identifier %q already exists", id)
	}
	b, err := s.catalog.define(c.in, c.now)
	if err != nil {
		return answer{}, err
	}
	return answer{201, obj{"ok": true, "blueprint": b.json()}}, nil
}

// patchBlueprint replaces whole top-level keys. Port may merge deeper; a caller that sends a key whole is
// right with both.
func (s *Server) patchBlueprint(c *call) (answer, error) {
	b, err := s.catalog.blueprint(c.r.PathValue("bp"))
	if err != nil {
		return answer{}, err
	}
	if id, given := c.in["identifier"]; given && id != b.id {
		return answer{}, malformed("a blueprint's identifier cannot change")
	}
	def := maps.Clone(b.def)
	maps.Copy(def, c.in)
	if b, err = s.catalog.define(def, c.now); err != nil {
		return answer{}, err
	}
	return ok(obj{"blueprint": b.json()})
}

// define creates a blueprint or changes it.
func (c *catalog) define(def obj, now time.Time) (*blueprint, error) {
	next, err := readSpec(def)
	if err != nil {
		return nil, err
	}
	id := def["identifier"].(string)
	for _, name := range sortedKeys(next.Relations) {
		if target := next.Relations[name].Target; target != id && c.blueprints[target] == nil {
			return nil, notFound("Blueprint", target)
		}
	}
	b := c.blueprints[id]
	if b == nil {
		b = &blueprint{id: id, createdAt: now, entities: map[string]*Entity{}}
	}
	for name, p := range b.spec.Schema.Properties {
		if n, kept := next.Schema.Properties[name]; kept && n.Type != p.Type {
			return nil, invalid("the type of property %q cannot change", name)
		}
	}
	b.def, b.spec, b.editAt = def, next, now
	c.blueprints[id] = b
	return b, nil
}

// readSpec checks what Port's schema says of a blueprint.
func readSpec(def obj) (spec, error) {
	id, _ := def["identifier"].(string)
	if !blueprintID.MatchString(id) || id == "." || id == ".." || utf8.RuneCountInString(id) > 100 {
		return spec{}, invalid("body/identifier %q is not legal", id)
	}
	title, _ := def["title"].(string)
	if n := utf8.RuneCountInString(title); n < 1 || n > 100 {
		return spec{}, invalid("body/title must have 1 to 100 characters")
	}
	if d, _ := def["description"].(string); utf8.RuneCountInString(d) > 200 {
		return spec{}, invalid("body/description must NOT have more than 200 characters")
	}
	if err := onlyKeys(def, blueprintKeys); err != nil {
		return spec{}, err
	}
	schema, _ := def["schema"].(obj)
	if _, isObj := schema["properties"].(obj); !isObj {
		return spec{}, invalid("body/schema/properties is required")
	}
	if err := onlyKeys(schema, []string{"properties", "required"}); err != nil {
		return spec{}, err
	}
	relations, _ := def["relations"].(obj)
	for _, name := range sortedKeys(relations) {
		r, _ := relations[name].(obj)
		if r["target"] == nil || r["required"] == nil || r["many"] == nil {
			return spec{}, invalid("relation %q must have target, required and many", name)
		}
		if err := onlyKeys(r, []string{"target", "required", "many", "title", "description"}); err != nil {
			return spec{}, err
		}
	}
	var out spec
	b, err := json.Marshal(def)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		return spec{}, invalid("blueprint %q: %v", id, err)
	}
	return out, out.check()
}

func (s spec) check() error {
	for name, p := range s.Schema.Properties {
		if !fieldID.MatchString(name) || len(name) > 100 {
			return invalid("property identifier %q is not legal", name)
		}
		if !slices.Contains(propertyTypes, p.Type) {
			return invalid("property %q must be one of %v, not %q", name, propertyTypes, p.Type)
		}
	}
	for _, name := range s.Schema.Required {
		if _, known := s.Schema.Properties[name]; !known {
			return invalid("required property %q does not exist", name)
		}
	}
	for name, r := range s.Relations {
		if !fieldID.MatchString(name) || len(name) > 100 {
			return invalid("relation identifier %q is not legal", name)
		}
		if r.Many && r.Required {
			return invalid("relation %q cannot be both many and required", name)
		}
	}
	return nil
}
