package run_test

import (
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// gate stops the next listing of an account's buckets until it is closed.
func (s *scene) gate(account string) chan struct{} {
	gate := make(chan struct{})
	s.world.Fault(rule{Account: account, Operation: "s3:ListBuckets", Times: 1, Hook: func() { <-gate }})
	return gate
}

func TestOneRunAtATime(t *testing.T) {
	t.Run("while one is alive, another is busy", func(t *testing.T) {
		play(t, func(s *scene) {
			s.run()
			s.world.Put(prod, "s3", ireland, "new-11")
			gate, first := s.gate(prod), make(chan error)
			e, request := s.engine(), s.request(ledger.Options{})
			go func() {
				_, err := e.Once(s.Context(), request)
				first <- err
			}()
			time.Sleep(time.Second)
			before := s.catalog()
			_, err := s.engine().Once(s.Context(), s.requestNow(ledger.Options{}))
			s.named(err, "RunBusy")
			s.equal(before)
			close(gate)
			s.must(<-first)
			s.converged()
			s.run()
			s.wrote(writes{})
		})
	})
	t.Run("one that died is waited for, and then replaced", func(t *testing.T) {
		play(t, func(s *scene) {
			s.run()
			s.world.Remove(prod, "s3", ireland, "bare-11")
			e, request := s.engine(), s.request(ledger.Options{})
			_, err := e.Discover(s.Context(), request)
			s.must(err)
			began := time.Now()
			r, err := s.engine().Once(s.Context(), s.requestNow(ledger.Options{}))
			s.must(err)
			s.swept(r, swept{Deleted: []string{"bucket/bare-11: gone"}})
			if took := time.Since(began); took < 50*time.Second || took > 2*time.Minute {
				t.Errorf("took %s", took)
			}
		})
	})
	t.Run("one that was replaced writes nothing", func(t *testing.T) {
		play(t, func(s *scene) {
			s.run()
			old := s.discover()
			_, err := s.sync(old.Run, prod, time.Minute)
			s.must(err)
			s.world.Remove(prod, "s3", ireland, "bare-11")
			s.run()
			s.converged()
			s.world.Put(dev, "s3", ireland, "new-22")
			s.world.Remove(dev, "s3", ireland, "logs-22")
			s.port.ResetStats()
			before := s.catalog()
			for _, account := range []string{prod, dev} {
				_, err = s.sync(old.Run, account, time.Minute)
				s.named(err, "RunSuperseded")
			}
			_, err = s.engine().Sweep(s.Context(), old.Run)
			s.named(err, "RunSuperseded")
			s.equal(before)
			s.wrote(writes{})
			s.run()
			s.converged()
		})
	})
}

func TestASecondInvocationOfAnAccountWaitsForTheFirst(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "s3", ireland, "new-11")
		d := s.discover()
		gate, first := s.gate(prod), make(chan error)
		go func() {
			_, err := s.sync(d.Run, prod, 2*time.Minute)
			first <- err
		}()
		time.Sleep(time.Second)
		p, err := s.sync(d.Run, prod, time.Minute)
		s.must(err)
		if wait := time.Until(p.WaitUntil); !p.More || wait < time.Minute || wait > 3*time.Minute {
			t.Errorf("more %t, wait %s", p.More, wait)
		}
		close(gate)
		s.must(<-first)
		if p, err = s.sync(d.Run, prod, time.Minute); err != nil || p.More {
			t.Errorf("%+v, %v", p, err)
		}
		r, _ := s.finish(d, time.Minute, nil)
		s.frozen(r)
		s.converged()
	})
}

func TestSweepWaitsForWhoeverMayStillWrite(t *testing.T) {
	play(t, func(s *scene) {
		s.world.Put(prod, "s3", ireland, "moving", "team=core")
		s.run()
		d := s.discover()
		s.world.Remove(prod, "s3", ireland, "moving")
		_, err := s.sync(d.Run, prod, time.Minute)
		s.must(err)
		s.world.Put(dev, "s3", ireland, "moving", "team=core")
		gate, slow := s.gate(dev), make(chan error)
		go func() { // given up, and it works on
			_, err := s.sync(d.Run, dev, 2*time.Minute)
			slow <- err
		}()
		time.Sleep(time.Second)
		p, err := s.engine().Sweep(s.Context(), d.Run)
		s.must(err)
		if !p.More || time.Until(p.WaitUntil) < time.Minute {
			t.Errorf("sweep does not wait: %+v", p)
		}
		close(gate)
		s.must(<-slow)
		s.swept(s.sweep(d), swept{})
		s.converged()
	})
}

func TestASyncThatBeginsAfterTheSweepDoesNothing(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		d := s.discover()
		for _, id := range []string{prod, lab} {
			_, err := s.sync(d.Run, id, time.Minute)
			s.must(err)
		}
		s.world.Put(dev, "s3", ireland, "new-22")
		r := s.sweep(d)
		s.frozen(r, dev+" unread NotSynced 0")
		before := s.catalog()
		_, err := s.sync(d.Run, dev, time.Minute)
		s.named(err, "RunSuperseded")
		s.equal(before)
		s.run()
		s.converged()
	})
}

func TestWhatHasChangedSinceTheSweepDecidedIsLeftToTheNextRun(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		s.world.Remove(prod, "s3", ireland, "logs-11")
		d := s.discover()
		for _, a := range d.Accounts {
			_, err := s.sync(d.Run, a.ID, time.Minute)
			s.must(err)
		}
		busy := porttest.Fail{Status: 429, RetryAfter: 5 * time.Minute}
		s.port.Fault(porttest.Rule{Route: searchRoute, Times: 1, Do: busy})
		p, err := s.engine().Sweep(s.Context(), d.Run)
		s.must(err)
		if !p.More {
			t.Fatal("the sweep is over")
		}
		// As a thawed invocation of the run's own would, had it the lease.
		l := s.ledger()
		lock, err := l.ReadLock(s.Context())
		s.must(err)
		lease := ledger.Lease{Fence: lock.Fence, Nonce: "thawed", Run: d.Run, Until: time.Now().Add(time.Hour)}
		h, err := l.Take(s.Context(), prod, lease, ledger.Sweeping)
		s.must(err)
		h.All(func(e *ledger.Entry) bool {
			if e.Identifier == "logs-11" {
				e.Fence, e.Mark = lock.Fence, ledger.Seen
			}
			return true
		})
		s.must(h.Commit(s.Context(), h.Summary))
		logs := s.catalog()["bucket/logs-11"]
		time.Sleep(time.Until(p.WaitUntil))
		r := s.sweep(d)
		s.swept(r, swept{Deleted: []string{"bucket/bare-11: gone"},
			Stayed: []string{"bucket/logs-11: gone, SeenAgain"}})
		s.converged(map[string]*entity{"bucket/logs-11": &logs})
		s.run()
		s.converged()
	})
}
