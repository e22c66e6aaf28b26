package run_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

const (
	prod, dev, lab = "111111111111", "222222222222", "333333333333"
	ireland, ohio  = "eu-west-1", "us-east-2"

	alerts = "topic/arn:aws:sns:eu-west-1:111111111111:alerts-11" // the entity of one of prod's topics

	integration = "aws-test"
	ours        = "port-ocean/aws-v3/1.0.0/" + integration + "/exporter"

	bulkRoute   = "POST /v1/blueprints/{bp}/entities/bulk"
	searchRoute = "POST /v1/blueprints/{bp}/entities/search"
	deleteRoute = "POST /v1/blueprints/{bp}/bulk/entities/delete"
)

type rule = awstest.Rule

// scene is an AWS organization, a Port and our state between them. Its time is a synctest bubble's:
// half an hour passes before each run.
type scene struct {
	*testing.T
	world *awstest.World
	port  *porttest.Server
	dir   string // of the state
	store ledger.Store
	logs  *bytes.Buffer
	runs  int
	mu    sync.Mutex
	hooks map[string]func() // by Port's route, each for one request
}

// play sets a scene with a few resources of each kind in two regions of two accounts, and a third
// account without any. Nothing has run yet.
func play(t *testing.T, act func(*scene)) {
	t.Helper()
	t.Parallel()
	stage(t, act)
}

// stage is play, one after the other.
func stage(t *testing.T, act func(*scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{T: t, world: awstest.NewWorld(prod, dev, lab), dir: t.TempDir(), hooks: map[string]func(){}}
		s.port = porttest.New(porttest.Options{OnRequest: s.onRequest})
		s.world.Regions = []string{ireland, ohio}
		store, err := ledger.NewDir(s.dir)
		s.must(err)
		s.store = store
		s.must(s.port.Seed(porttest.Seed{Blueprints: blueprints(), Integration: map[string]any{
			"installationId": integration, "installationAppType": "aws-v3", "version": "1.0.0",
			"config": mapping(),
		}}))
		for _, account := range []string{prod, dev} {
			id := account[:2]
			for n := range 3 {
				s.world.Put(account, "ec2", ireland, fmt.Sprintf("i-%s-%d", id, n), "owner=team "+id)
			}
			s.world.Put(account, "ec2", ohio, "i-"+id+"-far")
			s.world.Put(account, "s3", ireland, "logs-"+id, "team=core")
			s.world.Put(account, "s3", ohio, "data-"+id, "team=data")
			s.world.Put(account, "s3", ireland, "bare-"+id)
			s.world.Put(account, "ecs", ireland, "main-"+id, "owner=ops")
			s.world.Put(account, "ecs", ireland, "side-"+id)
			s.world.Put(account, "sns", ireland, "alerts-"+id, "DisplayName=Alerts")
			s.world.Put(account, "sns", ohio, "news-"+id)
		}
		act(s)
		if misuse := s.port.Stats().Misuse; len(misuse) > 0 {
			t.Errorf("Port was misused: %q", misuse)
		}
	})
}

// before calls f once, before the next request of a route of Port is carried out.
func (s *scene) before(route string, f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks[route] = f
}

func (s *scene) onRequest(route string, _ *http.Request) {
	s.mu.Lock()
	f := s.hooks[route]
	delete(s.hooks, route)
	s.mu.Unlock()
	if f != nil {
		f()
	}
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// remap gives the integration another mapping, as a person does.
func (s *scene) remap(config object) { s.must(s.port.EditConfig(integration, config)) }

// engine is that of a new process.
func (s *scene) engine() *run.Engine {
	base := awstest.Config(s.world, ireland)
	base.Retryer = func() aws.Retryer { return access.NewRetryer() }
	logs := &bytes.Buffer{}
	s.mu.Lock()
	s.logs = logs
	s.mu.Unlock()
	return &run.Engine{
		Kinds: kinds.All, Base: base, Store: s.store, Pool: collect.NewPool(64),
		Org:  org.Source{Base: base, ExternalID: s.world.ExternalID, Session: "test", MemberRoleName: "reader"},
		Port: s.portClient(direct{s.port}),
		Log:  slog.New(slog.NewTextHandler(logs, nil)), Type: "aws-v3", Identifier: integration, Version: "1.0.0",
		ExternalID: s.world.ExternalID, Width: 4, PortTimeout: timeout, SecondProof: time.Hour, AccountGrace: 7 * 24 * time.Hour, Now: time.Now,
	}
}

const timeout = 30 * time.Second // of a request to Port

func (s *scene) portClient(way http.RoundTripper) *port.Client { return s.portClientAs("1.0.0", way) }

func (s *scene) portClientAs(version string, way http.RoundTripper) *port.Client {
	return port.New(port.Config{
		BaseURL: "http://port.test", Type: "aws-v3", Version: version, Identifier: integration,
		Timeout: timeout, HTTP: &http.Client{Transport: way},
		Credentials: func(context.Context) (port.Credentials, error) {
			return port.Credentials{ClientID: porttest.ClientID, ClientSecret: porttest.ClientSecret}, nil
		},
	})
}

// direct is an HTTP transport without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (res *http.Response, err error) {
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	in.Header = r.Header
	defer func() {
		if recover() != nil {
			res, err = nil, io.ErrUnexpectedEOF
		}
	}()
	w := httptest.NewRecorder()
	d.ServeHTTP(w, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

// request asks for a new run with options, after half an hour.
func (s *scene) request(o ledger.Options) run.DiscoverRequest {
	time.Sleep(30 * time.Minute)
	s.port.ResetStats()
	return s.requestNow(o)
}

func (s *scene) requestNow(o ledger.Options) run.DiscoverRequest {
	s.runs++
	return run.DiscoverRequest{Run: fmt.Sprintf("run-%d", s.runs), Trigger: "manual", Options: o,
		Until: time.Now().Add(time.Minute)}
}

// try carries out one run with options in a process of its own.
func (s *scene) try(o ledger.Options) (*report.Report, error) {
	s.Helper()
	r, err := s.engine().Once(s.Context(), s.request(o))
	if misuse := s.port.Stats().Misuse; len(misuse) > 0 {
		s.Errorf("Port was misused: %q", misuse)
	}
	return r, err
}

func (s *scene) runWith(o ledger.Options) *report.Report {
	s.Helper()
	r, err := s.try(o)
	if err != nil {
		s.Fatalf("%v\n%s", err, s.logs)
	}
	return r
}

func (s *scene) run() *report.Report {
	s.Helper()
	return s.runWith(ledger.Options{})
}

// fails carries out a run that must end with an error of that name.
func (s *scene) fails(name string) error {
	s.Helper()
	_, err := s.try(ledger.Options{})
	s.named(err, name)
	return err
}

func (s *scene) named(err error, name string) {
	s.Helper()
	var coded interface{ Code() string }
	if !errors.As(err, &coded) || coded.Code() != name {
		s.Fatalf("got %v, want an error named %s", err, name)
	}
}
