package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// Blueprint is the type of some entities.
type Blueprint struct {
	Identifier           string
	CreatedAt, UpdatedAt time.Time // Port's clock
	Relations            map[string]Relation
	Schema               Schema
}

// Schema is what properties the entities of a blueprint have.
type Schema struct {
	Properties map[string]Property
	Required   []string
}

// UnmarshalJSON takes over what it understands: a property of a form that is new to us is one of unknown
// type, and no reason to read no blueprint at all.
func (s *Schema) UnmarshalJSON(text []byte) error {
	var raw struct {
		Properties map[string]json.RawMessage
		Required   json.RawMessage
	}
	if err := json.Unmarshal(text, &raw); err != nil {
		return err
	}
	for name, definition := range raw.Properties {
		var p Property
		if json.Unmarshal(definition, &p) != nil {
			p = Property{}
		}
		if s.Properties == nil {
			s.Properties = map[string]Property{}
		}
		s.Properties[name] = p
	}
	if json.Unmarshal(raw.Required, &s.Required) != nil {
		s.Required = nil
	}
	return nil
}

// Property says which values a property takes.
type Property struct {
	Type, Format string
	Enum         []any
	Default      any
}

// Relation says which entities a relation of a blueprint may name.
type Relation struct {
	Target   string // blueprint
	Required bool
	Many     bool
}

// With is the blueprint with what it lacks of another.
func (b Blueprint) With(other Blueprint) Blueprint {
	properties, relations := maps.Clone(other.Schema.Properties), maps.Clone(other.Relations)
	if properties == nil {
		properties = map[string]Property{}
	}
	if relations == nil {
		relations = map[string]Relation{}
	}
	maps.Copy(properties, b.Schema.Properties)
	maps.Copy(relations, b.Relations)
	b.Schema.Properties, b.Relations = properties, relations
	return b
}

// ReadBlueprint reads a blueprint as Port's API takes it.
func ReadBlueprint(definition map[string]any) (b Blueprint, err error) {
	text, err := json.Marshal(definition)
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	return b, err
}

// Blueprints reads all blueprints of the organization; none is Port's word for it, never its silence.
func (c *Client) Blueprints(ctx context.Context) ([]Blueprint, error) {
	var out struct{ Blueprints []Blueprint }
	r := request{route: "GET /v1/blueprints"}
	if _, err := c.call(ctx, r, &out); err != nil {
		return nil, err
	}
	nameless := func(b Blueprint) bool { return b.Identifier == "" }
	if out.Blueprints == nil || slices.ContainsFunc(out.Blueprints, nameless) {
		return nil, fmt.Errorf("%s: blueprints: %w", r.route, ErrNotAnswered)
	}
	return out.Blueprints, nil
}

// Definition is a blueprint in Port's own JSON, with all that it has.
func (c *Client) Definition(ctx context.Context, blueprint string) (map[string]any, error) {
	var out struct{ Blueprint map[string]any }
	r := request{route: "GET /v1/blueprints/{id}", id: blueprint}
	if _, err := c.call(ctx, r, &out); err != nil {
		return nil, err
	}
	if out.Blueprint == nil {
		return nil, fmt.Errorf("%s: blueprint: %w", r.route, ErrNotAnswered)
	}
	return out.Blueprint, nil
}

// CreateBlueprint makes a blueprint; one of that identifier that is there already is fine, and stays as it
// is: made is false then.
func (c *Client) CreateBlueprint(ctx context.Context, definition map[string]any) (made bool, err error) {
	body, err := json.Marshal(definition)
	if err != nil {
		return false, fmt.Errorf("encode blueprint: %w", err)
	}
	_, err = c.call(ctx, request{route: "POST /v1/blueprints", body: body, exporter: true}, nil)
	var refused *Error
	if errors.As(err, &refused) && refused.Status == http.StatusConflict {
		return false, nil
	}
	return err == nil, err
}

// ChangeBlueprint replaces some members of a blueprint, each as a whole.
func (c *Client) ChangeBlueprint(ctx context.Context, blueprint string, members map[string]any) error {
	body, err := json.Marshal(members)
	if err != nil {
		return fmt.Errorf("encode blueprint: %w", err)
	}
	_, err = c.call(ctx, request{route: "PATCH /v1/blueprints/{id}", id: blueprint, body: body, exporter: true}, nil)
	return err
}
