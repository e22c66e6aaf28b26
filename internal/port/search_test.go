package port_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

const oneEntity = `{"identifier":"i-1","blueprint":"vm","title":"one","team":["a"],"properties":{"n":1},
	"relations":{"host":null},"createdBy":"x",
	"createdAt":"2026-11-24T22:00:00.123Z","updatedAt":"2026-11-25T22:00:00.000Z"}`

var wantEntity = port.Entity{
	Identifier: "i-1", Blueprint: "vm", Title: "one", Team: []any{"a"},
	Properties: map[string]any{"n": 1.0},
	Relations:  map[string]any{"host": nil},
	CreatedAt:  time.Date(2026, 11, 24, 22, 0, 0, 123e6, time.UTC),
	UpdatedAt:  time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC),
}

func TestReadsOfEntities(t *testing.T) {
	type ctx = context.Context
	page := `{"ok":true,"entities":[` + oneEntity + `],"next":null}`
	search := "POST /v1/blueprints/a%2Fb/entities/search"
	tests := []struct {
		name string
		read func(ctx, *port.Client) (any, error)
		call string
		body string
		want any
	}{
		{"all entities of a blueprint", func(x ctx, c *port.Client) (any, error) {
			return c.Search(x, "a/b", port.Query{}, "")
		}, search, `{"limit":1000}`, port.SearchPage{Entities: []port.Entity{wantEntity}}},
		{"a query and a page", func(x ctx, c *port.Client) (any, error) {
			q := port.Query{Combinator: "or", Rules: []port.Rule{{Property: "$title", Operator: "=", Value: "one"}}}
			return c.Search(x, "a/b", q, "more")
		}, search, `{"query":{"combinator":"or","rules":[` +
			`{"property":"$title","operator":"=","value":"one"}]},"limit":1000,"from":"more"}`,
			port.SearchPage{Entities: []port.Entity{wantEntity}}},
		{"ours", func(x ctx, c *port.Client) (any, error) {
			return c.Owned(x, "a/b", []string{"i-1", "i-2"})
		}, search, `{"query":{"combinator":"and","rules":[` +
			`{"property":"$identifier","operator":"in","value":["i-1","i-2"]},` +
			`{"property":"$datasource","operator":"contains","value":"port-ocean/aws-v3/"},` +
			`{"property":"$datasource","operator":"contains","value":"/prod/exporter"}]},"limit":1000}`,
			map[string]port.Entity{"i-1": wantEntity}},
		{"anybody's", func(x ctx, c *port.Client) (any, error) {
			return c.Find(x, "a/b", []string{"i-1"})
		}, search, `{"query":{"combinator":"and","rules":[` +
			`{"property":"$identifier","operator":"in","value":["i-1"]}]},"limit":1000}`,
			map[string]port.Entity{"i-1": wantEntity}},
		{"what relates to some", func(x ctx, c *port.Client) (any, error) {
			found := map[string]port.Entity{}
			err := c.Related(x, "a/b", "vm", []string{"i-1", "i-2"}, func(e port.Entity) { found[e.Identifier] = e })
			return found, err
		}, search, `{"query":{"combinator":"and","rules":[` +
			`{"operator":"relatedTo","blueprint":"vm","value":["i-1","i-2"]}]},"limit":1000}`,
			map[string]port.Entity{"i-1": wantEntity}},
		{"all of ours", func(x ctx, c *port.Client) (any, error) {
			return c.DatasourceEntities(x, time.Time{}, "")
		}, "POST /v1/blueprints/entities/datasource-entities",
			`{"datasource_prefix":"port-ocean/aws-v3/","datasource_suffix":"/prod/exporter","limit":5000}`,
			port.SearchPage{Entities: []port.Entity{wantEntity}}},
		{"all of ours before a time, a page", func(x ctx, c *port.Client) (any, error) {
			return c.DatasourceEntities(x, wantEntity.CreatedAt, "more")
		}, "POST /v1/blueprints/entities/datasource-entities",
			`{"datasource_prefix":"port-ocean/aws-v3/","datasource_suffix":"/prod/exporter","limit":5000,` +
				`"before":"2026-11-24T22:00:00.123Z","from":"more"}`,
			port.SearchPage{Entities: []port.Entity{wantEntity}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{reply(200, page)}}
				got, err := tt.read(t.Context(), connect(t, f, port.Config{}))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				want := []sent{{
					Call:  tt.call,
					Agent: "port-ocean/aws-v3/1.2.3/prod/exporter",
					Auth:  "Bearer t1",
					Body:  tt.body,
				}}
				if diff := cmp.Diff(want, f.requests()); diff != "" {
					t.Errorf("request (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestLookupsAskForAHundredAtATimeAndReadEveryPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		f := &fake{answers: []answer{func(w http.ResponseWriter, r *http.Request) {
			n++
			next := []string{"", "more"}[n%2]
			reply(200, fmt.Sprintf(`{"entities":[{"identifier":"i-%d"}],"next":"%s"}`, n, next))(w, r)
		}}}
		c := connect(t, f, port.Config{})
		got, err := c.Find(t.Context(), "vm", make([]string, 250))
		if err != nil {
			t.Fatal(err)
		}
		var asked []int
		for _, s := range f.requests() {
			asked = append(asked, strings.Count(s.Body, `""`)) // each identifier here is empty
		}
		if diff := cmp.Diff([]int{100, 100, 100, 100, 50, 50}, asked); len(got) != 6 || diff != "" {
			t.Errorf("%d entities, want 6; identifiers by request (-want +got):\n%s", len(got), diff)
		}
		owned, err := c.Owned(t.Context(), "vm", nil)
		found, err2 := c.Find(t.Context(), "vm", []string{})
		if err != nil || err2 != nil || len(owned)+len(found) != 0 || len(f.requests()) != 6 {
			t.Errorf("no identifiers: %v, %v; %v, %v", owned, err, found, err2)
		}
	})
}

func TestReadsOfAMissingBlueprint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		missing := refuse(404, "not_found", `Blueprint with identifier "vm" was not found`)
		f := &fake{answers: []answer{missing}}
		c := connect(t, f, port.Config{})
		_, err := c.Owned(t.Context(), "vm", []string{"a"})
		if !errors.Is(err, port.ErrBlueprintMissing) || !errors.Is(err, port.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}
