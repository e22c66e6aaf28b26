package run_test

import (
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// byTheClock carries out a run as the schedule does.
func (s *scene) byTheClock(o ledger.Options) *report.Report {
	s.Helper()
	r := s.request(o)
	r.Trigger = "schedule"
	rep, err := s.engine().Once(s.Context(), r)
	s.must(err)
	return rep
}

func TestARegionThatAPolicyForbidsIsNotAskedForADay(t *testing.T) {
	play(t, func(s *scene) {
		s.byTheClock(ledger.Options{})
		before := s.catalog()
		lift := s.world.Fault(rule{Account: prod, Region: ohio, Fail: awstest.SCP})
		s.byTheClock(ledger.Options{})
		asked := rule{Account: prod, Region: ohio, Operation: "ec2:DescribeInstances"}
		n := s.world.Count(asked)
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		r := s.byTheClock(ledger.Options{})
		s.frozen(r, prod+" denied SCP 4")
		s.equal(before) // not asked is not gone
		if again := s.world.Count(asked); again != n {
			t.Errorf("asked %d times more", again-n)
		}
		lift()
		s.swept(s.byTheClock(ledger.Options{}), swept{})
		time.Sleep(day)
		s.swept(s.byTheClock(ledger.Options{}), swept{Deleted: []string{"instance/i-11-far: gone"}})
		s.converged()
	})
}

// That S3 forbids the listing of all buckets says nothing of a region.
func TestWhatAPolicyForbidsEverywhereIsAskedForInEachRun(t *testing.T) {
	play(t, func(s *scene) {
		s.byTheClock(ledger.Options{})
		lift := s.world.Fault(rule{Account: prod, Operation: "s3:ListBuckets", Fail: awstest.SCP})
		s.byTheClock(ledger.Options{})
		lift()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		s.swept(s.byTheClock(ledger.Options{}), swept{Deleted: []string{"bucket/bare-11: gone"}})
	})
}

func TestWhoAsksForSomethingIsNotPutOffWithWhatWasLearned(t *testing.T) {
	by := func(o ledger.Options) func(*scene) *report.Report {
		return func(s *scene) *report.Report { return s.runWith(o) }
	}
	for name, act := range map[string]func(*scene) *report.Report{
		"a run by hand": by(ledger.Options{}), "an account": by(ledger.Options{Accounts: []string{prod}}),
		"a retry": by(ledger.Options{Retry: "run-2"}), "a button": func(s *scene) *report.Report { return s.byTheClock(refresh) },
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.byTheClock(ledger.Options{})
				lift := s.world.Fault(rule{Account: prod, Region: ohio, Fail: awstest.SCP})
				s.byTheClock(ledger.Options{})
				lift()
				s.world.Remove(prod, "ec2", ohio, "i-11-far")
				s.swept(act(s), swept{Deleted: []string{"instance/i-11-far: gone"}})
			})
		})
	}
}

func TestWhatAPolicySaysOfARoleIsLearnedOfNoRegion(t *testing.T) {
	play(t, func(s *scene) {
		s.byTheClock(ledger.Options{})
		lift := s.world.Fault(rule{Account: prod, Operation: "sts:AssumeRole", Fail: awstest.SCP})
		s.byTheClock(ledger.Options{})
		lift()
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		s.frozen(s.byTheClock(ledger.Options{}))
		s.converged()
	})
}
