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

var refresh = ledger.Options{Refresh: true}

// leave puts entities into Port that carry our datasource and of which we know nothing, as Ocean or a lost
// state leaves them.
func (s *scene) leave(blueprint string, identifiers ...string) {
	s.Helper()
	var all []porttest.Entity
	for _, id := range identifiers {
		all = append(all, porttest.Entity{Blueprint: blueprint, Identifier: id, Datasource: ours,
			CreatedAt: time.Now(), UpdatedAt: time.Now()})
	}
	s.must(s.port.Seed(porttest.Seed{Entities: all}))
}

func TestWhatIsLeftOverGoesOnlyInARefreshThatSawEverything(t *testing.T) {
	for _, c := range []struct {
		name    string
		options ledger.Options
		change  func(*scene)
		goes    bool
	}{
		{"a refresh", refresh, func(*scene) {}, true},
		{"any other run", ledger.Options{}, func(*scene) {}, false},
		{"a refresh of something", ledger.Options{Refresh: true, Regions: []string{"global"}}, func(*scene) {}, false},
		{"a listing is denied", refresh, func(s *scene) {
			s.world.Fault(rule{Account: prod, Operation: "s3:ListBuckets", Fail: awstest.Deny})
		}, false},
		{"an item is unread", refresh, func(s *scene) {
			s.world.Fault(rule{Operation: "s3:GetBucketTagging", Item: "bare-11", Fail: awstest.Deny})
		}, false},
		{"another kind's listing is denied", refresh, func(s *scene) {
			s.world.Fault(rule{Account: prod, Operation: "ecs:ListClusters", Fail: awstest.Deny})
		}, true},
		{"a role is denied", refresh, func(s *scene) {
			s.world.Fault(rule{Account: lab, Operation: "sts:AssumeRole", Fail: awstest.Deny})
		}, false},
		{"an account that was never read is suspended", refresh, func(s *scene) { s.world.SetState("444444444444", "SUSPENDED") }, false},
		{"an account that was read is suspended", refresh, func(s *scene) { s.world.SetState(dev, "SUSPENDED") }, true},
		{"an account that was read is suspended, and described", refresh, func(s *scene) {
			s.remap(config(change(accounts(), "kind", "AWS::Organizations::Account"), instances(), buckets(), clusters(), topics()))
			s.world.SetState(dev, "SUSPENDED")
		}, true},
		{"an account is suspended that could not be read any more", refresh, func(s *scene) {
			s.world.Fault(rule{Account: dev, Operation: "sts:AssumeRole", Fail: awstest.Deny})
			s.run()
			s.world.SetState(dev, "SUSPENDED")
		}, false},
		{"an account has left that could not be read any more", refresh, func(s *scene) {
			s.world.Fault(rule{Account: dev, Operation: "sts:AssumeRole", Fail: awstest.Deny})
			s.run()
			s.world.SetState(dev, "")
		}, false},
		{"a new account lets nobody in", refresh, func(s *scene) {
			s.world.SetState("444444444444", "ACTIVE")
			s.world.Fault(rule{Account: "444444444444", Operation: "sts:AssumeRole", Fail: awstest.Deny})
		}, false},
		{"somebody touches it meanwhile", refresh, func(s *scene) {
			s.world.Fault(rule{Account: dev, Operation: "s3:ListBuckets", Times: 1, Hook: func() {
				time.Sleep(10 * time.Second)
				s.leave("bucket", "of-old")
			}})
		}, false},
		{"a block computes its blueprint, and its kind is not read", refresh, func(s *scene) {
			s.remap(config(accounts(), instances(), buckets(), clusters(), topics(), change(topics(), "blueprint", `"buck" + "et"`)))
			s.world.Fault(rule{Account: prod, Operation: "sns:ListTopics", Fail: awstest.Deny})
		}, false},
		{"nothing in the mapping could yield it", refresh, func(s *scene) {
			s.remap(config(accounts(), instances(), clusters(), topics()))
			s.world.Fault(rule{Account: lab, Operation: "sts:AssumeRole", Fail: awstest.Deny})
		}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.leave("bucket", "of-old")
				c.change(s)
				s.runWith(c.options)
				if _, there := s.catalog()["bucket/of-old"]; there == c.goes {
					t.Errorf("it is there: %t", there)
				}
				s.run()
				s.wrote(writes{})
			})
		})
	}
}

func TestAnAccountWhoseSyncDiedHidesLeftovers(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.leave("bucket", "of-old")
		healthy := s.store
		s.store = frail{healthy, func(key string) bool { return strings.Contains(key, lab+"/") }}
		s.swept(s.runWith(refresh), swept{})
		s.store = healthy
		s.swept(s.runWith(refresh), swept{Deleted: []string{"bucket/of-old: left over"}})
	})
}

// Of an account that cannot be entered it is known only what was asked for while it could be.
func TestAKindThatASuspendedAccountWasNeverAskedForHidesLeftovers(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(config(accounts(), topics()))
		s.run()
		s.leave("bucket", "of-old")
		s.remap(config(accounts(), topics(), buckets()))
		s.world.SetState(dev, "SUSPENDED")
		s.swept(s.runWith(refresh), swept{})
		s.world.SetState(dev, "ACTIVE")
		s.swept(s.runWith(refresh), swept{Deleted: []string{"bucket/of-old: left over"}})
	})
}

