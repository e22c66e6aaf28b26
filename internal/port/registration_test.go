package port_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// office is a Port of porttest, and a client of it.
func office(t *testing.T) (*porttest.Server, *port.Client) {
	t.Helper()
	server := porttest.New(porttest.Options{})
	c, _ := dial(t, server, port.Config{Credentials: credentials(porttest.ClientID, porttest.ClientSecret)})
	t.Cleanup(func() {
		if misuse := server.Stats().Misuse; len(misuse) > 0 {
			t.Errorf("Port was misused: %q", misuse)
		}
	})
	return server, c
}

func TestARegistrationIsMadeOnceWhateverBecomesOfItsAnswer(t *testing.T) {
	const mine, theirs = `{"resources":[]}`, `{"resources":[{}]}`
	for _, tt := range []struct {
		name   string
		before func(*testing.T, *porttest.Server)
		config string
	}{
		{"the first", func(*testing.T, *porttest.Server) {}, mine},
		{"its answer is lost", func(_ *testing.T, s *porttest.Server) {
			s.Fault(porttest.Rule{Route: "POST /v1/integration", Do: porttest.LoseAnswer{}, Times: 1})
		}, mine},
		{"somebody was quicker", func(t *testing.T, s *porttest.Server) {
			if err := s.Seed(porttest.Seed{Integration: map[string]any{
				"installationId": "prod", "installationAppType": "aws-v3", "version": "9",
				"config": json.RawMessage(theirs),
			}}); err != nil {
				t.Fatal(err)
			}
		}, theirs},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, c := office(t)
				tt.before(t, server)
				in, err := c.Register(t.Context(), json.RawMessage(mine))
				if err != nil || string(in.Config) != tt.config || in.Identifier != "prod" {
					t.Errorf("got %+v, %v", in, err)
				}
				if n := server.Stats().Requests["POST /v1/integration"]; len(n) != 1 {
					t.Errorf("registered %v", n)
				}
			})
		})
	}
}

func TestOnlyRealDifferencesAreCorrected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := office(t)
		for _, tt := range []struct {
			name string
			in   port.Integration
			want port.Correction
		}{
			{"none", port.Integration{Type: "aws-v3", Version: "1.2.3", ProcessingMode: "ocean-core"}, port.Correction{}},
			{"Port tells no mode", port.Integration{Type: "aws-v3", Version: "1.2.3"}, port.Correction{}},
			{"an older version", port.Integration{Type: "aws-v3", Version: "1", ProcessingMode: "ocean-core"},
				port.Correction{Version: "1.2.3"}},
			{"Ocean's", port.Integration{Type: "aws-v3", Version: "2.20.11", ProcessingMode: "dsp"},
				port.Correction{Version: "1.2.3", ProcessingMode: "ocean-core"}},
		} {
			if got := c.Differs(tt.in); got != tt.want {
				t.Errorf("%s: got %+v", tt.name, got)
			}
		}
		if _, err := c.Correct(t.Context(), port.Correction{}); err == nil {
			t.Error("an empty change, which asks for a resync, was sent")
		}
	})
}

func TestWhatWeWriteOfAnIntegrationAsksForNoResync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, c := office(t)
		ctx := t.Context()
		if asked, err := c.ResyncRequest(ctx); err != nil || !asked.IsZero() {
			t.Errorf("before there is one: %v, %v", asked, err)
		}
		_, err := c.Register(ctx, json.RawMessage("{}"))
		now, err2 := c.SetConfig(ctx, json.RawMessage(`{"resources":[]}`))
		_, err3 := c.Correct(ctx, port.Correction{ProcessingMode: port.OceanCore, Initialized: true})
		if err := errors.Join(err, err2, err3); err != nil || string(now.Config) != `{"resources":[]}` {
			t.Errorf("%v, %s", err, now.Config)
		}
		if asked, err := c.ResyncRequest(ctx); err != nil || !asked.IsZero() {
			t.Errorf("after our writes: %v, %v", asked, err)
		}
		time.Sleep(time.Hour)
		if err := server.RequestResync("prod"); err != nil {
			t.Fatal(err)
		}
		if asked, err := c.ResyncRequest(ctx); err != nil || time.Since(asked) > time.Second {
			t.Errorf("after the button: %v, %v", asked, err)
		}
	})
}

func TestBlueprintsAreMadeAndAddedTo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, c := office(t)
		ctx := t.Context()
		vm := map[string]any{"identifier": "vm/1", "title": "VM", "schema": map[string]any{"properties": map[string]any{}}}
		for i, want := range []bool{true, false} {
			if made, err := c.CreateBlueprint(ctx, vm); made != want || err != nil {
				t.Errorf("%d: made %t, %v", i, made, err)
			}
		}
		err := c.ChangeBlueprint(ctx, "vm/1", map[string]any{"relations": map[string]any{
			"host": map[string]any{"target": "vm/1", "required": false, "many": false},
		}})
		live, err2 := c.Definition(ctx, "vm/1")
		if err := errors.Join(err, err2); err != nil || live["title"] != "VM" || live["relations"].(map[string]any)["host"] == nil {
			t.Errorf("%v: %v", err, live)
		}
		if _, err := c.Definition(ctx, "none"); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWhatPortIsToldOfARunReachesTheAddressesThatItNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, c := office(t)
		ctx := t.Context()
		in, err := c.Register(ctx, json.RawMessage("{}"))
		if err != nil {
			t.Fatal(err)
		}
		part := port.KindSync{Event: "run-1", Kind: "AWS::S3::Bucket", Index: 2, State: "pending", Blueprint: `"s3Bucket"`}
		err = errors.Join(
			c.SendLogs(ctx, in.Logs, []port.Log{{Level: "INFO", Message: "run begins", Time: c.Now()}}),
			c.BeginSyncs(ctx, in.Metrics, []port.KindSync{part, {Event: "run-1", Kind: "__runtime__", State: "syncing"}}),
			c.Beat(ctx, in.Metrics, "run-1"), c.ShowSync(ctx, in.Metrics, part),
		)
		if s := server.Stats(); err != nil || s.Logs != 1 || s.Metrics != 3 {
			t.Errorf("%v, %d logs, %d metrics", err, s.Logs, s.Metrics)
		}
		for _, to := range []string{"", "/logs", "http://elsewhere.test/logs"} {
			if err := c.SendLogs(ctx, to, nil); err == nil || !strings.Contains(err.Error(), "may be sent") {
				t.Errorf("to %q: %v", to, err)
			}
		}
	})
}

func TestWhatPortIsToldIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{refuse(503, "down", "no")}}
		began := time.Now()
		if err := connect(t, f, port.Config{}).Beat(t.Context(), "http://port.test/m", "run-1"); err == nil {
			t.Error("no error")
		}
		want := []sent{{Call: "POST /m/heartbeat", Agent: "port-ocean/aws-v3/1.2.3/prod", Auth: "Bearer t1", Body: `{"eventId":"run-1"}`}}
		if diff := cmp.Diff(want, f.requests()); diff != "" || time.Since(began) > 0 {
			t.Errorf("after %s (-want +got):\n%s", time.Since(began), diff)
		}
	})
}
