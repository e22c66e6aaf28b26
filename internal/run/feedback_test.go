package run_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
	"github.com/port-aws-sync/port-aws-sync/internal/schedule"
)

// logged says whether the log in Port has a line of a level with all these words.
func (s *scene) logged(level string, words ...string) bool {
	return slices.ContainsFunc(s.port.Told(integration).Logs, func(line map[string]any) bool {
		return line["level"] == level && !slices.ContainsFunc(words, func(w string) bool {
			return !strings.Contains(line["message"].(string), w)
		})
	})
}

// parts are the last states of the parts of the last resync, by kindIdentifier.
func (s *scene) parts() map[string]map[string]any {
	all := map[string]map[string]any{}
	told := s.port.Told(integration)
	event := told.Logs[len(told.Logs)-1]["extra"].(map[string]any)["event_id"].(string)
	for key, m := range told.Syncs {
		if name, ok := strings.CutPrefix(key, event+"/"); ok {
			all[name] = m
		}
	}
	return all
}

func count(m map[string]any, phase, kind string) float64 {
	return m["metrics"].(map[string]any)["phase"].(map[string]any)[phase].(map[string]any)["object_count_type"].(map[string]any)[kind].(map[string]any)["object_count"].(float64)
}

func TestWhoReadsOnlyPortSeesWhatARunDidAndWhatItCouldNot(t *testing.T) {
	play(t, func(s *scene) {
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{strictTopic("", "News")}}))
		s.world.Fault(rule{Account: dev, Operation: "sts:AssumeRole", Fail: awstest.Deny})
		s.world.Fault(rule{Account: prod, Region: ohio, Operation: "ec2:DescribeInstances", Fail: awstest.Deny})
		s.remap(config(accounts(), instances(), buckets(), clusters(), topics(), block("AWS::No::Such", "topic", ".Type", object{})))
		s.run()
		for _, want := range [][]string{
			{"INFO", "run run-1 begins"},
			{"ERROR", "not applied", "AWS::No::Such is not a kind"},
			{"WARNING", "run run-1: complete with frozen cells"},
			{"WARNING", "account " + dev, "could not be read", "RoleDenied"},
			{"ERROR", "account " + prod, "Refused: topic/arn:aws:sns:eu-west-1:111111111111:alerts-11 (resources[4].port.entity.mappings): ", "display"},
		} {
			if !s.logged(want[0], want[1:]...) {
				t.Errorf("no line of %q in %v", want, s.port.Told(integration).Logs)
			}
		}
		parts := s.parts()
		for name, state := range map[string]string{
			"__runtime__": "completed", "__reconciliation__": "completed", "AWS::EC2::Instance-1": "completed",
			"AWS::SNS::Topic-4": "completed", "AWS::No::Such-5": "failed",
		} {
			if parts[name]["syncState"] != state {
				t.Errorf("%s is %v", name, parts[name]["syncState"])
			}
		}
		if m := parts["AWS::EC2::Instance-1"]; count(m, "load", "loaded") != 3 || count(m, "extract", "failed") != 1 {
			t.Errorf("instances %v", m)
		}
		if m := parts["AWS::SNS::Topic-4"]; count(m, "load", "loaded") != 1 || count(m, "load", "failed") != 1 || m["blueprint"] != `"topic"` {
			t.Errorf("topics %v", m)
		}
	})
}

func TestARunThatCannotBeginSaysWhyInPort(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(config(change(topics(), "identifier", ".Properties |")))
		s.fails("MappingInvalid")
		if !s.logged("ERROR", "has not begun", "resources[0].port.entity.mappings.identifier") {
			t.Errorf("%v", s.port.Told(integration).Logs)
		}
	})
}

func TestADryRunTellsPortNothing(t *testing.T) {
	play(t, func(s *scene) {
		s.runWith(ledger.Options{DryRun: true})
		if told := s.port.Told(integration); len(told.Logs)+len(told.Syncs)+len(told.Beats) > 0 {
			t.Errorf("%+v", told)
		}
	})
}

