package port_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

func TestReadsOfTheOrganizationsSetup(t *testing.T) {
	type ctx = context.Context
	integration := func(x ctx, c *port.Client) (any, error) { return c.Integration(x) }
	tests := []struct {
		name   string
		read   func(ctx, *port.Client) (any, error)
		call   string
		answer string
		want   any
	}{
		{"the organization", func(x ctx, c *port.Client) (any, error) { return c.Organization(x) },
			"GET /v1/organization", organization, port.Organization{ID: "org_1", Name: "Acme"}},
		{"the integration", integration,
			"GET /v1/integration/my%2Fown%20one", `{"ok":true,"integration":{"installationId":"my/own one",
				"installationAppType":"aws-v3","version":"2.0","config":{"resources":[]},
				"updatedAt":"2026-11-24T22:00:00.000Z",
				"resyncState":{"status":"running","updatedAt":"2026-11-24T21:00:00.000Z"},"spec":{}}}`,
			port.Integration{
				Identifier:      "my/own one",
				Type:            "aws-v3",
				Version:         "2.0",
				Config:          json.RawMessage(`{"resources":[]}`),
				UpdatedAt:       time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC),
				ResyncStatus:    "running",
				ResyncUpdatedAt: time.Date(2026, 11, 24, 21, 0, 0, 0, time.UTC),
			}},
		{"an integration that never ran", integration,
			"GET /v1/integration/my%2Fown%20one", `{"integration":{"config":{},"resyncState":null}}`,
			port.Integration{Config: json.RawMessage(`{}`)}},
		{"the blueprints", func(x ctx, c *port.Client) (any, error) { return c.Blueprints(x) },
			"GET /v1/blueprints", `{"ok":true,"blueprints":[{"identifier":"vm","title":"VM",
				"createdAt":"2026-11-24T22:00:00.000Z","updatedAt":"2026-11-25T22:00:00.000Z",
				"schema":{"properties":{"size":{"type":"number","title":"Size"},"odd":7},"required":["size"]},
				"relations":{"host":{"target":"host","required":true,"many":false,"title":"x"}}},
				{"identifier":"host"}]}`,
			[]port.Blueprint{{
				Identifier: "vm",
				CreatedAt:  time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC),
				UpdatedAt:  time.Date(2026, 11, 25, 22, 0, 0, 0, time.UTC),
				Relations:  map[string]port.Relation{"host": {Target: "host", Required: true}},
				Schema: port.Schema{
					Properties: map[string]port.Property{"size": {Type: "number"}, "odd": {}}, Required: []string{"size"},
				},
			}, {Identifier: "host"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{reply(200, tt.answer)}}
				got, err := tt.read(t.Context(), connect(t, f, port.Config{Identifier: "my/own one"}))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("result (-want +got):\n%s", diff)
				}
				const agent = "port-ocean/aws-v3/1.2.3/my/own one"
				want := []sent{{Call: tt.call, Agent: agent, Auth: "Bearer t1"}}
				if diff := cmp.Diff(want, f.requests()); diff != "" {
					t.Errorf("request (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestAnIntegrationThatIsNotRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{refuse(404, "not_found", "no")}}
		c := connect(t, f, port.Config{})
		if _, err := c.Integration(t.Context()); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestResyncState(t *testing.T) {
	at := time.Date(2026, 11, 24, 23, 0, 0, 0, time.FixedZone("", 3600))
	tests := []struct {
		name  string
		state port.ResyncState
		want  string
	}{
		{"a run begins",
			port.ResyncState{Status: "running", At: at, Next: at.Add(time.Hour), Interval: time.Hour},
			`{"intervalInMinuets":60,"lastResyncEnd":null,"lastResyncStart":"2026-11-24T22:00:00.000Z",` +
				`"nextResync":"2026-11-24T23:00:00.000Z","status":"running"}`},
		{"a run begins, by hand", port.ResyncState{Status: "running", At: at},
			`{"intervalInMinuets":null,"lastResyncEnd":null,"lastResyncStart":"2026-11-24T22:00:00.000Z",` +
				`"nextResync":null,"status":"running"}`},
		{"a run ends", port.ResyncState{Status: "completed", At: at, Interval: 90 * time.Minute},
			`{"intervalInMinuets":90,"lastResyncEnd":"2026-11-24T22:00:00.000Z","nextResync":null,` +
				`"status":"completed"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{lost, reply(200, `{"ok":true}`)}}
				if err := connect(t, f, port.Config{}).SetResyncState(t.Context(), tt.state); err != nil {
					t.Fatal(err)
				}
				sending := sent{
					Call:  "PATCH /v1/integration/prod/resync-state",
					Agent: "port-ocean/aws-v3/1.2.3/prod",
					Auth:  "Bearer t1",
					Body:  tt.want,
				}
				if diff := cmp.Diff([]sent{sending, sending}, f.requests()); diff != "" {
					t.Errorf("requests (-want +got):\n%s", diff)
				}
			})
		})
	}
}
