package run_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestAnEntityThatPortRefusesIsNamedAndSentAgainOnlyWhenSomethingChanged(t *testing.T) {
	play(t, func(s *scene) {
		// One display name is not among those that the blueprint allows.
		strict := func(names ...any) map[string]any {
			b := blueprint("topic", object{"account": relation("account")}, "display string")
			b["schema"].(object)["properties"].(object)["display"].(object)["enum"] = names
			return b
		}
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{strict("", "Alerts")}}))
		s.world.Put(prod, "sns", ireland, "odd", "DisplayName=Odd")
		const odd = "topic/arn:aws:sns:eu-west-1:111111111111:odd"
		r := s.run()
		s.converged(map[string]*entity{odd: nil})
		if diff := cmp.Diff([]string{"Refused: " + odd}, problems(r)); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		sent := func() int { return s.port.Stats().Requests[bulkRoute][207] }
		r = s.run()
		if sent() != 0 || r.Blueprints["topic"].Refused != 1 {
			t.Errorf("unchanged, and sent %d times; %+v", sent(), r.Blueprints["topic"])
		}
		s.world.Put(prod, "sns", ireland, "odd", "DisplayName=Odder")
		s.run()
		if sent() != 1 {
			t.Errorf("changed, and sent %d times", sent())
		}
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{strict("", "Alerts", "Odder")}}))
		s.run()
		s.converged()
		s.wrote(writes{Created: 1})
	})
}

func TestARefusedChangeKeepsTheOldEntityAndItsClaim(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		b := blueprint("topic", object{"account": relation("account")}, "display string")
		b["schema"].(object)["properties"].(object)["display"].(object)["enum"] = []any{"", "Alerts"}
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{b}}))
		old := s.catalog()["topic/arn:aws:sns:eu-west-1:111111111111:alerts-11"]
		s.world.Put(prod, "sns", ireland, "alerts-11", "DisplayName=Odd")
		s.run()
		s.converged(map[string]*entity{"topic/arn:aws:sns:eu-west-1:111111111111:alerts-11": &old})
		s.world.Remove(prod, "sns", ireland, "alerts-11")
		s.swept(s.run(), swept{Deleted: []string{"topic/arn:aws:sns:eu-west-1:111111111111:alerts-11: gone"}})
		s.converged()
	})
}

func TestABlockWithoutItsBlueprintIsFrozenAndTheOthersGoOn(t *testing.T) {
	computed := maps(topics(), "blueprint", `"to" + "pic"`) // known only when it is sent
	for name, block := range map[string]object{"found by discover": topics(), "found by Port's answer": computed} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.remap(object{"resources": []any{accounts(), instances(), buckets(), clusters(), block}})
				s.run()
				s.port.RemoveBlueprint("topic")
				s.world.Remove(prod, "sns", ireland, "alerts-11")
				s.world.Put(prod, "sns", ireland, "fresh", "DisplayName=Fresh")
				s.world.Remove(prod, "s3", ireland, "bare-11")
				r := s.run()
				s.swept(r, swept{Deleted: []string{"bucket/bare-11: gone"}})
				if r.Verdict == "complete" || !strings.Contains(r.Text(), "BlueprintMissing") {
					t.Errorf("the report does not tell:\n%s", r.Text())
				}
				if n := s.port.Stats().Requests[bulkRoute][404]; n > 1 {
					t.Errorf("asked %d times for a blueprint that is not there", n)
				}
				s.must(s.port.Seed(porttest.Seed{Blueprints: blueprints()}))
				r = s.run()
				s.converged()
				s.swept(r, swept{Deleted: []string{"topic/arn:aws:sns:eu-west-1:111111111111:alerts-11: gone, AlreadyGone"}})
			})
		})
	}
}

func TestABlueprintMadeAnewGetsAllItsEntitiesAgain(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.port.RemoveBlueprint("topic")
		time.Sleep(time.Minute)
		s.must(s.port.Seed(porttest.Seed{Blueprints: blueprints()}))
		s.run()
		s.converged()
		s.wrote(writes{Created: 4})
		s.run()
		s.wrote(writes{})
	})
}

