package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// vacate leaves Port with nothing, as a new organization is.
func (s *scene) vacate() { s.port = porttest.New(porttest.Options{OnRequest: s.onRequest}) }

// newcomer is an engine that sets up what Port lacks, of the kinds that the scene's AWS has.
func (s *scene) newcomer() *run.Engine {
	e := s.engine()
	e.Initialize = true
	e.Kinds = nil
	for _, name := range []string{"AWS::Account::Info", "AWS::Organizations::Account", "AWS::EC2::Instance", "AWS::S3::Bucket", "AWS::ECS::Cluster", "AWS::SNS::Topic"} {
		k, _ := kind.Find(kinds.All, name)
		e.Kinds = append(e.Kinds, k)
	}
	return e
}

func (s *scene) settle(o ledger.Options) (*report.Report, error) {
	s.Helper()
	return s.newcomer().Once(s.Context(), s.request(o))
}

func (s *scene) settles(o ledger.Options) *report.Report {
	s.Helper()
	r, err := s.settle(o)
	if err != nil {
		s.Fatalf("%v\n%s", err, s.logs)
	}
	return r
}

func TestTheFirstRunSetsUpWhatPortLacksAndFillsIt(t *testing.T) {
	play(t, func(s *scene) {
		s.vacate()
		s.world.Put(prod, "ec2", ireland, "i-untagged")
		r := s.settles(ledger.Options{})
		if r.Verdict != report.Complete || len(r.Blocks)+len(r.Warnings) > 0 {
			t.Errorf("verdict %s, frozen %+v, warnings %q, problems %q", r.Verdict, r.Blocks, r.Warnings, problems(r))
		}
		for name, b := range r.Blueprints {
			if b.Refused+b.Failed > 0 {
				t.Errorf("%s: %+v %q", name, b, problems(r))
			}
		}
		for _, words := range []string{"register the integration " + integration, "create blueprint awsAccount", "create blueprint awsSyncRun"} {
			if !slices.Contains(r.Setup, words) || !strings.Contains(r.Text(), "Set up in Port: "+words) {
				t.Errorf("set up %q", r.Setup)
			}
		}
		catalog := s.catalog()
		account := catalog["awsAccount/"+prod]
		if account.Properties["roleReachable"] != true || account.Properties["coverage"] == nil || account.Properties["accountId"] != prod {
			t.Errorf("account %v", account.Properties)
		}
		if e := catalog["snsTopic/arn:aws:sns:eu-west-1:111111111111:alerts-11"]; e.Relations["account"] != prod {
			t.Errorf("topic %+v", e)
		}
		in, err := s.portClient(direct{s.port}).Integration(s.Context())
		if err != nil || in.Version != "1.0.0" || in.ProcessingMode != "ocean-core" || !in.Initialized {
			t.Errorf("integration %+v, %v", in, err)
		}
		again := s.settles(ledger.Options{})
		if len(again.Setup) > 0 || s.port.Stats().Updated > 0 {
			t.Errorf("a second run set up %q and updated %d", again.Setup, s.port.Stats().Updated)
		}
	})
}

func TestADryRunShowsWhatItWouldSetUpAndWritesNothing(t *testing.T) {
	play(t, func(s *scene) {
		s.vacate()
		r := s.settles(ledger.Options{DryRun: true})
		if !slices.Contains(r.Setup, "create blueprint ec2Instance") || !strings.Contains(r.Text(), "Would be set up in Port: create blueprint ec2Instance") {
			t.Errorf("set up %q", r.Setup)
		}
		if r.Blueprints["ec2Instance"].Created != 8 {
			t.Errorf("would write %+v", r.Blueprints)
		}
		for route, n := range s.port.Stats().Requests {
			if !strings.HasPrefix(route, "GET ") && !strings.Contains(route, "search") && !strings.Contains(route, "datasource-entities") && !strings.Contains(route, "access_token") {
				t.Errorf("%s %v", route, n)
			}
		}
	})
}

