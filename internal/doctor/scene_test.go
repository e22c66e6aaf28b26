package doctor_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/doctor"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

const (
	prod, dev  = "111111111111", "222222222222"
	hub        = "999999999999"
	ireland    = "eu-west-1"
	ohio       = "us-east-2"
	machine    = "arn:aws:states:eu-west-1:999999999999:stateMachine:hub"
	syncRole   = "arn:aws:iam::999999999999:role/hub-sync"
	integrated = "aws-test"
	version    = "1.0.0"
	secretARN  = "arn:aws:secretsmanager:eu-west-1:999999999999:secret:port"
)

// scene is a stack in which all is well: two accounts, a StackSet, a schedule, a Port. Tests spoil it.
type scene struct {
	*testing.T
	world  *awstest.World
	port   *porttest.Server
	doctor *doctor.Doctor

	stackSet   map[string]string    // parameters
	template   string               // of the StackSet
	instances  map[string]string    // status and reason, by account
	access     string               // of CloudFormation to the organization
	schedule   string               // its state; "" = there is none
	expression string               // of the schedule
	limit      int                  // of Lambda
	execution  string               // status of the newest one; "" = there is none
	began      time.Time            // the newest execution
	errorName  string               // of it
	version    string               // of the roles
	refusals   map[string][2]string // code and message, by operation
}

// examine spoils a scene and lets the doctor look at it.
func examine(t *testing.T, spoil func(*scene), only ...string) (r *doctor.Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := sound(t)
		spoil(s)
		r = s.doctor.Examine(t.Context(), only)
		if misuse := s.port.Stats().Misuse; len(misuse) > 0 {
			t.Errorf("Port was misused: %q", misuse)
		}
	})
	return r
}

func sound(t *testing.T) *scene {
	s := &scene{T: t, world: awstest.NewWorld(prod, dev), port: porttest.New(porttest.Options{}),
		stackSet: map[string]string{"RoleName": "reader", "ExternalId": "the-external-id", "TrustedPrincipalARN": syncRole},
		template: "Tags: [{Key: port-aws-sync, Value: 1.0.0}]", instances: map[string]string{prod: "CURRENT", dev: "CURRENT"},
		access: "ENABLED", schedule: "ENABLED", expression: "rate(6 hours)", limit: 1000, execution: "SUCCEEDED",
		began: time.Now().Add(-time.Hour), version: version, refusals: map[string][2]string{}}
	s.world.Regions = []string{ireland, ohio}
	for _, account := range []string{prod, dev} {
		s.world.Put(account, "ec2", ireland, "i-"+account[:2])
		s.world.Put(account, "s3", ireland, "logs-"+account[:2], "team=core")
		s.world.Put(account, "sns", ohio, "news-"+account[:2])
	}
	s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{blueprint("instance"), blueprint("bucket"), blueprint("topic")},
		Integration: map[string]any{"installationId": integrated, "installationAppType": "aws-v3", "version": version, "config": config()}}))
	base := awstest.Config(http.HandlerFunc(s.serve), ireland)
	store, err := ledger.NewDir(t.TempDir())
	s.must(err)
	s.doctor = &doctor.Doctor{
		Hub: base, Base: base, Store: store, Kinds: kinds.All, Other: kinds.Other, Own: []string{run.AccountCoverage},
		Org:  org.Source{Base: base, ExternalID: s.world.ExternalID, Session: "test", MemberRoleName: "reader"},
		Port: s.portClient(direct{s.port}, nil), PortBaseURL: "http://port.test", Secret: secretARN,
		Type: "aws-v3", Identifier: integrated, ExternalID: s.world.ExternalID, Width: 10, Machine: machine, Version: version, Now: time.Now,
	}
	s.must(s.ledger().Release(t.Context(), s.lock("old", 1, 0)))
	return s
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) ledger() *ledger.Ledger {
	return ledger.New(s.doctor.Store, porttest.OrgID, "aws-v3", integrated, time.Now)
}

// lock lets a run take the lock for a time.
func (s *scene) lock(name string, fence int64, d time.Duration) ledger.Lock {
	lock, err := s.ledger().ReadLock(s.Context())
	s.must(err)
	lock, err = s.ledger().Acquire(s.Context(), lock, ledger.Plan{Run: name, Fence: fence}, "", time.Now().Add(d), nil)
	s.must(err)
	return lock
}

func (s *scene) portClient(way http.RoundTripper, unread error) *port.Client {
	return port.New(port.Config{
		BaseURL: "http://port.test", Type: "aws-v3", Version: version, Identifier: integrated, HTTP: &http.Client{Transport: way},
		Credentials: func(context.Context) (port.Credentials, error) {
			return port.Credentials{ClientID: porttest.ClientID, ClientSecret: porttest.ClientSecret}, unread
		},
	})
}

// run carries out a run of the scene, as it is.
func (s *scene) run() { s.runAs("run-1") }

func (s *scene) runAs(name string) {
	d := s.doctor
	e := &run.Engine{Kinds: d.Kinds, Base: d.Base, Store: d.Store, Pool: collect.NewPool(8), Org: d.Org, Port: d.Port,
		Log: slog.New(slog.DiscardHandler), Type: d.Type, Identifier: d.Identifier, ExternalID: d.ExternalID, Width: 4,
		PortTimeout: 30 * time.Second, SecondProof: time.Hour, AccountGrace: time.Hour, Now: time.Now}
	_, err := e.Once(s.Context(), run.DiscoverRequest{Run: name, Trigger: "manual", Until: time.Now().Add(time.Minute)})
	s.must(err)
}

func (s *scene) refuse(operation, code, message string) {
	s.refusals[operation] = [2]string{code, message}
}

func blueprint(name string) map[string]any {
	return map[string]any{"identifier": name, "title": name, "schema": map[string]any{"properties": map[string]any{
		"tags": map[string]any{"type": "array"}}, "required": []any{}}}
}

func config(more ...map[string]any) map[string]any {
	blocks := []any{block("AWS::EC2::Instance", "instance"), block("AWS::S3::Bucket", "bucket"), block("AWS::SNS::Topic", "topic")}
	for _, b := range more {
		blocks = append(blocks, b)
	}
	return map[string]any{"resources": blocks}
}

func block(kind, blueprint string) map[string]any {
	return map[string]any{"kind": kind, "selector": map[string]any{"query": "true"}, "port": map[string]any{"entity": map[string]any{
		"mappings": map[string]any{"identifier": ".Properties | tostring | @base64 | .[:90]", "blueprint": `"` + blueprint + `"`,
			"properties": map[string]any{"tags": ".Properties.Tags"}}}}}
}

// direct is an HTTP transport without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	in := httptest.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), r.Body)
	in.Header = r.Header
	w := httptest.NewRecorder()
	d.ServeHTTP(w, in)
	return w.Result(), nil
}

// nowhere is a network without a Port.
type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no route to host")
}