func TestWhatIsLeftOverStaysWhileSomethingRefersToIt(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.leave("bucket", "used", "unused")
		s.must(s.port.Create(porttest.Entity{Blueprint: "service", Identifier: "shop", Relations: object{"bucket": "used"}}))
		s.nothingWritten(func() string {
			r := s.runWith(ledger.Options{Refresh: true, DryRun: true})
			s.swept(r, swept{Deleted: []string{"bucket/unused: left over, WouldDelete"}})
			return r.Run
		})
		s.swept(s.runWith(refresh), swept{Deleted: []string{"bucket/unused: left over"}})
		s.must(s.port.Remove("service", "shop"))
		s.swept(s.runWith(refresh), swept{Deleted: []string{"bucket/used: left over"}})
		s.converged()
		s.runWith(refresh)
		s.wrote(writes{})
	})
}

func TestWhatWeWroteOverIsNotTakenForLeftOver(t *testing.T) {
	play(t, func(s *scene) {
		s.must(s.port.Create(porttest.Entity{Blueprint: "account", Identifier: prod}))
		s.must(s.port.Create(porttest.Entity{Blueprint: "bucket", Identifier: "logs-11"}))
		s.run()
		s.world.Remove(prod, "s3", ireland, "logs-11")
		s.swept(s.run(), swept{Released: []string{"bucket/logs-11: gone, MadeByOthers"}})
		s.swept(s.runWith(refresh), swept{})
		s.must(s.port.Remove("bucket", "logs-11"))
		s.leave("bucket", "logs-11") // made anew it is another one
		s.swept(s.runWith(refresh), swept{Deleted: []string{"bucket/logs-11: left over"}})
	})
}

func TestManyLeftoversWaitForASecondRefreshOrAPerson(t *testing.T) {
	for _, by := range []string{"a second refresh", "a person"} {
		t.Run(by, func(t *testing.T) {
			play(t, func(s *scene) {
				s.remap(unbound())
				s.run()
				var lines []string
				for i := range 21 {
					id := fmt.Sprintf("old-%02d", i)
					s.leave("topic", id)
					lines = append(lines, "topic/"+id+": left over")
				}
				first := s.runWith(refresh)
				s.swept(first, swept{Held: with(lines, ", Guard")})
				s.swept(s.run(), swept{})
				s.swept(s.runWith(ledger.Options{Approve: first.Run}), swept{}) // without a refresh nothing is proved
				o := refresh
				if by == "a person" {
					o.Approve = first.Run
				}
				s.swept(s.runWith(o), swept{Deleted: lines})
				s.converged()
			})
		})
	}
}

// What was left over is so no more once a resource yields it.
func TestALeftoverThatAResourceYieldsGoesWithTheResource(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(unbound())
		s.run()
		var lines []string
		for i := range 21 {
			id := fmt.Sprintf("old-%02d", i)
			s.leave("bucket", id)
			lines = append(lines, "bucket/"+id+": left over, Guard")
		}
		s.swept(s.runWith(refresh), swept{Held: lines})
		s.world.Put(prod, "s3", ireland, "old-00", "team=core")
		s.run()
		s.world.Remove(prod, "s3", ireland, "old-00")
		s.swept(s.run(), swept{Deleted: []string{"bucket/old-00: gone"}})
	})
}

// What a person made carries our datasource for ever once we have written over it. However the write over it
// ended, nobody may adopt it later.
func TestWhatWasDisownedOrIsInDoubtIsNotAdopted(t *testing.T) {
	for _, how := range []string{"disowned", "in doubt", "in doubt, and gone before anybody looked"} {
		t.Run(how, func(t *testing.T) {
			play(t, func(s *scene) {
				s.must(s.port.Create(porttest.Entity{Blueprint: "account", Identifier: prod}))
				s.run()
				s.must(s.port.Create(porttest.Entity{Blueprint: "bucket", Identifier: "shared", Relations: object{"account": prod}}))
				time.Sleep(time.Hour)
				s.world.Put(dev, "s3", ireland, "shared", "team=core")
				healthy := s.store
				if how != "disowned" {
					s.store = frail{healthy, func(key string) bool { return strings.Contains(key, dev+"/manifest/") }}
				}
				s.run()
				s.store = healthy
				if how == "disowned" {
					s.world.Remove(dev, "s3", ireland, "shared")
					s.swept(s.run(), swept{Released: []string{"bucket/shared: gone, MadeByOthers"}})
				}
				if how == "in doubt, and gone before anybody looked" {
					s.world.Remove(dev, "s3", ireland, "shared")
				}
				s.world.Put(prod, "s3", ireland, "shared", "team=core")
				s.runWith(refresh)
				if how == "in doubt" {
					s.world.Remove(dev, "s3", ireland, "shared")
					s.swept(s.run(), swept{})
				}
				s.world.Remove(prod, "s3", ireland, "shared")
				s.swept(s.run(), swept{Released: []string{"bucket/shared: gone, MadeByOthers"}})
			})
		})
	}
}
