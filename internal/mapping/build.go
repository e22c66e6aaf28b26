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
	if err := s.fill(e.Body, &e, m.fields, item, s.text); err != nil {
		return Entity{}, err
	}
	if m.properties != nil {
		properties := make(map[string]any, len(m.properties))
		if err := s.fill(properties, &e, m.properties, item, asIs); err != nil {
			return Entity{}, err
		}
		e.Body["properties"] = properties
	}
	if m.relations != nil {
		relations := make(map[string]any, len(m.relations))
		targets := func(l *leaf, v any) (any, *ItemError) { return s.target(&e, l, v) }
		if err := s.fill(relations, &e, m.relations, item, targets); err != nil {
			return Entity{}, err
		}
		e.Body["relations"] = relations
	}
	return e, nil
}

type shape func(*leaf, any) (any, *ItemError)

func asIs(_ *leaf, v any) (any, *ItemError) { return v, nil }

// fill evaluates what an entity can do without. What may read an unread key is left out.
func (s *session) fill(into map[string]any, e *Entity, leaves []*leaf, item any, shape shape) *ItemError {
	for _, l := range leaves {
		if l.reads(s.unread) {
			e.leaveOut(l.body)
			continue
		}
		v, f := l.eval(s.ctx, s.block.engine, item)
		if f != nil {
			if f.fatal {
				return s.failed(l, f)
			}
			e.Notes = append(e.Notes, Note{Path: l.body, Program: f.program, Reason: f.reason()})
		}
		v, err := shape(l, v)
		if err != nil {
			return err
		}
		into[l.key] = v
	}
	return nil
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
	if e.Identifier, err = s.encode(e, m.identifier, text); err != nil {
		return err
	}
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

// target encodes a relation's targets as the identifiers they refer to; a search stays as it is.
// Nothing is no target: an empty string is null, and a list has only what is there.
func (s *session) target(e *Entity, l *leaf, v any) (any, *ItemError) {
	if number, ok := numeral(v); ok {
		v = number
	}
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil, nil
		}
		return s.encode(e, l, v)
	case []any:
		targets := make([]any, 0, len(v))
		for _, x := range v {
			t, err := s.target(e, l, x)
			if err != nil {
				return nil, err
			}
			if t != nil {
				targets = append(targets, t)
			}
		}
		return targets, nil
	default:
		return v, nil
	}
}

// encode makes an identifier one that Port takes, unless the config says that it must be one.
func (s *session) encode(e *Entity, l *leaf, id string) (string, *ItemError) {
	encoded := encodeIdentifier(id)
	if encoded == id {
		return id, nil
	}
	if s.block.verbatim {
		return "", s.refused(l, errors.New("has characters that Port does not take in an identifier, or too many, "+
			"and encodeIdentifiers is false"))
	}
	reason := "has characters that Port does not take, or too many; sent as " + encoded
	e.Notes = append(e.Notes, Note{Path: l.body, Reason: reason, Encoded: true})
	return encoded, nil
}
