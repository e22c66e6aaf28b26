package porttest

import "fmt"

// deleteOne answers 404 for an entity that is gone already.
func (s *Server) deleteOne(c *call) (answer, error) {
	cascade, err := c.flag("delete_dependents", true)
	if err != nil {
		return answer{}, err
	}
	id := c.r.PathValue("id")
	gone, err := s.delete(c.r.PathValue("bp"), []string{id}, cascade)
	if err != nil {
		return answer{}, err
	}
	if len(gone) == 0 {
		return answer{}, notFound("Entity", id)
	}
	return ok(obj{})
}

func (s *Server) deleteBulk(c *call) (answer, error) {
	cascade, err := c.flag("delete_dependents", true)
	if err != nil {
		return answer{}, err
	}
	ids, legal := texts(c.in["entities"])
	if _, isList := c.in["entities"].([]any); !isList || !legal || len(ids) < 1 || len(ids) > maxDelete {
		return answer{}, malformed("body/entities must hold 1 to %d identifiers, not %d", maxDelete, len(ids))
	}
	s.stats.Deletes[len(ids)]++
	gone, err := s.delete(c.r.PathValue("bp"), ids, cascade)
	if err != nil {
		return answer{}, err
	}
	return ok(obj{"deletedEntities": gone})
}

// delete removes those of ids that exist and returns them, or removes nothing.
func (s *Server) delete(blueprint string, ids []string, cascade bool) ([]string, error) {
	victims, err := s.catalog.victims(blueprint, ids)
	if err != nil {
		return nil, err
	}
	if cascade {
		s.stats.Cascades++
	} else if err := s.catalog.unheld(victims); err != nil {
		return nil, err
	}
	gone := []string{}
	for _, v := range victims {
		gone = append(gone, v.Identifier)
		s.stats.Deleted += s.catalog.cascade(v)
	}
	return gone, nil
}

// victims are those of ids that exist, each once.
func (c *catalog) victims(blueprint string, ids []string) ([]*Entity, error) {
	b, err := c.blueprint(blueprint)
	if err != nil {
		return nil, err
	}
	var out []*Entity
	seen := map[string]bool{}
	for _, id := range ids {
		if e := b.entities[id]; e != nil && !seen[id] {
			seen[id] = true
			out = append(out, e)
		}
	}
	return out, nil
}

// unheld refuses where other entities relate to the victims, and names up to ten of them.
func (c *catalog) unheld(victims []*Entity) error {
	blockers := c.blockers(victims)
	if len(blockers) == 0 {
		return nil
	}
	more := ""
	if n := len(blockers) - 10; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
		blockers = blockers[:10]
	}
	return refuse(409, "has_dependents", "entities have dependents: %v%s", blockers, more)
}
