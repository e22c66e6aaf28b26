package porttest

import (
	"errors"
	"maps"
	"time"
)

// mode is how a write goes about what is there already.
type mode struct{ upsert, merge, createMissing, validateOnly bool }

// writer is who writes, and when.
type writer struct {
	datasource, by string
	now            time.Time
}

// entity is a bare one, as if it were new.
func (w writer) entity(r ref) *Entity {
	return &Entity{
		Blueprint: r.blueprint, Identifier: r.identifier, Properties: map[string]any{}, Relations: map[string]any{},
		Datasource: w.datasource, CreatedAt: w.now, UpdatedAt: w.now, CreatedBy: w.by, UpdatedBy: w.by,
	}
}

// effect is what an upsert did.
type effect struct {
	entity           *Entity
	created, changed bool
	stubs            int
}

func (c *call) writer() writer { return writer{c.datasource, c.client, c.now} }

func (c *call) mode() (m mode, err error) {
	for _, f := range []struct {
		name     string
		required bool
		to       *bool
	}{
		{"upsert", true, &m.upsert},
		{"merge", false, &m.merge},
		{"create_missing_related_entities", false, &m.createMissing},
		{"validation_only", false, &m.validateOnly},
	} {
		if *f.to, err = c.flag(f.name, f.required); err != nil {
			return mode{}, err
		}
	}
	return m, nil
}

func (s *Server) upsertOne(c *call) (answer, error) {
	m, err := c.mode()
	if err != nil {
		return answer{}, err
	}
	d, err := readDraft(c.in, "body")
	if err != nil {
		return answer{}, err
	}
	b, err := s.catalog.blueprint(c.r.PathValue("bp"))
	if err != nil {
		return answer{}, err
	}
	e, err := s.upsert(b, d, m, c.writer())
	if err != nil {
		return answer{}, err
	}
	status := 200
	if e.created {
		status = 201
	}
	return answer{status, obj{"ok": true, "entity": e.entity.json(b.spec.Relations)}}, nil
}

// upsertBulk takes entities in order, so that one may relate to another before it.
func (s *Server) upsertBulk(c *call) (answer, error) {
	m, err := c.mode()
	if err != nil {
		return answer{}, err
	}
	list, _ := c.in["entities"].([]any)
	if len(list) < 1 || len(list) > maxUpsert {
		return answer{}, malformed("body/entities must hold 1 to %d items, not %d", maxUpsert, len(list))
	}
	drafts, err := readDrafts(list)
	if err != nil {
		return answer{}, err
	}
	b, err := s.catalog.blueprint(c.r.PathValue("bp"))
	if err != nil {
		return answer{}, err
	}
	s.stats.Upserts[len(list)]++
	saved, failed := []obj{}, []obj{}
	for i, d := range drafts {
		e, err := s.upsert(b, d, m, c.writer())
		if err == nil {
			saved = append(saved, obj{"index": i, "identifier": e.entity.Identifier, "created": e.created})
			continue
		}
		var no *refusal
		if !errors.As(err, &no) {
			return answer{}, err
		}
		failed = append(failed, obj{
			"index": i, "identifier": d.name(), "statusCode": no.status, "error": no.code, "message": no.message,
		})
	}
	status := 200
	if len(failed) > 0 {
		status = 207
	}
	return answer{status, obj{"ok": len(failed) == 0, "entities": saved, "errors": failed}}, nil
}

// upsert is catalog.upsert, counted.
func (s *Server) upsert(b *blueprint, d draft, m mode, w writer) (effect, error) {
	e, err := s.catalog.upsert(b, d, m, w, s.opts.KeepUnchanged)
	if err != nil || m.validateOnly {
		return e, err
	}
	s.stats.Stubs += e.stubs
	switch {
	case e.created:
		s.stats.Created++
	case e.changed:
		s.stats.Updated++
	default:
		s.stats.Unchanged++
	}
	return e, nil
}

// upsert writes one entity and the stubs it needs, or nothing.
func (c *catalog) upsert(b *blueprint, d draft, m mode, w writer, keepUnchanged bool) (effect, error) {
	id, err := c.identify(b, d)
	if err != nil {
		return effect{}, err
	}
	old := b.entities[id]
	if old != nil && !m.upsert {
		return effect{}, refuse(409, "conflict", "Entity with identifier %q already exists", id)
	}
	next := w.entity(ref{b.id, id})
	if old != nil {
		next.CreatedAt, next.CreatedBy = old.CreatedAt, old.CreatedBy
		if m.merge {
			next.Title, next.Icon, next.Team = old.Title, old.Icon, old.Team
			next.Properties, next.Relations = maps.Clone(old.Properties), maps.Clone(old.Relations)
		}
	}
	if err := c.apply(b, d, next); err != nil {
		return effect{}, err
	}
	missing, err := c.missing(next, m.createMissing)
	if err != nil {
		return effect{}, err
	}
	out := effect{entity: next, created: old == nil, stubs: len(missing)}
	out.changed = out.created || !old.sameContent(next)
	if !out.changed && keepUnchanged {
		next.UpdatedAt = old.UpdatedAt
	}
	if m.validateOnly {
		return out, nil
	}
	for _, r := range missing {
		c.put(w.entity(r))
	}
	c.put(next)
	return out, nil
}

// identify finds the entity a draft means. A search never creates: it must find exactly one.
func (c *catalog) identify(b *blueprint, d draft) (string, error) {
	if d.search == nil {
		return d.id, nil
	}
	found, err := c.find(b, d.search, "=", "in")
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", refuse(404, "not_found", "no entity of blueprint %q matches the identifier's search", b.id)
	case len(found) > 1:
		return "", invalid("%d entities of blueprint %q match the identifier's search", len(found), b.id)
	}
	return found[0], nil
}

// missing lists the targets an entity needs that do not exist, if they may be made.
func (c *catalog) missing(e *Entity, create bool) ([]ref, error) {
	var out []ref
	for _, t := range e.targets {
		if t == e.ref() || c.entity(t) != nil {
			continue
		}
		b, err := c.blueprint(t.blueprint)
		if err != nil {
			return nil, err
		}
		// _user and _team are Port's own: nothing is created there on the way.
		if !create || b.id[0] == '_' {
			return nil, notFound("Entity", t.identifier)
		}
		if err := b.spec.complete(map[string]any{}, map[string]any{}); err != nil {
			return nil, invalid("cannot create missing related entity %v: %v", t, err)
		}
		out = append(out, t)
	}
	return out, nil
}
