package porttest

import (
	"slices"
	"strings"
)

// catalog is the blueprints with their entities, and who relates to whom. Stored entities are never
// changed in place, so an answer can be written after the lock is gone.
type catalog struct {
	blueprints map[string]*blueprint
	holders    map[ref]map[ref]bool // by target
}

func newCatalog() catalog {
	return catalog{blueprints: map[string]*blueprint{}, holders: map[ref]map[ref]bool{}}
}

func (c *catalog) blueprint(id string) (*blueprint, error) {
	if b := c.blueprints[id]; b != nil {
		return b, nil
	}
	return nil, notFound("Blueprint", id)
}

func (c *catalog) entity(r ref) *Entity {
	if b := c.blueprints[r.blueprint]; b != nil {
		return b.entities[r.identifier]
	}
	return nil
}

// put stores an entity of a blueprint that exists.
func (c *catalog) put(e *Entity) {
	b := c.blueprints[e.Blueprint]
	if old := b.entities[e.Identifier]; old != nil {
		c.release(old)
	} else {
		b.order = nil
	}
	b.entities[e.Identifier] = e
	for _, t := range e.targets {
		if c.holders[t] == nil {
			c.holders[t] = map[ref]bool{}
		}
		c.holders[t][e.ref()] = true
	}
}

func (c *catalog) remove(e *Entity) {
	c.release(e)
	b := c.blueprints[e.Blueprint]
	delete(b.entities, e.Identifier)
	b.order = nil
}

// release forgets what an entity relates to.
func (c *catalog) release(e *Entity) {
	for _, t := range e.targets {
		delete(c.holders[t], e.ref())
		if len(c.holders[t]) == 0 {
			delete(c.holders, t)
		}
	}
}

// blockers are the entities outside of victims that relate to one of them.
func (c *catalog) blockers(victims []*Entity) []ref {
	going := map[ref]bool{}
	for _, v := range victims {
		going[v.ref()] = true
	}
	found := map[ref]bool{}
	for v := range going {
		for h := range c.holders[v] {
			if !going[h] {
				found[h] = true
			}
		}
	}
	out := make([]ref, 0, len(found))
	for r := range found {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b ref) int { return strings.Compare(a.String(), b.String()) })
	return out
}

// cascade removes an entity and all that relate to it, and returns how many went.
func (c *catalog) cascade(e *Entity) int {
	if c.entity(e.ref()) == nil {
		return 0
	}
	holders := c.holders[e.ref()]
	c.remove(e)
	n := 1
	for h := range holders {
		if held := c.entity(h); held != nil {
			n += c.cascade(held)
		}
	}
	return n
}

// empty removes all entities.
func (c *catalog) empty() {
	c.holders = map[ref]map[ref]bool{}
	for _, b := range c.blueprints {
		b.entities, b.order = map[string]*Entity{}, nil
	}
}
