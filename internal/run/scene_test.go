package run_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

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

	integration = "aws-test"
	ours        = "port-ocean/aws-v3/1.0.0/" + integration + "/exporter"

	bulkRoute   = "POST /v1/blueprints/{bp}/entities/bulk"
	deleteRoute = "POST /v1/blueprints/{bp}/bulk/entities/delete"
)

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
	synctest.Test(t, func(t *testing.T) {
		s := &scene{T: t, world: awstest.NewWorld(prod, dev, lab), dir: t.TempDir(), hooks: map[string]func(){}}
		s.port = porttest.New(porttest.Options{OnRequest: s.onRequest})
		s.world.Regions = []string{ireland, ohio}
		store, err := ledger.NewDir(s.dir)
		s.must(err)
		s.store = store
		s.must(s.port.Seed(porttest.Seed{Blueprints: blueprints(), Integration: map[string]any{
			"installationId": integration, "installationAppType": "aws-v3", "version": "1.0.0", "config": mapping(),
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

func blueprint(name string, relations map[string]any, properties ...string) map[string]any {
	schema := map[string]any{}
	for _, p := range properties {
		key, kind, _ := strings.Cut(p, " ")
		schema[key] = map[string]any{"type": kind}
	}
	return map[string]any{"identifier": name, "title": name, "schema": map[string]any{"properties": schema}, "relations": relations}
}

func relation(target string) map[string]any {
	return map[string]any{"target": target, "required": false, "many": false}
}

func blueprints() []map[string]any {
	account := map[string]any{"account": relation("account")}
	return []map[string]any{
		blueprint("account", nil),
		blueprint("instance", account, "owner string", "region string"),
		blueprint("bucket", account, "tags array", "tagged boolean"),
		blueprint("cluster", account, "name string", "owner string"),
		blueprint("topic", account, "display string"),
		blueprint("service", map[string]any{"bucket": relation("bucket")}, "note string"), // people's own
	}
}

type object = map[string]any

// block is an entry of the mapping's resources.
func block(kind, blueprint, identifier string, properties object) object {
	m := object{"identifier": identifier, "blueprint": `"` + blueprint + `"`, "properties": properties}
	if kind == "AWS::Account::Info" {
		m["title"] = ".Properties.Name"
	} else {
		m["relations"] = object{"account": ".__ExtraContext.AccountId"}
	}
	return object{"kind": kind, "selector": object{"query": "true"}, "port": object{"entity": object{"mappings": m}}}
}

func accounts() object { return block("AWS::Account::Info", "account", ".Properties.Id", object{}) }

func instances() object {
	return block("AWS::EC2::Instance", "instance", ".Properties.InstanceId", object{
		"owner": `first(.Properties.Tags[]? | select(.Key == "owner") | .Value) // null`, "region": ".__ExtraContext.Region"})
}

func buckets() object {
	return block("AWS::S3::Bucket", "bucket", ".Properties.BucketName", object{
		"tags": ".Properties.Tags", "tagged": ".Properties.Tags | length > 0"})
}

func clusters() object {
	return block("AWS::ECS::Cluster", "cluster", ".Properties.ClusterArn", object{
		"name": ".Properties.ClusterName", "owner": `first(.Properties.Tags[]? | select(.key == "owner") | .value) // null`})
}

func topics() object {
	return block("AWS::SNS::Topic", "topic", ".Properties.TopicArn", object{"display": ".Properties.DisplayName"})
}

func mapping(options ...any) object {
	m := object{"resources": []any{accounts(), instances(), buckets(), clusters(), topics()}}
	for i := 0; i+1 < len(options); i += 2 {
		m[options[i].(string)] = options[i+1]
	}
	return m
}

// selecting is a block whose selector is query.
func selecting(b object, query string) object {
	b["selector"] = object{"query": query}
	return b
}

// maps changes a block's mappings.
func maps(b object, key string, value any) object {
	b["port"].(object)["entity"].(object)["mappings"].(object)[key] = value
	return b
}

// remap gives the integration another mapping, as a person does.
func (s *scene) remap(config object) { s.must(s.port.EditConfig(integration, config)) }

// engine is that of a new process.
func (s *scene) engine() *run.Engine {
	base := awstest.Config(s.world, ireland)
	base.Retryer = func() aws.Retryer { return access.NewRetryer() }
	s.logs = &bytes.Buffer{}
	const timeout = 30 * time.Second
	return &run.Engine{
		Kinds: kinds.All, Base: base, Store: s.store, Pool: collect.NewPool(64),
		Org: org.Source{Base: base, ExternalID: s.world.ExternalID, Session: "test", MemberRoleName: "reader"},
		Port: port.New(port.Config{
			BaseURL: "http://port.test", Type: "aws-v3", Version: "1.0.0", Identifier: integration, Timeout: timeout,
			HTTP: &http.Client{Transport: direct{s.port}},
			Credentials: func(context.Context) (port.Credentials, error) {
				return port.Credentials{ClientID: porttest.ClientID, ClientSecret: porttest.ClientSecret}, nil
			},
		}),
		Log: slog.New(slog.NewTextHandler(s.logs, nil)), Type: "aws-v3", Identifier: integration,
		ExternalID: s.world.ExternalID, Width: 4, PortTimeout: timeout, SecondProof: time.Hour, Now: time.Now,
	}
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
	return w.Result(), r.Context().Err()
}

// request asks for a new run with options.
func (s *scene) request(o ledger.Options) run.DiscoverRequest {
	time.Sleep(30 * time.Minute)
	s.runs++
	s.port.ResetStats()
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

// entity is what Port has of one, or should have.
type entity struct {
	Title                 string `json:",omitempty"`
	Properties, Relations object
}

// catalog is what Port has, by blueprint/identifier.
func (s *scene) catalog() map[string]entity {
	var list []struct {
		Blueprint, Identifier string
		entity
	}
	s.must(json.Unmarshal(s.port.Dump(), &list))
	all := map[string]entity{}
	for _, e := range list {
		all[e.Blueprint+"/"+e.Identifier] = e.entity
	}
	return all
}

// wanted is what the mapping makes of the world.
func (s *scene) wanted() map[string]entity {
	all := map[string]entity{}
	for _, id := range []string{prod, dev, lab} {
		all["account/"+id] = entity{Title: "account " + id}
	}
	for _, t := range s.world.Things() {
		all[name(t)] = entity{Relations: object{"account": t.Account}, Properties: properties(t)}
	}
	return all
}

// name is the entity that a resource yields.
func name(t awstest.Thing) string {
	switch t.Service {
	case "ec2":
		return "instance/" + t.Name
	case "s3":
		return "bucket/" + t.Name
	case "ecs":
		return "cluster/" + t.ARN()
	}
	return "topic/" + t.ARN()
}

func properties(t awstest.Thing) object {
	p, list := object{}, []any{}
	for _, tag := range t.Tags {
		list = append(list, object{"Key": tag.Key, "Value": tag.Value})
		switch {
		case tag.Key == "owner" && (t.Service == "ec2" || t.Service == "ecs"):
			p["owner"] = tag.Value
		case tag.Key == "DisplayName" && t.Service == "sns":
			p["display"] = tag.Value
		}
	}
	switch t.Service {
	case "ec2":
		p["region"] = t.Region
	case "s3":
		p["tags"], p["tagged"] = list, len(list) > 0
	case "ecs":
		p["name"] = t.Name
	case "sns":
		if p["display"] == nil {
			p["display"] = ""
		}
	}
	return p
}

// converged compares Port with the world, but for what else the test says of single entities; nil says
// that there is none.
func (s *scene) converged(but ...map[string]*entity) {
	s.Helper()
	want := s.wanted()
	for _, changes := range but {
		for key, e := range changes {
			if delete(want, key); e != nil {
				want[key] = *e
			}
		}
	}
	if diff := cmp.Diff(want, s.catalog()); diff != "" {
		s.Errorf("catalog (-want +got):\n%s", diff)
	}
}

// writes are what Port was asked to do since the last run began.
type writes struct{ Created, Updated, Unchanged, Deleted int }

func (s *scene) wrote(want writes) {
	s.Helper()
	got := s.port.Stats()
	if diff := cmp.Diff(want, writes{got.Created, got.Updated, got.Unchanged, got.Deleted}); diff != "" {
		s.Errorf("writes (-want +got):\n%s", diff)
	}
}

// swept is what became of the entities that may go, each as "blueprint/identifier reason outcome".
type swept struct{ Deleted, Held, Released, Stayed []string }

func (s *scene) swept(r *report.Report, want swept) {
	s.Helper()
	lines := func(list []report.Departure) (all []string) {
		for _, d := range list {
			all = append(all, strings.TrimSuffix(d.Blueprint+"/"+d.Identifier+": "+d.Reason+", "+d.Outcome, ", Deleted"))
		}
		slices.Sort(all)
		return all
	}
	got := swept{lines(r.Deleted), lines(r.Held), lines(r.Released), lines(r.Stayed)}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("swept (-want +got):\n%s", diff)
	}
}

// frozen compares what the run could not read in full: each account with its verdict, and how many of
// its cells prove nothing.
func (s *scene) frozen(r *report.Report, want ...string) {
	s.Helper()
	var got []string
	hidden := len(r.Blocks) > 0
	for _, a := range r.Accounts {
		if a.Reason != "" {
			got = append(got, fmt.Sprintf("%s %s %s %d", a.ID, a.State, a.Reason, len(a.Frozen)))
		}
		hidden = hidden || a.State != "complete" && a.State != "listed"
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("frozen (-want +got):\n%s", diff)
	}
	if (r.Verdict == report.Frozen) != hidden {
		s.Errorf("verdict %s", r.Verdict)
	}
}

// problems are the report's, as "reason: entity or resource".
func problems(r *report.Report) (all []string) {
	for _, a := range r.Accounts {
		for _, p := range a.Problems {
			all = append(all, p.Reason+": "+p.Entity+p.Resource)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// state is every object of ours but those of one run, by key.
func (s *scene) state(but string) map[string]string {
	all := map[string]string{}
	s.must(fs.WalkDir(os.DirFS(s.dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") ||
			but != "" && strings.Contains(name, "/"+but+"/") {
			return err
		}
		data, err := os.ReadFile(filepath.Join(s.dir, name))
		all[name] = string(data)
		return err
	}))
	return all
}

// equal compares Port with an earlier catalog.
func (s *scene) equal(want map[string]entity) {
	s.Helper()
	if diff := cmp.Diff(want, s.catalog()); diff != "" {
		s.Errorf("catalog (-want +got):\n%s", diff)
	}
}
