package run_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

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
		{"an old one goes back to what it was: that is written", func(s *scene) {
			s.world.Put(prod, "s3", ireland, "logs-11", "team=core")
		}},
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
				s.store = frail{healthy, func(key string) bool {
					return strings.Contains(key, prod+"/manifest/")
				}}
				r := s.run()
				s.frozen(r, prod+" unread NotSynced 0")
				if why := r.Accounts[0].Message; !strings.Contains(why, "Unexpected: store manifest") {
					t.Errorf("the report does not say why: %s", why)
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
		var dead atomic.Bool
		s.before(deleteRoute, func() { dead.Store(true) })
		s.store = frail{healthy, func(string) bool { return dead.Load() }}
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

// The report is written, and nobody has told Port yet that the run is over.
func TestASweepThatDiesAfterItsReportStillShowsTheEndInPort(t *testing.T) {
	play(t, func(s *scene) {
		healthy, written := s.store, atomic.Bool{}
		s.store = frail{healthy, func(key string) bool {
			return written.Swap(written.Load() || strings.HasSuffix(key, "report.json"))
		}}
		lift := s.port.Fault(porttest.Rule{Route: "PATCH /v1/integration/{id}/resync-state", After: 1, Do: porttest.Fail{Status: 503}})
		if _, err := s.try(ledger.Options{}); err == nil {
			t.Fatal("the run ended well")
		}
		if status := s.port.ResyncState(integration)["status"]; status != "running" {
			t.Fatalf("Port shows %q", status)
		}
		s.store = healthy
		lift()
		_, err := s.engine().Sweep(s.Context(), "run-1")
		s.must(err)
		if status := s.port.ResyncState(integration)["status"]; status != "completed" {
			t.Errorf("Port shows %q", status)
		}
	})
}

// Who lets an entity go knows that we made it, and must not forget it before who keeps it knows.
func TestAClaimThatStaysHearsWhoMadeTheEntityThoughTheSweepDies(t *testing.T) {
	play(t, func(s *scene) {
		s.world.Put(prod, "s3", ireland, "shared", "team=core")
		s.world.Put(dev, "s3", ireland, "shared", "team=core")
		s.world.Fault(rule{Account: dev, Operation: "s3:ListBuckets", Times: 1, Hook: func() { time.Sleep(time.Minute) }})
		s.run() // prod makes it
		s.world.Remove(prod, "s3", ireland, "shared")
		healthy := s.store
		var decided atomic.Bool
		s.store = frail{healthy, func(key string) bool {
			decided.Store(decided.Load() || strings.HasSuffix(key, "decisions.json"))
			return decided.Load() && strings.Contains(key, dev+"/manifest/")
		}}
		if _, err := s.try(ledger.Options{}); err == nil {
			t.Fatal("the run ended well")
		}
		s.store = healthy
		s.run()
		s.world.Remove(dev, "s3", ireland, "shared")
		s.swept(s.run(), swept{Deleted: []string{"bucket/shared: gone"}})
		s.converged()
	})
}

// The journal of an account that has no manifest yet claims, too.
func TestWhatANewAccountWroteBeforeItDiedIsNotDeletedWithAnOldClaim(t *testing.T) {
	play(t, func(s *scene) {
		const newcomer = "444444444444"
		s.world.Put(prod, "s3", ireland, "moving", "team=core")
		s.run()
		s.world.SetState(newcomer, "ACTIVE")
		s.world.Remove(prod, "s3", ireland, "moving")
		s.world.Put(newcomer, "s3", ireland, "moving", "team=core")
		healthy := s.store
		s.store = frail{healthy, func(key string) bool { return strings.Contains(key, newcomer+"/manifest/") }}
		if _, err := s.try(ledger.Options{}); err == nil { // its end tells the newcomer that it made the entity
			t.Error("the run ended well")
		}
		if _, there := s.catalog()["bucket/moving"]; !there {
			t.Error("it is gone")
		}
		s.store = healthy
		s.swept(s.run(), swept{})
		s.world.Remove(newcomer, "s3", ireland, "moving")
		s.swept(s.run(), swept{Deleted: []string{"bucket/moving: gone"}})
	})
}

func TestAnAbortedRunFreesWhatItHolds(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "s3", ireland, "new-11")
		s.world.Remove(dev, "s3", ireland, "bare-22")
		ctx, abort := context.WithCancel(s.Context())
		lift := s.world.Fault(rule{Account: prod, Operation: "s3:ListBuckets", Page: 2, Hook: abort})
		_, err := s.engine().Once(ctx, s.request(ledger.Options{}))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
		if status := s.port.ResyncState(integration)["status"]; status != "aborted" {
			t.Errorf("Port shows %q", status)
		}
		lift()
		if r := s.run(); r.Ended.Sub(r.Began) > time.Minute {
			t.Errorf("the next run waited: %s", r.Ended.Sub(r.Began))
		}
		s.converged()
	})
}

func TestStateOfANewerVersionIsLeftAlone(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		for key, data := range s.state("") {
			if strings.HasSuffix(key, prod+"/head.json") {
				data = strings.Replace(data, fmt.Sprintf(`"format":%d`, ledger.Format), `"format":99`, 1)
				_, err := s.store.Put(s.Context(), key, []byte(data), ledger.Condition{})
				s.must(err)
			}
		}
		before := s.catalog()
		s.fails("StateNewerThanCode")
		s.equal(before)
	})
}

func TestWhatIsMadeAnewAsItWasAfterADeadSweepIsWrittenAgain(t *testing.T) {
	// Port has carried out the delete, the manifest does not know, and AWS has the same thing again.
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "logs-11")
		healthy := s.store
		var swept atomic.Bool
		s.before(deleteRoute, func() { swept.Store(true) })
		s.store = frail{healthy, func(key string) bool { return swept.Load() && strings.Contains(key, prod+"/manifest/") }}
		if _, err := s.try(ledger.Options{}); err == nil {
			t.Fatal("the sweep lived")
		}
		if _, there := s.catalog()["bucket/logs-11"]; there {
			t.Fatal("Port still has it")
		}
		s.store = healthy
		s.world.Put(prod, "s3", ireland, "logs-11", "team=core")
		s.run()
		s.converged()
	})
}
