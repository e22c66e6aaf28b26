package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// forget loses our state, or those objects of it whose keys contain part.
func (s *scene) forget(part string) {
	for key := range s.state("") {
		if strings.Contains(key, part) {
			s.must(s.store.Delete(s.Context(), key))
		}
	}
}

// drift changes our entities in Port by hand: one is edited, one is gone.
func (s *scene) drift() {
	s.must(s.port.Edit("bucket", "logs-11", func(e *porttest.Entity) { e.Properties["tagged"] = false }))
	s.must(s.port.Remove("instance", "i-22-far"))
}

func TestARefreshRepairsDriftAndWritesNothingElse(t *testing.T) {
	for _, kind := range []string{"by hand", "by rotation"} {
		t.Run(kind, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.drift()
				s.run()
				s.wrote(writes{}) // what we remember has not changed
				o, every := ledger.Options{Refresh: true}, time.Duration(0)
				if kind == "by rotation" {
					o, every = ledger.Options{}, 7*day
					time.Sleep(3 * day) // less than half of it
					s.runBy(o, func(e *run.Engine) { e.RefreshEvery = every })
					s.wrote(writes{})
					time.Sleep(4 * day)
				}
				s.runBy(o, func(e *run.Engine) { e.RefreshEvery = every })
				s.wrote(writes{Created: 1, Updated: 1})
				s.converged()
				s.runBy(o, func(e *run.Engine) { e.RefreshEvery = every })
				s.wrote(writes{})
			})
		})
	}
}

func TestAnAccountThatJoinedLaterIsRefreshedInItsTurn(t *testing.T) {
	play(t, func(s *scene) {
		const newcomer = "444444444444"
		s.run()
		s.world.SetState(newcomer, "ACTIVE")
		s.world.Put(newcomer, "s3", ireland, "logs-44", "team=core")
		weekly := func(e *run.Engine) { e.RefreshEvery = 7 * day }
		s.runBy(ledger.Options{}, weekly)
		s.must(s.port.Remove("bucket", "logs-44"))
		time.Sleep(7 * day)
		s.runBy(ledger.Options{}, weekly)
		if _, there := s.catalog()["bucket/logs-44"]; !there {
			t.Error("it is not repaired")
		}
	})
}

func TestAfterTheStateIsLostTheNextRunRebuildsItAndDeletesNothingWrongly(t *testing.T) {
	for _, part := range []string{"", "accounts/" + prod} {
		t.Run("lost: "+part, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
				s.forget(part)
				r := s.run()
				s.converged()
				s.wrote(writes{Updated: 1})
				s.swept(r, swept{})
				s.world.Remove(prod, "s3", ireland, "logs-11") // adopted, and updated
				s.world.Remove(prod, "ec2", ohio, "i-11-far")  // adopted as it was
				s.swept(s.run(), swept{Deleted: []string{"bucket/logs-11: gone", "instance/i-11-far: gone"}})
				s.converged()
			})
		})
	}
}

func TestWhatOceanHadIsTakenOverWithoutANeedlessWriteOrAnyDelete(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		var all []porttest.Entity
		for _, b := range []string{"account", "instance", "bucket", "cluster", "topic"} {
			for _, e := range s.port.Entities(b) {
				e.Datasource = "port-ocean/aws-v3/2.20.11/" + integration + "/exporter"
				all = append(all, e)
			}
		}
		all = append(all, porttest.Entity{Blueprint: "bucket", Identifier: "of-old", Datasource: all[0].Datasource,
			CreatedAt: time.Now(), UpdatedAt: time.Now()})
		s.must(s.port.Seed(porttest.Seed{Entities: all}))
		s.forget("")
		r := s.run()
		s.wrote(writes{})
		s.swept(r, swept{})
		s.run()
		if _, there := s.catalog()["bucket/of-old"]; !there || s.port.Stats().Deleted > 0 {
			t.Error("what Ocean left is deleted unasked")
		}
	})
}

