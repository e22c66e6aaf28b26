package functions_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/functions"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// TestWhatSomebodyHasToMendCountsAsAFailedRun: there is no report of a run that could not begin, and the alarm must come
// nevertheless. A mistake in somebody's options is no reason to wake others.
func TestWhatSomebodyHasToMendCountsAsAFailedRun(t *testing.T) {
	server := httptest.NewServer(porttest.New(porttest.Options{}))
	defer server.Close()
	for _, c := range []struct {
		name, secret, options, code string
		counts                      bool
	}{
		{"Port refuses the credentials", "wrong", `{}`, "PortUnauthorized", true},
		{"there is no mapping", porttest.ClientSecret, `{}`, "MappingEmpty", true},
		{"an option that there is not", porttest.ClientSecret, `{"all": true}`, "OptionsInvalid", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			store, err := ledger.NewDir(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			var metrics bytes.Buffer
			f := functions.Function{Metrics: &metrics, Engine: &run.Engine{
				Kinds: kinds.All, Store: store, Log: slog.New(slog.DiscardHandler), Type: "aws-v3", Identifier: "mine", Now: time.Now,
				Org: org.Source{RoleARNs: []string{"arn:aws:iam::111111111111:role/reader"}},
				Port: port.New(port.Config{BaseURL: server.URL, Type: "aws-v3", Version: "1", Identifier: "mine", Timeout: time.Second,
					Credentials: func(context.Context) (port.Credentials, error) {
						return port.Credentials{ClientID: porttest.ClientID, ClientSecret: c.secret}, nil
					}}),
			}}
			_, err = f.Discover(t.Context(), functions.DiscoverEvent{
				Execution: "arn:aws:states:eu-west-1:123456789012:execution:hub:one", Options: []byte(c.options),
			})
			coded, ok := err.(interface{ Code() string })
			if !ok || coded.Code() != c.code {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if counted := strings.Contains(metrics.String(), `"RunsFailed":1`); counted != c.counts {
				t.Errorf("counted: %t, want %t: %s", counted, c.counts, metrics.String())
			}
		})
	}
}