// related makes each topic refer to the bucket that its display name names.
func (s *scene) related(options ...any) {
	s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{
		blueprint("topic", object{"account": relation("account"), "bucket": relation("bucket")}, "display string")}}))
	m := mapping(options...)
	m["resources"] = []any{maps(topics(), "relations", object{"bucket": `.Properties.DisplayName | if . == "" then null else . end`}),
		accounts(), instances(), buckets(), clusters()}
	s.remap(m)
}

func TestARelationTargetThatComesLaterIsWaitedFor(t *testing.T) {
	play(t, func(s *scene) {
		s.related("createMissingRelatedEntities", false)
		s.world.Put(prod, "sns", ireland, "alerts-11", "DisplayName=late-11") // comes in the same run
		s.world.Put(dev, "sns", ireland, "alerts-22", "DisplayName=never")
		s.world.Put(prod, "s3", ireland, "late-11")
		s.world.Fault(awstest.Rule{Account: prod, Operation: "s3:ListBuckets", Page: 1, Times: 1, Hook: func() { time.Sleep(time.Second) }})
		r := s.run()
		have := s.catalog()
		if got := have["topic/arn:aws:sns:eu-west-1:111111111111:alerts-11"].Relations["bucket"]; got != "late-11" {
			t.Errorf("the one whose target came is related to %v", got)
		}
		const lost = "topic/arn:aws:sns:eu-west-1:222222222222:alerts-22"
		if diff := cmp.Diff([]string{"RelationMissing: " + lost}, problems(r)); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		s.run()
		if n := s.port.Stats().Requests[bulkRoute][207]; n == 0 {
			t.Error("the one whose target is missing was not sent again")
		}
		s.world.Put(lab, "s3", ireland, "never")
		s.run()
		s.run() // at the latest now: accounts are synced side by side
		if got := s.catalog()[lost].Relations["bucket"]; got != "never" {
			t.Errorf("then related to %v", got)
		}
	})
}

func TestLostAnswersChangeNothingAboutTheOutcome(t *testing.T) {
	for name, do := range map[string]porttest.Action{
		"the answer is lost": porttest.LoseAnswer{}, "the answer is cut": porttest.CutBody{},
		"the request is lost": porttest.DropBefore{}, "Port fails for a while": porttest.Fail{Status: 503},
		"Port is busy for a moment": porttest.Fail{Status: 429, RetryAfter: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.port.Fault(porttest.Rule{Route: bulkRoute, Times: 4, Do: do})
				s.frozen(s.run())
				s.converged()
				s.run()
				s.wrote(writes{})
				s.removeOneOfEachCell(nil)
				s.port.Fault(porttest.Rule{Route: deleteRoute, Times: 3, Do: do})
				r := s.run() // nothing of it counts as somebody else's
				s.converged()
				if len(r.Deleted) != 12 || len(r.Released)+len(r.Stayed) > 0 {
					t.Errorf("deleted %d, released %v, stayed %v", len(r.Deleted), r.Released, r.Stayed)
				}
			})
		})
	}
}

func TestWhenPortWantsALongPauseTheRunWaitsAndConverges(t *testing.T) {
	for _, route := range []string{bulkRoute, deleteRoute, "POST /v1/blueprints/{bp}/entities/search"} {
		t.Run(route, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
				s.world.Put(dev, "ec2", ohio, "i-22-new")
				s.world.Remove(prod, "s3", ireland, "bare-11")
				s.world.Remove(dev, "sns", ohio, "news-22")
				s.port.Fault(porttest.Rule{Route: route, Times: 1, Do: porttest.Fail{Status: 429, RetryAfter: 5 * time.Minute}})
				began := time.Now()
				s.run()
				if took := time.Since(began); took < 35*time.Minute || took > 45*time.Minute { // half an hour before it begins
					t.Errorf("took %s", took-30*time.Minute)
				}
				s.converged()
			})
		})
	}
}

