package port

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Entity is an entity as Port has it. Numbers are float64.
type Entity struct {
	Identifier, Blueprint string
	Title, Icon           any // string or nil
	Team                  any // string, []any of strings or nil
	Properties, Relations map[string]any
	CreatedAt, UpdatedAt  time.Time // Port's clock
}

// Query is a condition on entities; the zero Query is none.
type Query struct {
	Combinator string `json:"combinator"` // and, or
	Rules      []Rule `json:"rules"`
}

// Rule compares a property, or a meta property such as $identifier, with a value.
type Rule struct {
	Property  string `json:"property,omitempty"`
	Operator  string `json:"operator"`
	Blueprint string `json:"blueprint,omitempty"` // of the entities that relatedTo names
	Value     any    `json:"value"`
}

// SearchPage is some of the entities found. Next asks for those after them; it is empty on the last
// page.
type SearchPage struct {
	Entities []Entity
	Next     string
}

const (
	searchPage     = 1000 // the most Port gives
	datasourcePage = 5000 // the same
	lookup         = 100  // identifiers of one query
)

// Search finds entities of one blueprint, up to 1,000 a page. from is the Next of the page before,
// empty for the first. A blueprint that does not exist, in Port's own words, is ErrBlueprintMissing.
func (c *Client) Search(ctx context.Context, blueprint string, q Query, from string) (SearchPage, error) {
	body, err := json.Marshal(struct {
		Query Query  `json:"query,omitzero"`
		Limit int    `json:"limit"`
		From  string `json:"from,omitempty"`
	}{q, searchPage, from})
	if err != nil {
		return SearchPage{}, err
	}
	r := request{route: "POST /v1/blueprints/{id}/entities/search", id: blueprint, body: body, exporter: true}
	page, err := c.page(ctx, r)
	return page, missingBlueprint(err)
}

// page reads entities. An answer without a list of them says nothing about any; neither does one
// with entities of no name, of which it is not known what they are.
func (c *Client) page(ctx context.Context, r request) (SearchPage, error) {
	var page SearchPage
	if _, err := c.call(ctx, r, &page); err != nil {
		return SearchPage{}, err
	}
	nameless := func(e Entity) bool { return e.Identifier == "" }
	if page.Entities == nil || slices.ContainsFunc(page.Entities, nameless) {
		return SearchPage{}, fmt.Errorf("%s: entities: %w", r.route, ErrNotAnswered)
	}
	return page, nil
}

// Owned looks up identifiers of one blueprint and returns, by identifier, the entities that exist
// and carry our datasource, whichever version of us wrote them last.
func (c *Client) Owned(
	ctx context.Context, blueprint string, identifiers []string,
) (map[string]Entity, error) {
	// Plain substring tests: the slashes keep aws from matching aws-v3, and prod from matching
	// nonprod.
	return c.lookup(ctx, blueprint, identifiers,
		Rule{Property: "$datasource", Operator: "contains", Value: c.source[0]},
		Rule{Property: "$datasource", Operator: "contains", Value: c.source[1]})
}

// Find looks up identifiers of one blueprint and returns, by identifier, the entities that exist,
// whoever owns them. One that is not returned does not exist: Port answered for all of them.
func (c *Client) Find(
	ctx context.Context, blueprint string, identifiers []string,
) (map[string]Entity, error) {
	return c.lookup(ctx, blueprint, identifiers)
}

func (c *Client) lookup(
	ctx context.Context, blueprint string, identifiers []string, rules ...Rule,
) (map[string]Entity, error) {
	found := map[string]Entity{}
	for ids := range slices.Chunk(identifiers, lookup) {
		q := Query{Combinator: "and", Rules: append([]Rule{{Property: "$identifier", Operator: "in", Value: ids}}, rules...)}
		if err := c.searchAll(ctx, blueprint, q, func(e Entity) { found[e.Identifier] = e }); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// searchAll calls f for all that a search finds.
func (c *Client) searchAll(ctx context.Context, blueprint string, q Query, f func(Entity)) error {
	for from := ""; ; {
		page, err := c.Search(ctx, blueprint, q, from)
		if err != nil {
			return err
		}
		for _, e := range page.Entities {
			f(e)
		}
		if from = page.Next; from == "" {
			return nil
		}
	}
}

// Related calls f for entities of one blueprint that relate to some of the identifiers of another one, and
// maybe for some that relate to them over others.
func (c *Client) Related(ctx context.Context, blueprint, to string, identifiers []string, f func(Entity)) error {
	for ids := range slices.Chunk(identifiers, lookup) {
		q := Query{Combinator: "and", Rules: []Rule{{Operator: "relatedTo", Blueprint: to, Value: ids}}}
		if err := c.searchAll(ctx, blueprint, q, f); err != nil {
			return err
		}
	}
	return nil
}

// DatasourceEntities finds the entities of all blueprints that carry our datasource, up to 5,000 a
// page, and only those last updated before an instant on Port's clock unless that is zero. from is
// the Next of the page before. The route is Ocean's; Port does not document it.
func (c *Client) DatasourceEntities(ctx context.Context, before time.Time, from string) (SearchPage, error) {
	body, err := json.Marshal(struct {
		Prefix string `json:"datasource_prefix"`
		Suffix string `json:"datasource_suffix"`
		Limit  int    `json:"limit"`
		Before string `json:"before,omitempty"`
		From   string `json:"from,omitempty"`
	}{c.source[0], c.source[1], datasourcePage, stamp(before), from})
	if err != nil {
		return SearchPage{}, err
	}
	r := request{route: "POST /v1/blueprints/entities/datasource-entities", body: body, exporter: true}
	return c.page(ctx, r)
}