// TestASetUpThatBreaksOffIsEndedByTheNextRun breaks it off at each of its writes, and once more at the next.
func TestASetUpThatBreaksOffIsEndedByTheNextRun(t *testing.T) {
	for _, route := range []string{
		"POST /v1/blueprints", "PATCH /v1/blueprints/{bp}", "GET /v1/blueprints/{bp}", "POST /v1/integration", "PATCH /v1/integration/{id}",
	} {
		for after := range 3 {
			t.Run(fmt.Sprint(route, after), func(t *testing.T) {
				play(t, func(s *scene) {
					s.vacate()
					lift := s.port.Fault(porttest.Rule{Route: route, After: after, Do: porttest.Fail{Status: 422}})
					_, _ = s.settle(ledger.Options{}) // ends as it may
					lift()
					s.settles(ledger.Options{})
					r := s.settles(ledger.Options{})
					if len(r.Setup) > 0 || r.Verdict != report.Complete || r.Blueprints["ec2Instance"].Entities != 8 {
						t.Errorf("%s, set up %q, %+v", r.Verdict, r.Setup, r.Blueprints)
					}
				})
			})
		}
	}
}

func TestSetUpAddsWhatIsMissingAndLeavesWhatSomebodyHasChanged(t *testing.T) {
	play(t, func(s *scene) {
		s.vacate()
		mine := blueprint("snsTopic", nil, "arn string", "mine number")
		mine["title"] = "My topics"
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{mine}, Integration: map[string]any{
			"installationId": integration, "installationAppType": "aws-v3", "version": "1.0.0", "config": config(accounts()),
		}}))
		s.must(s.port.Seed(porttest.Seed{Blueprints: blueprints()[:1]}))
		if r := s.settles(ledger.Options{}); len(r.Setup) > 0 {
			t.Errorf("somebody's own mapping, and set up %q", r.Setup)
		}
		r := s.settles(ledger.Options{Setup: true})
		if !slices.ContainsFunc(r.Setup, func(s string) bool { return strings.HasPrefix(s, "add to blueprint snsTopic properties displayName") }) {
			t.Errorf("set up %q", r.Setup)
		}
		c := s.portClient(direct{s.port})
		live, err := c.Definition(s.Context(), "snsTopic")
		s.must(err)
		properties := live["schema"].(map[string]any)["properties"].(map[string]any)
		if live["title"] != "My topics" || properties["mine"] == nil || properties["displayName"] == nil {
			t.Errorf("topic %v", live)
		}
		in, err := c.Integration(s.Context())
		s.must(err)
		if strings.Contains(string(in.Config), "snsTopic") {
			t.Error("the mapping that somebody wrote has changed")
		}
	})
}

// TestAnOceanIntegrationIsTakenOver: with its mapping and its entities, and nothing is deleted.
func TestAnOceanIntegrationIsTakenOver(t *testing.T) {
	play(t, func(s *scene) {
		s.run() // what Ocean had written
		left := porttest.Entity{Blueprint: "bucket", Identifier: "left-behind", Datasource: "port-ocean/aws-v3/2.20.11-beta/" + integration + "/exporter"}
		s.must(s.port.Seed(porttest.Seed{Entities: []porttest.Entity{left}}))
		before := s.catalog()
		s.must(s.port.Seed(porttest.Seed{Integration: map[string]any{
			"installationId": integration, "installationAppType": "aws-v3", "version": "2.20.11-beta",
			"processingMode": "dsp", "config": mapping(),
		}}))
		s.must(s.port.RequestResync(integration)) // which Ocean has heard, or not
		s.dir = s.TempDir()                       // we know nothing of it
		store, err := ledger.NewDir(s.dir)
		s.must(err)
		s.store = store
		r := s.settles(ledger.Options{})
		s.swept(r, swept{})
		s.equal(before)
		if len(r.Setup) > 0 {
			t.Errorf("set up %q", r.Setup)
		}
		in, err := s.portClient(direct{s.port}).Integration(s.Context())
		if err != nil || in.Version != "1.0.0" || in.ProcessingMode != "ocean-core" {
			t.Errorf("integration %+v, %v", in, err)
		}
		s.settles(ledger.Options{})
		if n := s.port.Stats().Requests["PATCH /v1/integration/{id}"]; len(n) > 0 {
			t.Errorf("nothing differs, and it is changed %v", n)
		}
	})
}

