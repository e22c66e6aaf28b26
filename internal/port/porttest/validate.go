package porttest

import (
	"net/mail"
	"net/url"
	"reflect"
	"slices"
	"time"
)

// apply holds a draft against its blueprint and writes it over an entity. What the draft does not name
// stays, null clears.
func (c *catalog) apply(b *blueprint, d draft, e *Entity) error {
	if v, given := d.in["title"]; given {
		e.Title, _ = v.(string)
	}
	if v, given := d.in["icon"]; given {
		e.Icon, _ = v.(string)
	}
	if v, given := d.in["team"]; given {
		e.Team, _ = texts(v)
	}
	props, _ := d.in["properties"].(obj)
	for _, name := range sortedKeys(props) {
		p, known := b.spec.Schema.Properties[name]
		if !known {
			return invalid("properties must NOT have additional property %q", name)
		}
		if props[name] == nil {
			delete(e.Properties, name)
			continue
		}
		if err := p.check(name, props[name]); err != nil {
			return err
		}
		e.Properties[name] = props[name]
	}
	rels, _ := d.in["relations"].(obj)
	for _, name := range sortedKeys(rels) {
		r, known := b.spec.Relations[name]
		if !known {
			return invalid("relation %q does not exist in blueprint %q", name, b.id)
		}
		ids, err := c.resolve(name, r, rels[name])
		if err != nil {
			return err
		}
		switch {
		case len(ids) == 0:
			delete(e.Relations, name)
		case r.Many:
			e.Relations[name] = ids
		default:
			e.Relations[name] = ids[0]
		}
	}
	e.targets = targets(b.spec.Relations, e.Relations)
	return b.spec.complete(e.Properties, e.Relations)
}

// resolve reads one relation's value as the identifiers it names.
func (c *catalog) resolve(name string, r relation, v any) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if r.Many {
			return nil, invalid("relation %q must be array", name)
		}
		return []string{v}, nil
	case []any:
		if !r.Many {
			return nil, invalid("relation %q must be string", name)
		}
		ids, _ := texts(v)
		return ids, nil
	}
	target, err := c.blueprint(r.Target)
	if err != nil {
		return nil, err
	}
	found, err := c.find(target, v, "=", "in", "contains", "containsAny")
	switch {
	case err != nil:
		return nil, err
	case len(found) > 100:
		return nil, invalid("the search of relation %q finds more than 100 entities", name)
	case len(found) > 1 && !r.Many:
		return nil, invalid("the search of relation %q finds %d entities, not one", name, len(found))
	case len(found) == 0 && !r.Many:
		return nil, refuse(404, "not_found", "the search of relation %q finds no entity of %q", name, r.Target)
	}
	return found, nil
}

// targets are the entities that relations name, each once, in a stable order.
func targets(defs map[string]relation, values map[string]any) []ref {
	var out []ref
	add := func(blueprint, id string) {
		if r := (ref{blueprint, id}); !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	for _, name := range sortedKeys(values) {
		switch v := values[name].(type) {
		case string:
			add(defs[name].Target, v)
		case []string:
			for _, id := range v {
				add(defs[name].Target, id)
			}
		}
	}
	return out
}

// complete checks that everything required is there.
func (s spec) complete(props, rels map[string]any) error {
	for _, name := range s.Schema.Required {
		if _, has := props[name]; !has {
			return invalid("properties must have required property %q", name)
		}
	}
	for _, name := range sortedKeys(s.Relations) {
		if _, has := rels[name]; !has && s.Relations[name].Required {
			return invalid("relations must have required relation %q", name)
		}
	}
	return nil
}

// check holds a value that is not null against the property's definition.
func (p property) check(name string, v any) error {
	if t := typeOf(v); p.Type != "" && t != p.Type {
		return invalid("property %q must be %s, not %s", name, p.Type, t)
	}
	if s, isString := v.(string); isString && !formatted(p.Format, s) {
		return invalid("property %q must match format %q", name, p.Format)
	}
	if len(p.Enum) > 0 && !slices.ContainsFunc(p.Enum, func(x any) bool { return reflect.DeepEqual(x, v) }) {
		return invalid("property %q must be equal to one of the allowed values", name)
	}
	if list, isList := v.([]any); isList && p.Items != nil {
		for _, item := range list {
			if err := p.Items.check(name, item); err != nil {
				return err
			}
		}
	}
	return nil
}

func formatted(format, s string) bool {
	switch format {
	case "date-time":
		_, err := time.Parse(time.RFC3339Nano, s)
		return err == nil
	case "url":
		u, err := url.Parse(s)
		return err == nil && u.Scheme != "" && u.Host != ""
	case "email":
		a, err := mail.ParseAddress(s)
		return err == nil && a.Address == s
	}
	return true
}

func typeOf(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "array"
	case obj:
		return "object"
	}
	return "null"
}
