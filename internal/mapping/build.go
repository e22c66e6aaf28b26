package mapping

import (
	"errors"
	"fmt"
)

// entity makes one entity of one item.
func (s *session) entity(m *entityMapping, item map[string]any) (Entity, *ItemError) {
	e := Entity{Body: make(map[string]any, 3+len(m.fields))}
	if err := s.key(&e, m, item); err != nil {
		return Entity{}, err
	}
	for _, l := range m.fields {
		v, ok, err := s.value(&e, l, item)
		if err == nil && ok {
			v, err = s.text(l, v)
		}
		if err != nil {
			return Entity{}, err
		}
		if ok {
			e.Body[l.key] = v
		}
	}
	if m.properties != nil {
		properties := make(map[string]any, len(m.properties))
		for _, l := range m.properties {
			v, ok, err := s.value(&e, l, item)
			if err != nil {
				return Entity{}, err
			}
			if ok {
				properties[l.key] = v
			}
		}
		e.Body["properties"] = properties
	}
	if m.relations != nil {
		relations := make(map[string]any, len(m.relations))
		for _, l := range m.relations {
			v, ok, err := s.value(&e, l, item)
			if err != nil {
				return Entity{}, err
			}
			if ok {
				relations[l.key] = e.target(l, v)
			}
		}
		e.Body["relations"] = relations
	}
	return e, nil
}

// key sets what identifies the entity.
func (s *session) key(e *Entity, m *entityMapping, item map[string]any) *ItemError {
	blueprint, err := s.need(m.blueprint, item)
	if err != nil {
		return err
	}
	name, ok := blueprint.(string)
	if !ok || name == "" {
		return s.refused(m.blueprint, errors.New(missing(blueprint)))
	}
	if !legal(name, blueprintMarks, maxBlueprint) {
		return s.refused(m.blueprint, errors.New("not the name of a blueprint in Port"))
	}
	e.Blueprint = name
	identifier, err := s.need(m.identifier, item)
	if err != nil {
		return err
	}
	if m.identifier.search {
		query, err := encode(identifier)
		if err != nil {
			return s.refused(m.identifier, fmt.Errorf("encode the search: %w", err))
		}
		e.Identifier, e.Search, e.Body["identifier"] = string(query), true, identifier
		return nil
	}
	text, isNumber := numeral(identifier)
	if !isNumber {
		text, _ = identifier.(string)
	}
	if text == "" || isNumber && (text == "0" || text == "-0") {
		return s.refused(m.identifier, errors.New(missing(identifier)))
	}
	e.Identifier = e.encode(m.identifier, text)
	e.Body["identifier"] = e.Identifier
	return nil
}

// missing says what stands where a name should.
func missing(v any) string {
	switch v {
	case nil:
		return "null"
	case "":
		return "an empty string"
	case 0, 0.0:
		return "0, which is no name"
	}
	return a(v) + ", not a string"
}

// value evaluates what an entity can do without. ok is false if it must be left out.
func (s *session) value(e *Entity, l *leaf, item map[string]any) (_ any, ok bool, _ *ItemError) {
	if l.reads(s.unread) {
		e.leaveOut(l.body)
		return nil, false, nil
	}
	v, f := l.eval(s.ctx, s.block.engine, item)
	if f != nil {
		if f.fatal {
			return nil, false, s.failed(l, f)
		}
		e.Notes = append(e.Notes, Note{Path: l.body, Program: f.program, Reason: f.reason()})
	}
	return v, true, nil
}

// text makes title and icon what Port takes for them; a team is passed on as it is.
func (s *session) text(l *leaf, v any) (any, *ItemError) {
	if l.key == "team" || v == nil {
		return v, nil
	}
	if _, ok := v.(string); ok {
		return v, nil
	}
	if text, ok := numeral(v); ok && l.key == "title" {
		return text, nil
	}
	return nil, s.refused(l, errors.New(a(v)+", not a string"))
}

// target encodes a relation's targets as the identifiers they refer to. Nothing is no target: an
// empty string is null, and a list has only what is there.
func (e *Entity) target(l *leaf, v any) any {
	if l.search {
		return v
	}
	if number, ok := numeral(v); ok {
		v = number
	}
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
		return e.encode(l, v)
	case []any:
		targets := make([]any, 0, len(v))
		for _, x := range v {
			if t := e.target(l, x); t != nil {
				targets = append(targets, t)
			}
		}
		return targets
	default:
		return v
	}
}

func (e *Entity) encode(l *leaf, id string) string {
	encoded := encodeIdentifier(id)
	if encoded != id {
		reason := "has characters that Port does not take, or too many; sent as " + encoded
		e.Notes = append(e.Notes, Note{Path: l.body, Reason: reason, Encoded: true})
	}
	return encoded
}