func TestCredentialsThatPortRefusesEndTheRunByName(t *testing.T) {
	for _, c := range []struct {
		name, route string
		rule        porttest.Rule
		want        string
	}{
		{"401 twice while writing", bulkRoute, porttest.Rule{Do: porttest.Fail{Status: 401}}, "PortUnauthorized"},
		{"403 while writing", bulkRoute, porttest.Rule{Do: porttest.Fail{Status: 403}}, "PortForbidden"},
		{"401 twice before a delete", "POST /v1/blueprints/{bp}/entities/search", porttest.Rule{Do: porttest.Fail{Status: 401}}, "PortUnauthorized"},
		{"403 while deleting", deleteRoute, porttest.Rule{Do: porttest.Fail{Status: 403}}, "PortForbidden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
				s.world.Remove(dev, "s3", ireland, "logs-22")
				before := s.catalog()
				c.rule.Route = c.route
				lift := s.port.Fault(c.rule)
				s.fails(c.want)
				if c.route == bulkRoute {
					s.equal(before)
				}
				if status := s.port.ResyncState(integration)["status"]; status != "failed" {
					t.Errorf("Port shows %q", status)
				}
				lift()
				began := time.Now()
				s.run() // the lock is free
				s.converged()
				if took := time.Since(began); took > 31*time.Minute {
					t.Errorf("waited %s", took-30*time.Minute)
				}
			})
		})
	}
}

func TestATokenThatPortForgetsIsFetchedAgain(t *testing.T) {
	play(t, func(s *scene) {
		s.before(bulkRoute, s.port.RevokeTokens)
		s.run()
		s.converged()
	})
}

// frail is a store that fails from some put on.
type frail struct {
	ledger.Store
	fails func(key string) bool
}

func (f frail) Put(ctx context.Context, key string, data []byte, c ledger.Condition) (string, error) {
	if f.fails(key) {
		return "", errors.New("the store is away")
	}
	return f.Store.Put(ctx, key, data, c)
}

func TestWhatADeadProcessWroteIsNeitherLostNorStale(t *testing.T) {
	// The process dies after Port has the entities, before a manifest knows them.
	for _, c := range []struct {
		name string
		then func(*scene)
	}{
		{"nothing changes: nothing is lost", func(*scene) {}},
		{"a new one goes: it is deleted", func(s *scene) { s.world.Remove(prod, "s3", ireland, "new-11") }},
		{"an old one goes back to what it was: that is written", func(s *scene) { s.world.Put(prod, "s3", ireland, "logs-11", "team=core") }},
		{"an old one goes: it is deleted", func(s *scene) { s.world.Remove(prod, "s3", ireland, "logs-11") }},
		{"a new one moves: it is not deleted", func(s *scene) {
			s.world.Remove(prod, "s3", ireland, "new-11")
			s.world.Put(dev, "s3", ireland, "new-11")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Put(prod, "s3", ireland, "new-11")
				s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
				healthy := s.store
				s.store = frail{healthy, func(key string) bool { return strings.Contains(key, prod+"/manifest/") }}
				if _, err := s.try(ledger.Options{}); err != nil {
					t.Logf("the run ends with %v", err)
				}
				if _, written := s.catalog()["bucket/new-11"]; !written {
					t.Fatal("Port does not have the new one")
				}
				s.store = healthy
				c.then(s)
				s.run()
				s.converged()
				s.world.Remove(dev, "s3", ireland, "logs-22")
				s.run()
				s.converged()
			})
		})
	}
}

func TestADeadSweepIsFinishedByTheNextRun(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.removeOneOfEachCell(nil)
		healthy := s.store
		dead := false
		s.before(deleteRoute, func() { dead = true })
		s.store = frail{healthy, func(string) bool { return dead }}
		_, err := s.try(ledger.Options{})
		if err == nil {
			t.Fatal("the run ended well")
		}
		s.store = healthy
		s.run()
		s.converged()
		s.run()
		s.wrote(writes{})
	})
}
