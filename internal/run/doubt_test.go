package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestAnEntityMadeByTheSecondOfTwoDeadProcessesIsOurs(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		healthy := s.store
		s.world.Put(prod, "s3", ireland, "new-11")
		// crash 1: journaled, Port never got it
		lift := s.port.Fault(porttest.Rule{Route: bulkRoute, Do: porttest.DropBefore{}})
		s.store = frail{healthy, func(key string) bool { return strings.Contains(key, prod+"/manifest/") }}
		s.run() // without prod
		lift()
		if _, w := s.catalog()["bucket/new-11"]; w {
			t.Fatal("written")
		}
		// crash 2, half an hour+ later: created, then dead
		s.run() // without prod
		if _, w := s.catalog()["bucket/new-11"]; !w {
			t.Fatal("not written")
		}
		s.store = healthy
		s.world.Remove(prod, "s3", ireland, "new-11")
		s.run()
		s.run()
		s.converged()
	})
}

func TestAnEntityMadeByADeadProcessAfterAFailedRunIsOurs(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		healthy := s.store
		s.world.Put(prod, "s3", ireland, "new-11")
		lift := s.port.Fault(porttest.Rule{Route: bulkRoute, Do: porttest.Fail{Status: 503}})
		s.run()
		lift()
		s.store = frail{healthy, func(key string) bool { return strings.Contains(key, prod+"/manifest/") }}
		s.try(ledger.Options{})
		s.store = healthy
		s.world.Remove(prod, "s3", ireland, "new-11")
		s.run()
		s.converged()
	})
}

func TestAnEntityThatAPersonMadeAfterPortRefusedOursIsTheirs(t *testing.T) {
	play(t, func(s *scene) {
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{strictTopic("", "Alerts")}}))
		s.world.Put(prod, "sns", ireland, "odd", "DisplayName=Odd")
		const id = "arn:aws:sns:eu-west-1:111111111111:odd"
		s.run()
		time.Sleep(time.Hour)
		s.must(s.port.Create(porttest.Entity{Blueprint: "topic", Identifier: id, Title: "a person's", Relations: object{"account": prod}}))
		time.Sleep(time.Hour)
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{strictTopic("", "Alerts", "Odd")}}))
		s.run()
		s.world.Remove(prod, "sns", ireland, "odd")
		s.run()
		if _, there := s.catalog()["topic/"+id]; !there {
			t.Error("a person's entity was deleted")
		}
	})
}

func TestABareEntityThatARelationOfOursMadeIsOurs(t *testing.T) {
	play(t, func(s *scene) {
		s.related()
		s.world.Put(dev, "sns", ireland, "alerts-22", "DisplayName=late-11")
		s.world.Put(prod, "s3", ireland, "late-11")
		s.world.Fault(awstest.Rule{Account: prod, Operation: "s3:ListBuckets", Page: 1, Times: 1, Hook: func() { time.Sleep(10 * time.Second) }})
		s.world.Fault(awstest.Rule{Account: prod, Operation: "sns:ListTopics", Times: 1, Hook: func() {}})
		s.run()
		s.world.Remove(prod, "s3", ireland, "late-11")
		s.world.Put(dev, "sns", ireland, "alerts-22", "DisplayName=")
		s.run()
		if _, there := s.catalog()["bucket/late-11"]; there {
			t.Error("orphan")
		}
	})
}

func TestAnEntityMadeAnewByAWriteWhoseAnswerWasLostIsOurs(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.must(s.port.Remove("bucket", "logs-11"))
		s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
		s.port.Fault(porttest.Rule{Route: bulkRoute, Blueprint: "bucket", Times: 1, Do: porttest.LoseAnswer{}})
		s.run()
		s.converged()
		s.world.Remove(prod, "s3", ireland, "logs-11")
		s.run()
		s.converged()
	})
}

func TestAHoldEndsWhenItsResourceIsSeenThoughUnread(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(unbound())
		s.world.PageSize = 100
		all := func(f func(name string)) {
			for n := range 40 {
				f(fmt.Sprintf("t%03d", n))
			}
		}
		all(func(n string) { s.world.Put(prod, "sns", ireland, n) })
		s.run()
		all(func(n string) { s.world.Remove(prod, "sns", ireland, n) })
		if r := s.run(); len(r.Held) != 40 {
			t.Fatalf("%d are held", len(r.Held))
		}
		all(func(n string) { s.world.Put(prod, "sns", ireland, n) })
		lift := s.world.Fault(awstest.Rule{Account: prod, Operation: "sns:GetTopicAttributes", Fail: awstest.Deny})
		s.run()
		lift()
		time.Sleep(time.Hour)
		all(func(n string) { s.world.Remove(prod, "sns", ireland, n) })
		if r := s.run(); len(r.Deleted) > 0 {
			t.Error("no second proof after it was seen")
		}
	})
}