func TestWhatAPersonMadeAndWeWroteOverIsNotAdopted(t *testing.T) {
	play(t, func(s *scene) {
		s.must(s.port.Create(porttest.Entity{Blueprint: "account", Identifier: prod}))
		s.must(s.port.Create(porttest.Entity{Blueprint: "bucket", Identifier: "logs-11", Relations: object{"account": prod}}))
		s.run()
		s.runWith(ledger.Options{Refresh: true}) // now it carries our datasource, and from before this run
		s.world.Put(dev, "s3", ireland, "logs-11", "team=core")
		s.runWith(ledger.Options{Refresh: true}) // and another account yields it, which never met it before
		s.world.Remove(prod, "s3", ireland, "logs-11")
		s.run()
		s.world.Remove(dev, "s3", ireland, "logs-11")
		s.swept(s.run(), swept{Released: []string{"bucket/logs-11: gone, MadeByOthers"}})
	})
}

func TestAnotherOrganizationOfPortIsACleanLedger(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		was := s.port
		s.port = porttest.New(porttest.Options{OnRequest: s.onRequest, OrgID: "org_other"})
		s.must(s.port.Seed(porttest.Seed{Blueprints: blueprints(), Integration: map[string]any{
			"installationId": integration, "installationAppType": "aws-v3", "version": "1.0.0", "config": mapping(),
		}}))
		r := s.run()
		s.converged()
		s.wrote(writes{Created: 25})
		s.swept(r, swept{})
		s.port = was
		s.run()
		s.wrote(writes{})
		s.converged()
	})
}

func TestADryRunForeseesARefreshToTheEntity(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.drift()
		s.must(s.port.Create(porttest.Entity{Blueprint: "instance", Identifier: "i-new"}))
		s.world.Put(dev, "ec2", ireland, "i-new")
		s.nothingWritten(func() string {
			r := s.runWith(ledger.Options{Refresh: true, DryRun: true})
			if i, b := r.Blueprints["instance"], r.Blueprints["bucket"]; i.Created != 1 || i.Updated != 1 || b.Updated != 1 {
				t.Errorf("instances %+v, buckets %+v", i, b)
			}
			return r.Run
		})
	})
}

func TestARefreshTakesBackWhatSomebodyElseWroteLastEvenIfItIsTheSame(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.must(s.port.Edit("bucket", "logs-11", func(*porttest.Entity) {})) // and saved without a change
		s.runWith(ledger.Options{Refresh: true})
		s.wrote(writes{Unchanged: 1})
		s.world.Remove(prod, "s3", ireland, "logs-11")
		s.swept(s.run(), swept{Deleted: []string{"bucket/logs-11: gone"}})
	})
}

func TestAnAdoptedEntityThatAPersonMadeAnewIsTheirs(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.forget("")
		s.run() // adopts
		s.must(s.port.Remove("bucket", "logs-11"))
		time.Sleep(time.Minute)
		s.must(s.port.Create(porttest.Entity{Blueprint: "bucket", Identifier: "logs-11", Relations: object{"account": prod}}))
		s.world.Put(prod, "s3", ireland, "logs-11", "team=other") // we write over it
		s.run()
		s.world.Remove(prod, "s3", ireland, "logs-11")
		s.swept(s.run(), swept{Released: []string{"bucket/logs-11: gone, MadeByOthers"}})
	})
}

func TestWhatAnotherAccountWroteInTheSameRunIsNotAdopted(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.must(s.port.Create(porttest.Entity{Blueprint: "bucket", Identifier: "shared", Relations: object{"account": prod}}))
		for _, account := range []string{prod, dev} {
			s.world.Put(account, "s3", ireland, "shared", "team=core")
		}
		for account, after := range map[string]time.Duration{prod: 5 * time.Second, dev: 10 * time.Second} {
			s.world.Fault(rule{Account: account, Operation: "s3:ListBuckets", Times: 1, Hook: func() { time.Sleep(after) }})
		}
		s.runWith(ledger.Options{Refresh: true})
		for _, account := range []string{prod, dev} {
			s.world.Remove(account, "s3", ireland, "shared")
		}
		s.swept(s.run(), swept{Released: []string{"bucket/shared: gone, MadeByOthers"}})
	})
}
