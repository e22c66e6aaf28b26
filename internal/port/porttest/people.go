package porttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// UI is the datasource, and Person the author, of what people do in Port's own pages.
const (
	UI     = "port-ui"
	Person = "person@example.com"
)

// Seed is a catalog to begin with. Blueprints and the integration are in Port's own JSON shapes.
type Seed struct {
	Blueprints  []map[string]any
	Integration map[string]any // installationId, installationAppType, version, config, …
	// Entities keep the Datasource, authors and times they name; an empty one is as if a person had
	// written it now.
	Entities []Entity
}

// Seed adds to the catalog by Port's rules: an entity comes after those it relates to, blueprints in any
// order. A blueprint or an entity that is there is replaced.
func (s *Server) Seed(seed Seed) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if err := s.seedBlueprints(seed.Blueprints, now); err != nil {
		return err
	}
	if seed.Integration != nil {
		in, err := plain(seed.Integration)
		if err != nil {
			return err
		}
		it, err := newIntegration(in, now)
		if err != nil {
			return fmt.Errorf("seed integration: %w", err)
		}
		s.integrations[in["installationId"].(string)] = it
	}
	for _, e := range seed.Entities {
		if err := s.write(e, mode{upsert: true}, now); err != nil {
			return fmt.Errorf("seed %v: %w", e.ref(), err)
		}
	}
	return nil
}

// seedBlueprints defines them first without relations, which may name each other in any order.
func (s *Server) seedBlueprints(defs []map[string]any, now time.Time) error {
	for _, related := range []bool{false, true} {
		for _, def := range defs {
			def, err := plain(def)
			if err != nil {
				return err
			}
			if !related {
				delete(def, "relations")
			}
			if _, err := s.catalog.define(def, now); err != nil {
				return fmt.Errorf("seed blueprint %v: %w", def["identifier"], err)
			}
		}
	}
	return nil
}

// Create makes an entity as a person; it must not exist. Times, authors and datasource of e are not used.
func (s *Server) Create(e Entity) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.disown()
	if err := s.write(e, mode{}, s.now()); err != nil {
		return fmt.Errorf("create %v: %w", e.ref(), err)
	}
	return nil
}

// Edit changes title, icon, team, properties and relations of an entity as a person: updatedAt moves and
// the datasource becomes UI.
func (s *Server) Edit(blueprint, identifier string, change func(*Entity)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := ref{blueprint, identifier}
	old := s.catalog.entity(at)
	if old == nil {
		return fmt.Errorf("edit %v: no such entity", at)
	}
	e := old.copy()
	change(&e)
	e.Blueprint, e.Identifier = blueprint, identifier
	e.disown()
	if err := s.write(e, mode{upsert: true}, s.now()); err != nil {
		return fmt.Errorf("edit %v: %w", at, err)
	}
	return nil
}

// Remove deletes an entity as a person; like Port it refuses where others relate to it.
func (s *Server) Remove(blueprint, identifier string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := ref{blueprint, identifier}
	e := s.catalog.entity(at)
	if e == nil {
		return fmt.Errorf("remove %v: no such entity", at)
	}
	if err := s.catalog.unheld([]*Entity{e}); err != nil {
		return fmt.Errorf("remove %v: %w", at, err)
	}
	s.catalog.remove(e)
	return nil
}

// RemoveBlueprint deletes a blueprint and all its entities as a person, so that it can be made anew.
func (s *Server) RemoveBlueprint(blueprint string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.catalog.blueprints[blueprint]; b != nil {
		for _, e := range b.entities {
			s.catalog.release(e)
		}
		delete(s.catalog.blueprints, blueprint)
	}
}

// disown leaves the authorship to be filled in.
func (e *Entity) disown() {
	e.Datasource, e.CreatedBy, e.UpdatedBy = "", "", ""
	e.CreatedAt, e.UpdatedAt = time.Time{}, time.Time{}
}

// write upserts an entity as given, with UI, Person and now where it names no author or time.
func (s *Server) write(e Entity, m mode, now time.Time) error {
	in, err := plain(e.content(false))
	if err != nil {
		return err
	}
	d, err := readDraft(in, "entity")
	if err != nil {
		return err
	}
	b, err := s.catalog.blueprint(e.Blueprint)
	if err != nil {
		return err
	}
	done, err := s.catalog.upsert(b, d, m, writer{UI, Person, now}, false)
	if err != nil {
		return err
	}
	stored := *done.entity // not yet seen by anybody: the lock is held
	for _, f := range []struct {
		to   *string
		from string
	}{
		{&stored.Datasource, e.Datasource},
		{&stored.CreatedBy, e.CreatedBy},
		{&stored.UpdatedBy, e.UpdatedBy},
	} {
		if f.from != "" {
			*f.to = f.from
		}
	}
	if !e.CreatedAt.IsZero() {
		stored.CreatedAt = e.CreatedAt
	}
	if !e.UpdatedAt.IsZero() {
		stored.UpdatedAt = e.UpdatedAt
	}
	s.catalog.put(&stored)
	return nil
}

// EditConfig replaces an integration's mapping as a person, which asks for a resync.
func (s *Server) EditConfig(identifier string, config map[string]any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	it := s.integrations[identifier]
	if it == nil {
		return fmt.Errorf("edit config of %s: no such integration", identifier)
	}
	in, err := plain(map[string]any{"config": config})
	if err != nil {
		return err
	}
	it.requested = s.now()
	return it.patch(in, it.requested)
}

// RequestResync presses an integration's resync button.
func (s *Server) RequestResync(identifier string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	it := s.integrations[identifier]
	if it == nil {
		return fmt.Errorf("request resync of %s: no such integration", identifier)
	}
	it.requested = s.now()
	return nil
}

// ResyncState is what was last reported of an integration's resync, key for key; nil if it is unknown.
func (s *Server) ResyncState(identifier string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if it := s.integrations[identifier]; it != nil {
		return maps.Clone(it.resync)
	}
	return nil
}

// plain is a value as it comes out of JSON.
func plain(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out map[string]any
	return out, json.Unmarshal(b, &out)
}
