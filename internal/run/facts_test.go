package run_test

import (
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func TestARegionThatAPolicyForbidsIsNotAskedForADay(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		before := s.catalog()
		lift := s.world.Fault(rule{Account: prod, Region: ohio, Fail: awstest.SCP})
		s.run()
		asked := rule{Account: prod, Region: ohio, Operation: "ec2:DescribeInstances"}
		n := s.world.Count(asked)
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		r := s.run()
		s.frozen(r, prod+" denied SCP 4")
		s.equal(before) // not asked is not gone
		if again := s.world.Count(asked); again != n {
			t.Errorf("asked %d times more", again-n)
		}
		lift()
		s.swept(s.run(), swept{})
		time.Sleep(day)
		s.swept(s.run(), swept{Deleted: []string{"instance/i-11-far: gone"}})
		s.converged()
	})
}

func TestWhoAsksForSomethingIsNotPutOffWithWhatWasLearned(t *testing.T) {
	for name, o := range map[string]ledger.Options{
		"a refresh": refresh, "an account": {Accounts: []string{prod}}, "a region": {Regions: []string{ohio}},
		"a kind": {Kinds: []string{"AWS::EC2::Instance"}}, "a retry": {Retry: "run-2"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				lift := s.world.Fault(rule{Account: prod, Region: ohio, Fail: awstest.SCP})
				s.run()
				lift()
				s.world.Remove(prod, "ec2", ohio, "i-11-far")
				s.swept(s.runWith(o), swept{Deleted: []string{"instance/i-11-far: gone"}})
			})
		})
	}
}

func TestWhatAPolicySaysOfARoleIsLearnedOfNoRegion(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		lift := s.world.Fault(rule{Account: prod, Operation: "sts:AssumeRole", Fail: awstest.SCP})
		s.run()
		lift()
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		s.frozen(s.run())
		s.converged()
	})
}