// showForeign shows in Port what another writer under the same identifier shows.
func (s *scene) showForeign(status string) {
	s.must(s.portClient(direct{s.port}).SetResyncState(s.Context(), port.ResyncState{Status: status, At: time.Now()}))
}

func TestTwoWritersUnderOneIdentifierAreTold(t *testing.T) {
	foreign := func(s *scene, version string, act func()) {
		time.Sleep(time.Hour)
		s.must(s.port.Seed(porttest.Seed{Integration: map[string]any{
			"installationId": integration, "installationAppType": "aws-v3", "version": version, "config": mapping(),
		}}))
		act()
	}
	for name, other := range map[string]func(*scene){
		"a run of Ocean": func(s *scene) {
			foreign(s, "2.20.11-beta", func() { s.showForeign("running") })
		},
		"one that has ended": func(s *scene) {
			foreign(s, "2.20.11-beta", func() { s.showForeign("running"); s.showForeign("completed") })
		},
		"one that began before our last and ended after it": func(s *scene) {
			foreign(s, "2.20.11-beta", func() { s.showForeign("completed") })
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Remove(prod, "s3", ireland, "logs-11")
				before := s.catalog()
				other(s)
				err := s.fails("AnotherWriter")
				for _, words := range []string{integration, "version 2.20.11-beta", "adopt"} {
					if !strings.Contains(err.Error(), words) {
						t.Errorf("%q does not say %q", err, words)
					}
				}
				s.equal(before)
				s.runWith(ledger.Options{DryRun: true}) // writes nothing, so may look
				s.runWith(ledger.Options{Adopt: true})
				s.converged()
				s.run()
			})
		})
	}
}

func TestOurOwnRunsAreNobodyElses(t *testing.T) {
	play(t, func(s *scene) {
		for range 3 {
			s.run()
		}
		lift := s.port.Fault(porttest.Rule{Route: "PATCH /v1/integration/{id}/resync-state", Do: porttest.Fail{Status: 422}})
		s.run()
		lift()
		s.run()
		if diff := cmp.Diff("completed", s.port.ResyncState(integration)["status"]); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAnAccountOfTheDefaultMappingGoesWithWhatItHeld: two claims are on it, that of the account and that of what could be
// seen of it.
func TestAnAccountOfTheDefaultMappingGoesWithWhatItHeld(t *testing.T) {
	play(t, func(s *scene) {
		s.vacate()
		s.settles(ledger.Options{})
		s.world.SetState(prod, "")
		s.settles(ledger.Options{})
		if e := s.catalog()["awsAccount/"+prod]; e.Properties["coverageReason"] != "AccountLeft" {
			t.Errorf("while its grace goes on: %v", e.Properties)
		}
		time.Sleep(8 * 24 * time.Hour)
		for range 3 {
			s.settles(ledger.Options{})
		}
		for key, e := range s.catalog() {
			if e.Relations["account"] == prod || key == "awsAccount/"+prod {
				t.Errorf("%s is still there: %v", key, e)
			}
		}
		if _, there := s.catalog()["awsAccount/"+dev]; !there {
			t.Error("another account has gone, too")
		}
		r := s.settles(ledger.Options{})
		if s.port.Stats().Updated > 0 || len(r.Held)+len(r.Stayed) > 0 {
			t.Errorf("it does not come to rest: %d updated, held %v, stayed %v", s.port.Stats().Updated, r.Held, r.Stayed)
		}
	})
}
