package port_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestAgainstAPortThatEnforcesItsRules(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		schema := map[string]any{"properties": map[string]any{"n": map[string]any{"type": "number"}}}
		host := map[string]any{"target": "host", "title": "Host", "required": false, "many": false}
		relations := map[string]any{"host": host}
		server := porttest.New(porttest.Options{RateLimit: 20, RatePeriod: 10 * time.Second})
		err := server.Seed(porttest.Seed{
			Blueprints: []map[string]any{
				{"identifier": "host", "title": "Host", "schema": schema},
				{"identifier": "vm", "title": "VM", "schema": schema, "relations": relations},
			},
			Integration: map[string]any{
				"installationId": "prod", "installationAppType": "aws-v3", "version": "1.2.3",
			},
			Entities: []porttest.Entity{{Blueprint: "host", Identifier: "theirs"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		c, _ := dial(t, server, port.Config{
			Credentials: credentials(porttest.ClientID, porttest.ClientSecret),
		})
		ctx := t.Context()
		if _, err := c.Blueprints(ctx); err != nil {
			t.Fatal(err)
		}

		lift := server.Fault(porttest.Rule{Do: porttest.LoseAnswer{}, Times: 1})
		three := []json.RawMessage{entity("h-1"), entity("a b"), entity("h-2")}
		hosts := c.Upsert(ctx, "host", three, port.UpsertOptions{})
		lift()
		server.RevokeTokens()
		vms := c.Upsert(ctx, "vm", []json.RawMessage{
			json.RawMessage(`{"identifier":"i-1","relations":{"host":"h-1"}}`),
			json.RawMessage(`{"identifier":"i-2","relations":{"host":"h-9"}}`),
			json.RawMessage(`{"identifier":"i-3","properties":{"n":"x"}}`),
		}, port.UpsertOptions{Merge: true})
		if hosts[0].Err != nil || !hosts[0].Resent || hosts[1].Err == nil || hosts[2].Err != nil {
			t.Errorf("hosts: %+v", hosts)
		}
		if !vms[0].Created || !errors.Is(vms[1].Err, port.ErrRelationMissing) || vms[2].Err == nil {
			t.Errorf("vms: %+v", vms)
		}

		owned, err := c.Owned(ctx, "host", []string{"h-1", "h-2", "h-3", "theirs"})
		got := slices.Sorted(maps.Keys(owned))
		if diff := cmp.Diff([]string{"h-1", "h-2"}, got); err != nil || diff != "" {
			t.Errorf("owned: %v (-want +got):\n%s", err, diff)
		}
		found, err := c.Find(ctx, "host", []string{"h-1", "h-3", "theirs"})
		got = slices.Sorted(maps.Keys(found))
		if diff := cmp.Diff([]string{"h-1", "theirs"}, got); err != nil || diff != "" {
			t.Errorf("found: %v (-want +got):\n%s", err, diff)
		}
		page, err := c.DatasourceEntities(ctx, time.Time{}, "")
		if err != nil || len(page.Entities) != 3 {
			t.Errorf("ours: %v, %v", page.Entities, err)
		}

		gone, err := c.Delete(ctx, "host", []string{"h-1", "h-2", "h-3"})
		var blocked *port.Error
		if err != nil || !errors.As(gone[0].Err, &blocked) || blocked.Status != 409 {
			t.Errorf("h-1, which i-1 needs: %+v, %v", gone[0], err)
		}
		if diff := cmp.Diff([]deleted{{Deleted: true}, {}}, deletions(gone[1:])); diff != "" {
			t.Errorf("deleted (-want +got):\n%s", diff)
		}
		for range 30 { // the limit is 20 in 10 s
			if err := c.SetResyncState(ctx, port.ResyncState{Status: "running", At: c.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		in, err := c.Integration(ctx)
		if err != nil || in.ResyncStatus != "running" || in.ResyncUpdatedAt.IsZero() {
			t.Errorf("integration: %+v, %v", in, err)
		}
	})
}
