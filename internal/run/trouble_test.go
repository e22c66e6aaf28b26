package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestAnEntityThatPortRefusesIsNamedAndSentAgainOnlyWhenSomethingChanged(t *testing.T) {
	play(t, func(s *scene) {
		// One display name is not among those that the blueprint allows.
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{strictTopic("", "Alerts")}}))
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
		if diff := cmp.Diff([]string{"Refused: " + odd}, problems(r)); diff != "" {
			t.Errorf("problems of the next run (-want +got):\n%s", diff)
		}
		s.world.Put(prod, "sns", ireland, "odd", "DisplayName=Odder")
		s.run()
		if sent() != 1 {
			t.Errorf("changed, and sent %d times", sent())
		}
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{strictTopic("", "Alerts", "Odder")}}))
		s.run()
		s.converged()
		s.wrote(writes{Created: 1})
	})
}

func TestARefusedChangeKeepsTheOldEntityAndItsClaim(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		b := blueprint("topic", relations("account"), "display string")
		b["schema"].(object)["properties"].(object)["display"].(object)["enum"] = []any{"", "Alerts"}
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{b}}))
		old := s.catalog()[alerts]
		s.world.Put(prod, "sns", ireland, "alerts-11", "DisplayName=Odd")
		s.run()
		s.converged(map[string]*entity{alerts: &old})
		s.world.Remove(prod, "sns", ireland, "alerts-11")
		s.swept(s.run(), swept{Deleted: []string{alerts + ": gone"}})
		s.converged()
	})
}

func TestAnEntityTooLargeForPortKeepsItsOldValue(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		old := s.catalog()[alerts]
		s.world.Put(prod, "sns", ireland, "alerts-11", "DisplayName="+strings.Repeat("x", 1<<20))
		s.world.Put(prod, "sns", ireland, "new-11", "DisplayName=New")
		r := s.run()
		s.converged(map[string]*entity{alerts: &old})
		if diff := cmp.Diff([]string{"Refused: " + alerts}, problems(r)); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
	})
}

func TestABlockWithoutItsBlueprintIsFrozenAndTheOthersGoOn(t *testing.T) {
	computed := change(topics(), "blueprint", `"to" + "pic"`) // known only when it is sent
	for name, block := range map[string]object{"known to discover": topics(), "told by Port": computed} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.remap(config(accounts(), instances(), buckets(), clusters(), block))
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
				s.swept(r, swept{Deleted: []string{alerts + ": gone, AlreadyGone"}})
			})
		})
	}
}

func TestABlockWithoutItsBlueprintFreezesTheKindsOtherBlocks(t *testing.T) {
	play(t, func(s *scene) { // what the frozen block once yielded is in the same cells
		s.remap(config(accounts(), topics(), change(topics(), "blueprint", `"bucket"`)))
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{
			blueprint("bucket", relations("account"), "display string")}}))
		s.run()
		s.port.RemoveBlueprint("bucket")
		s.world.Remove(prod, "sns", ireland, "alerts-11")
		s.world.Put(prod, "sns", ireland, "new-11", "DisplayName=New")
		r := s.run()
		s.swept(r, swept{})
		have := s.catalog()
		if _, kept := have[alerts]; !kept || len(have) != 3+5 {
			t.Errorf("kept %t, %d entities", kept, len(have))
		}
		if len(r.Blocks) != 1 || r.Blocks[0].Reason != "BlueprintMissing" {
			t.Errorf("blocks %+v", r.Blocks)
		}
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{
			blueprint("bucket", relations("account"), "display string")}}))
		s.run()
		if have = s.catalog(); len(have) != 3+2*4 {
			t.Errorf("then %d entities", len(have))
		}
	})
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
		blueprint("topic", relations("account", "bucket"), "display string")}}))
	m := mapping(options...)
	named := object{"bucket": `.Properties.DisplayName | if . == "" then null else . end`}
	m["resources"] = []any{change(topics(), "relations", named), accounts(), instances(), buckets(), clusters()}
	s.remap(m)
}

func TestARelationTargetThatComesLaterIsWaitedFor(t *testing.T) {
	play(t, func(s *scene) {
		s.related("createMissingRelatedEntities", false)
		s.world.Put(prod, "sns", ireland, "alerts-11", "DisplayName=late-11") // comes in the same run
		s.world.Put(dev, "sns", ireland, "alerts-22", "DisplayName=never")
		s.world.Put(prod, "s3", ireland, "late-11")
		s.port.Fault(porttest.Rule{Route: bulkRoute, Blueprint: "bucket", Do: porttest.Slow{By: time.Second}})
		r := s.run()
		have := s.catalog()
		if got := have[alerts].Relations["bucket"]; got != "late-11" {
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
	for _, route := range []string{bulkRoute, deleteRoute, searchRoute} {
		t.Run(route, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
				s.world.Put(dev, "ec2", ohio, "i-22-new")
				s.world.Remove(prod, "s3", ireland, "bare-11")
				s.world.Remove(dev, "sns", ohio, "news-22")
				pause := porttest.Fail{Status: 429, RetryAfter: 5 * time.Minute}
				s.port.Fault(porttest.Rule{Route: route, Times: 1, Do: pause})
				r := s.run()
				if took := r.Ended.Sub(r.Began); took < 5*time.Minute || took > 15*time.Minute {
					t.Errorf("took %s", took)
				}
				s.frozen(r)
				s.converged()
			})
		})
	}
}

func TestWhatAnOutageOfPortLeftUnwrittenTheNextRunWrites(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
		s.world.Remove(prod, "s3", ireland, "bare-11")
		lift := s.port.Fault(porttest.Rule{Route: bulkRoute, Do: porttest.Fail{Status: 503}})
		r := s.run()
		s.frozen(r, prod+" failed NotWritten 0")
		s.swept(r, swept{Deleted: []string{"bucket/bare-11: gone"}})
		lift()
		s.frozen(s.run())
		s.converged()
		s.wrote(writes{Updated: 1})
	})
}

func TestCredentialsThatPortRefusesEndTheRunByName(t *testing.T) {
	for _, c := range []struct {
		name, route string
		status      int
		want        string
	}{
		{"401 twice while writing", bulkRoute, 401, "PortUnauthorized"},
		{"403 while writing", bulkRoute, 403, "PortForbidden"},
		{"401 twice before a delete", searchRoute, 401, "PortUnauthorized"},
		{"403 while deleting", deleteRoute, 403, "PortForbidden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
				s.world.Remove(dev, "s3", ireland, "logs-22")
				before := s.catalog()
				lift := s.port.Fault(porttest.Rule{Route: c.route, Do: porttest.Fail{Status: c.status}})
				s.fails(c.want)
				if c.route == bulkRoute {
					s.equal(before)
				}
				if status := s.port.ResyncState(integration)["status"]; status != "failed" {
					t.Errorf("Port shows %q", status)
				}
				lift()
				if r := s.run(); r.Ended.Sub(r.Began) > time.Minute {
					t.Errorf("waited for a lock or a lease: %s", r.Ended.Sub(r.Began))
				}
				s.converged()
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