// TestNoRunWaitsForItsSpectators: Port's routes for logs and metrics are refused, hang or are not there.
func TestNoRunWaitsForItsSpectators(t *testing.T) {
	for name, do := range map[string]porttest.Action{
		"refused": porttest.Fail{Status: 500}, "hanging": porttest.Slow{By: time.Hour}, "dropped": porttest.DropBefore{},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				for _, route := range []string{
					"POST /ingest/logs/{id}", "POST /ingest/metrics/{id}/heartbeat", "POST /ingest/metrics/{id}/syncMetrics",
					"PUT /ingest/metrics/{id}/syncMetrics/resync/{event}/kind/{kind}",
				} {
					s.port.Fault(porttest.Rule{Route: route, Do: do})
				}
				r := s.run()
				s.converged()
				if took := r.Ended.Sub(r.Began); took > time.Minute {
					t.Errorf("it took %s", took)
				}
				if s.port.ResyncState(integration)["status"] != "completed" {
					t.Error("Port shows no end")
				}
			})
		})
	}
}

func TestALongRunSaysThatItIsAtWork(t *testing.T) {
	play(t, func(s *scene) {
		e := s.engine()
		e.Port = s.portClient(way{direct{s.port}, func(r *http.Request, res *http.Response) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/entities/bulk") {
				time.Sleep(20 * time.Second)
			}
			return res
		}})
		e.Width = 1
		_, err := e.Once(s.Context(), s.request(ledger.Options{}))
		s.must(err)
		beats := s.port.Told(integration).Beats
		if events := slices.Compact(slices.Clone(beats)); len(beats) < 2 || len(events) != 1 || events[0] != s.parts()["__runtime__"]["eventId"] {
			t.Errorf("beats %q", beats)
		}
	})
}

func TestPortShowsWhenTheNextRunComes(t *testing.T) {
	withMachine(t, func(s *scene, m *machine) {
		plan, err := schedule.Parse("rate(6 hours)", "UTC")
		s.must(err)
		at := time.Now().Truncate(time.Second).UTC()
		name := at.Format("20060102T150405Z")
		for _, act := range []func(*run.Engine) error{
			func(e *run.Engine) error { _, err := e.Tick(s.Context(), at); return err },
			func(e *run.Engine) error { // what its execution does
				_, err := e.Discover(s.Context(), run.DiscoverRequest{Run: name, Execution: m.ARN(name)})
				e.Announce(s.Context(), name)
				return err
			},
		} {
			e := s.engine()
			e.Executions, e.Schedule = m, plan
			s.must(act(e))
		}
		state := s.port.ResyncState(integration)
		want := at.Add(6 * time.Hour).Format("2006-01-02T15:04:05.000Z")
		if state["nextResync"] != want || state["intervalInMinuets"] != 360.0 || state["status"] != "running" {
			t.Errorf("%v, want %s", state, want)
		}
	})
}

func TestALogInPortHasNoSecrets(t *testing.T) {
	play(t, func(s *scene) {
		const key, jwt = "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
		s.remap(config(change(topics(), "properties", object{"display": `"` + key + ` ` + jwt + ` password=hunter22" | error`, "nosuch": `1`})))
		_, err := s.try(ledger.Options{})
		s.named(err, "MappingEmpty")
		s.remap(config(change(topics(), "identifier", `"`+key+` token: `+jwt+`" |`)))
		s.fails("MappingInvalid")
		for _, line := range s.port.Told(integration).Logs {
			for _, secret := range []string{key, jwt, "hunter22"} {
				if strings.Contains(line["message"].(string), secret) {
					t.Errorf("%s is in %v", secret, line)
				}
			}
		}
		if len(s.port.Told(integration).Logs) != 2 {
			t.Errorf("%v", s.port.Told(integration).Logs)
		}
	})
}
