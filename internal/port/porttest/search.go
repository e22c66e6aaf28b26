package porttest

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"time"
)

// searchBlueprint is the documented, paged search within one blueprint.
func (s *Server) searchBlueprint(c *call) (answer, error) {
	b, err := s.catalog.blueprint(c.r.PathValue("bp"))
	if err != nil {
		return answer{}, err
	}
	if err := onlyKeys(c.in, []string{"query", "include", "exclude", "limit", "from"}); err != nil {
		return answer{}, err
	}
	p, err := readPage(c.in, 200, 1000)
	if err != nil {
		return answer{}, err
	}
	include, _ := texts(c.in["include"])
	exclude, _ := texts(c.in["exclude"])
	match := func(*Entity) bool { return true }
	if q, given := c.in["query"]; given {
		if match, err = s.catalog.compile(q); err != nil {
			return answer{}, err
		}
	}
	found, next := s.catalog.page([]*blueprint{b}, match, pinned(c.in["query"]), p)
	return ok(obj{"entities": s.render(found, include, exclude), "next": next})
}

// searchAll is the older search over all blueprints, without pages.
func (s *Server) searchAll(c *call) (answer, error) {
	match, err := s.catalog.compile(c.in)
	if err != nil {
		return answer{}, err
	}
	found, _ := s.catalog.page(s.catalog.all(), match, pinned(c.in), page{})
	matching := []string{}
	for _, e := range found {
		if !slices.Contains(matching, e.Blueprint) {
			matching = append(matching, e.Blueprint)
		}
	}
	q := c.r.URL.Query()
	return ok(obj{
		"entities":           s.render(found, q["include"], q["exclude"]),
		"matchingBlueprints": matching, "failedBlueprints": []string{},
	})
}

// searchDatasource is the undocumented list of all that one integration owns; before is exclusive.
func (s *Server) searchDatasource(c *call) (answer, error) {
	prefix, _ := c.in["datasource_prefix"].(string)
	suffix, _ := c.in["datasource_suffix"].(string)
	if prefix == "" || suffix == "" {
		return answer{}, malformed("datasource_prefix and datasource_suffix are required")
	}
	p, err := readPage(c.in, 5000, 5000)
	if err != nil {
		return answer{}, err
	}
	var before time.Time
	if v, given := c.in["before"]; given {
		text, _ := v.(string)
		if before, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return answer{}, malformed("body/before must match format \"date-time\"")
		}
	}
	found, next := s.catalog.page(s.catalog.all(), func(e *Entity) bool {
		return strings.HasPrefix(e.Datasource, prefix) && strings.HasSuffix(e.Datasource, suffix) &&
			(before.IsZero() || e.UpdatedAt.Before(before))
	}, nil, p)
	return ok(obj{"entities": s.render(found, nil, nil), "next": next})
}

// page is a stretch of the catalog in its order: behind after, limit long (0: to the end).
type page struct {
	after ref
	limit int
}

// cursorSplit cannot occur in an identifier.
const cursorSplit = "\x00"

func readPage(in obj, limit, most int) (page, error) {
	p := page{limit: limit}
	if v, given := in["limit"]; given {
		n, isNumber := v.(float64)
		p.limit = int(n)
		if !isNumber || n != float64(p.limit) || p.limit < 1 || p.limit > most {
			return page{}, malformed("body/limit must be an integer from 1 to %d", most)
		}
	}
	if v := in["from"]; v != nil {
		text, _ := v.(string)
		b, err := base64.RawURLEncoding.DecodeString(text)
		blueprint, id, whole := strings.Cut(string(b), cursorSplit)
		if err != nil || !whole {
			return page{}, malformed("body/from is no cursor of this server")
		}
		p.after = ref{blueprint, id}
	}
	return p, nil
}

// all are the blueprints in order.
func (c *catalog) all() []*blueprint {
	out := make([]*blueprint, 0, len(c.blueprints))
	for _, id := range sortedKeys(c.blueprints) {
		out = append(out, c.blueprints[id])
	}
	return out
}

// page finds the matching entities of a page and the cursor of the next, nil at the end. A cursor names
// the last entity given, so entities that go or come in between shift nothing. Only ids are looked at
// where ids is not nil.
func (c *catalog) page(bps []*blueprint, match matcher, ids []string, p page) (found []*Entity, next any) {
	for _, b := range bps {
		list := ids
		if list == nil {
			list = b.ids()
		}
		if b.id < p.after.blueprint {
			continue
		}
		if b.id == p.after.blueprint {
			at, exact := slices.BinarySearch(list, p.after.identifier)
			if exact {
				at++
			}
			list = list[at:]
		}
		for _, id := range list {
			e := b.entities[id]
			if e == nil || !match(e) {
				continue
			}
			if p.limit > 0 && len(found) == p.limit {
				last := found[len(found)-1]
				cursor := last.Blueprint + cursorSplit + last.Identifier
				return found, base64.RawURLEncoding.EncodeToString([]byte(cursor))
			}
			found = append(found, e)
		}
	}
	return found, nil
}

// render answers entities, trimmed to the fields asked for.
func (s *Server) render(found []*Entity, include, exclude []string) []obj {
	out := make([]obj, len(found))
	for i, e := range found {
		o := e.json(s.catalog.blueprints[e.Blueprint].spec.Relations)
		if len(include) > 0 {
			o = only(o, include)
		}
		for _, field := range exclude {
			drop(o, field)
		}
		out[i] = o
	}
	return out
}

// only keeps fields such as identifier, properties or properties.arn.
func only(o obj, fields []string) obj {
	out := obj{}
	for _, field := range fields {
		group, key, nested := strings.Cut(field, ".")
		from, isGroup := o[group].(obj)
		switch {
		case !nested:
			if v, has := o[field]; has {
				out[field] = v
			}
		case isGroup:
			to, begun := out[group].(obj)
			if !begun {
				to = obj{}
				out[group] = to
			}
			if v, has := from[key]; has {
				to[key] = v
			}
		}
	}
	return out
}

func drop(o obj, field string) {
	group, key, nested := strings.Cut(field, ".")
	if !nested {
		delete(o, field)
		return
	}
	if from, isGroup := o[group].(obj); isGroup {
		rest := maps.Clone(from)
		delete(rest, key)
		o[group] = rest
	}
}
