package run_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// discover begins a run, in a process of its own as each Lambda invocation is.
func (s *scene) discover() run.Discovered {
	s.Helper()
	d, err := s.engine().Discover(s.Context(), s.request(ledger.Options{}))
	s.must(err)
	return d
}

// sync is one invocation of so long.
func (s *scene) sync(run_, account string, long time.Duration) (run.Progress, error) {
	ctx, cancel := context.WithTimeout(s.Context(), long)
	defer cancel()
	return s.engine().Sync(ctx, run.SyncRequest{Run: run_, Account: s.member(account)})
}

// member is an account as discover gives it.
func (s *scene) member(id string) ledger.Account {
	role := "arn:aws:iam::" + id + ":role/reader"
	return ledger.Account{ID: id, Name: "account " + id, Partition: "aws", Role: role}
}

// finish syncs accounts to their end, calls between two invocations, and sweeps. It counts invocations.
func (s *scene) finish(d run.Discovered, long time.Duration, between func()) (_ *report.Report, invocations int) {
	s.Helper()
	for _, a := range d.Accounts {
		for more := true; more; {
			p, err := s.sync(d.Run, a.ID, long)
			s.must(err)
			invocations++
			if more = p.More; more && between != nil {
				between()
			}
			time.Sleep(time.Until(p.WaitUntil))
		}
	}
	return s.sweep(d), invocations
}

func (s *scene) sweep(d run.Discovered) *report.Report {
	s.Helper()
	for {
		ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
		done, err := s.engine().Sweep(ctx, d.Run)
		cancel()
		s.must(err)
		if !done.More {
			return done.Report
		}
		time.Sleep(time.Until(done.WaitUntil))
	}
}

// vast gives prod sixty instances on twelve pages, each of which takes two seconds, and another account
// two to be deleted.
func (s *scene) vast() (calls rule) {
	s.crowd(60)
	s.run()
	s.world.PageSize = 5
	s.world.Remove(dev, "s3", ireland, "logs-22")
	s.world.Remove(dev, "ec2", ohio, "i-22-far")
	calls = rule{Account: prod, Region: ireland, Operation: "ec2:DescribeInstances"}
	slow := calls
	slow.Hook = func() { time.Sleep(2 * time.Second) }
	s.world.Fault(slow)
	return calls
}

var vastly = []string{"bucket/logs-22: gone", "instance/i-22-far: gone"}

func TestALargeCellIsReadInSeveralInvocationsEachPageOnce(t *testing.T) {
	play(t, func(s *scene) {
		calls := s.vast()
		for n := range 12 { // one in each page, and some new ones
			s.world.Remove(prod, "ec2", ireland, fmt.Sprintf("c-%02d", 5*n))
			s.world.Put(prod, "ec2", ireland, fmt.Sprintf("d-%02d", n))
		}
		gone := slices.Clone(vastly)
		for n := range 12 {
			gone = append(gone, fmt.Sprintf("instance/c-%02d: gone", 5*n))
		}
		slices.Sort(gone)
		before := s.world.Count(calls)
		r, invocations := s.finish(s.discover(), 15*time.Second, nil)
		s.swept(r, swept{Deleted: gone})
		s.converged()
		s.frozen(r)
		if n := s.world.Count(calls) - before; n != 13 || invocations < 5 {
			t.Errorf("%d calls for 13 pages, %d invocations", n, invocations)
		}
		if n := r.Blueprints["instance"]; n.Created != 12 || n.Unchanged != 55 {
			t.Errorf("the invocations' counts are not added up: %+v", n)
		}
		s.run()
		s.wrote(writes{})
	})
}

