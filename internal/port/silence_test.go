package port_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// reads are the client's questions about what exists.
var reads = map[string]func(context.Context, *port.Client) error{
	"search": func(ctx context.Context, c *port.Client) error {
		_, err := c.Search(ctx, "vm", port.Query{}, "")
		return err
	},
	"find": func(ctx context.Context, c *port.Client) error {
		_, err := c.Find(ctx, "vm", []string{"a"})
		return err
	},
	"owned": func(ctx context.Context, c *port.Client) error {
		_, err := c.Owned(ctx, "vm", []string{"a"})
		return err
	},
	"datasource": func(ctx context.Context, c *port.Client) error {
		_, err := c.DatasourceEntities(ctx, time.Time{}, "")
		return err
	},
	"blueprints": func(ctx context.Context, c *port.Client) error {
		_, err := c.Blueprints(ctx)
		return err
	},
	"organization": func(ctx context.Context, c *port.Client) error {
		_, err := c.Organization(ctx)
		return err
	},
	"integration": func(ctx context.Context, c *port.Client) error {
		_, err := c.Integration(ctx)
		return err
	},
}

func TestSilenceIsNoAnswer(t *testing.T) {
	silence := map[string][]string{
		"search":       {`{"entities":null}`, `{"entities":[null]}`, `{"entities":[{"title":"x"}]}`},
		"blueprints":   {`{"blueprints":null}`, `{"blueprints":[{}]}`, `{"entities":[]}`},
		"organization": {`{"organization":{}}`, `{"organization":{"name":"Acme"}}`, `{"organization":null}`},
		"integration":  {`{"integration":{"installationId":"prod"}}`, `{"integration":null}`},
	}
	silence["find"], silence["owned"], silence["datasource"] =
		silence["search"], silence["search"], silence["search"]
	for name, read := range reads {
		for _, body := range append([]string{`{}`, `null`, `{"ok":true}`}, silence[name]...) {
			t.Run(name+" "+body, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := &fake{answers: []answer{reply(200, body)}}
					err := read(t.Context(), connect(t, f, port.Config{}))
					if !errors.Is(err, port.ErrNotAnswered) {
						t.Errorf("got %v, want ErrNotAnswered", err)
					}
				})
			})
		}
	}
}

func TestNoneIsAnAnswer(t *testing.T) {
	none := map[string]string{
		"blueprints":   `{"blueprints":[]}`,
		"organization": organization,
		"integration":  `{"integration":{"config":null}}`, // Port's word that there is no mapping
	}
	for name, read := range reads {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				body := none[name]
				if body == "" {
					body = `{"entities":[]}`
				}
				f := &fake{answers: []answer{reply(200, body)}}
				if err := read(t.Context(), connect(t, f, port.Config{})); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestA404IsPortsWordOnlyInPortsWords(t *testing.T) {
	const blueprint = `Blueprint with identifier "vm" was not found`
	tests := []struct {
		name              string
		answer            answer
		notFound, missing bool
	}{
		{"a proxy's page", reply(404, "<html>not found</html>"), false, false},
		{"nothing", reply(404, ""), false, false},
		{"a gateway's JSON", reply(404, `{"message":"Blueprint route not matched"}`), false, false},
		{"a gateway's code", refuse(404, "Not Found", blueprint), false, false},
		{"Port, of something else", refuse(404, "not_found", `Entity with identifier "a" was not found`),
			true, false},
		{"Port, of a route", refuse(404, "not_found", "no route"), true, false},
		{"Port, of the blueprint", refuse(404, "not_found", blueprint), true, true},
		{"another status", refuse(410, "not_found", blueprint), false, false},
	}
	upsert := func(ctx context.Context, c *port.Client) error {
		return c.Upsert(ctx, "vm", []json.RawMessage{entity("a")}, port.UpsertOptions{})[0].Err
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ask := func(name string, read func(context.Context, *port.Client) error, missing bool) {
				synctest.Test(t, func(t *testing.T) {
					f := &fake{answers: []answer{tt.answer}}
					err := read(t.Context(), connect(t, f, port.Config{}))
					var refused *port.Error
					if !errors.As(err, &refused) {
						t.Fatalf("%s: got %v, want a *port.Error", name, err)
					}
					if is := errors.Is(err, port.ErrNotFound); is != tt.notFound {
						t.Errorf("%s: ErrNotFound: %v", name, is)
					}
					if is := errors.Is(err, port.ErrBlueprintMissing); is != missing {
						t.Errorf("%s: ErrBlueprintMissing: %v", name, is)
					}
				})
			}
			for _, name := range []string{"search", "find", "owned"} {
				ask(name, reads[name], tt.missing)
			}
			ask("integration", reads["integration"], false)
			ask("upsert", upsert, tt.missing)
		})
	}
}
