package port_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestWhetherWeMayWriteIsAskedWithoutWriting(t *testing.T) {
	s := porttest.New(porttest.Options{})
	if err := s.Seed(porttest.Seed{Blueprints: []map[string]any{{"identifier": "vm", "title": "VM",
		"schema": map[string]any{"properties": map[string]any{"size": map[string]any{"type": "string"}}, "required": []any{"size"}}}}}); err != nil {
		t.Fatal(err)
	}
	at := httptest.NewServer(s)
	defer at.Close()
	c := port.New(port.Config{BaseURL: at.URL, Type: "aws-v3", Version: "1", Identifier: "i",
		Credentials: func(context.Context) (port.Credentials, error) {
			return port.Credentials{ClientID: porttest.ClientID, ClientSecret: porttest.ClientSecret}, nil
		}})
	if err := c.MayWrite(t.Context(), "vm"); err != nil { // which would be refused for the property that it lacks
		t.Error(err)
	}
	if n := len(s.Entities("vm")); n > 0 {
		t.Errorf("%d entities were written", n)
	}
	if misuse := s.Stats().Misuse; len(misuse) > 0 {
		t.Errorf("Port was misused: %q", misuse)
	}
	s.Fault(porttest.Rule{Route: "POST /v1/blueprints/{bp}/entities/bulk", Do: porttest.Fail{Status: 403}})
	if err := c.MayWrite(t.Context(), "vm"); !errors.Is(err, port.ErrForbidden) {
		t.Errorf("got %v", err)
	}
}