func TestAPageTokenThatHasExpiredBeginsTheCellAnew(t *testing.T) {
	expire := func(s *scene, calls rule) {
		calls.Fail, calls.Times = "InvalidNextToken", 1
		s.world.Fault(calls)
	}
	t.Run("once: the cell is complete", func(t *testing.T) {
		play(t, func(s *scene) {
			calls := s.vast()
			lost := s.disperse(3)
			expired := false
			r, _ := s.finish(s.discover(), 15*time.Second, func() {
				if !expired {
					expire(s, calls)
				}
				expired = true
			})
			s.swept(r, swept{Deleted: append([]string{vastly[0]}, append(lost, vastly[1])...)})
			s.converged()
			s.frozen(r)
		})
	})
	t.Run("always: the cell is too large, and nothing of it goes", func(t *testing.T) {
		play(t, func(s *scene) {
			calls := s.vast()
			before := s.catalog()
			s.disperse(3)
			r, invocations := s.finish(s.discover(), 15*time.Second, func() { expire(s, calls) })
			s.swept(r, swept{Deleted: vastly})
			s.frozen(r, prod+" failed CellTooLarge 1")
			for _, e := range vastly {
				delete(before, e[:len(e)-len(": gone")])
			}
			s.equal(before)
			if invocations > 8 {
				t.Errorf("%d invocations", invocations)
			}
			s.run()
			s.converged()
		})
	})
}

func TestAPageThatTakesLongerThanASliceIsReadInALongerOne(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "s3", ireland, "new-11")
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		slow := func() { time.Sleep(50 * time.Second) }
		s.world.Fault(rule{Account: prod, Operation: "s3:ListBuckets", Page: 2, Hook: slow})
		s.frozen(s.run())
		s.converged()
	})
}

func TestARepeatedInvocationFindsWhatWasDone(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		s.world.Put(dev, "s3", ireland, "new-22")
		e, request := s.engine(), s.request(ledger.Options{})
		d, err := e.Discover(s.Context(), request)
		s.must(err)
		again, err := s.engine().Discover(s.Context(), request)
		s.must(err)
		if diff := cmp.Diff(d, again); diff != "" {
			t.Errorf("a repeated discover (-first +second):\n%s", diff)
		}
		first, calls := s.sweepAfter(d), s.world.Count(rule{Operation: "s3:ListBuckets"})
		s.converged()
		second, err := s.engine().Sweep(s.Context(), d.Run)
		s.must(err)
		if diff := cmp.Diff(first.Deleted, second.Report.Deleted); diff != "" {
			t.Errorf("a repeated sweep (-first +second):\n%s", diff)
		}
		_, err = s.sync(d.Run, prod, time.Minute)
		s.named(err, "RunSuperseded")
		if n := s.world.Count(rule{Operation: "s3:ListBuckets"}); n != calls {
			t.Errorf("listed %d times again", n-calls)
		}
		_, err = s.engine().Discover(s.Context(), request)
		s.named(err, "RunEnded")
	})
}

// sweepAfter syncs each account twice, and sweeps.
func (s *scene) sweepAfter(d run.Discovered) *report.Report {
	s.Helper()
	for _, a := range d.Accounts {
		for n := range 2 {
			listing := rule{Account: a.ID, Operation: "s3:ListBuckets"}
			before := s.world.Count(listing)
			p, err := s.sync(d.Run, a.ID, time.Minute)
			s.must(err)
			if calls := s.world.Count(listing) - before; p.More || n > 0 && calls > 0 {
				s.Errorf("invocation %d: more %t, %d listings", n, p.More, calls)
			}
		}
	}
	return s.sweep(d)
}

func TestTheReportCountsTheRequestsToPortOfAllInvocations(t *testing.T) {
	play(t, func(s *scene) {
		s.vast()
		d := s.discover()
		r, _ := s.finish(d, 15*time.Second, nil)
		sent := 0
		for route, byStatus := range s.port.Stats().Requests {
			if strings.Contains(route, "/ingest/") {
				continue
			}
			for _, n := range byStatus {
				sent += n
			}
		}
		if sent--; /* the last shows the outcome */ r.Calls.Port != sent || sent < 20 {
			t.Errorf("%d requests, the report has %d", sent, r.Calls.Port)
		}
	})
}
