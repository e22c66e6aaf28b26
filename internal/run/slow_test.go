package run_test

import (
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
)

func TestACellThatWasThrottledOrFailedIsReadOnceMoreBeforeTheVerdict(t *testing.T) {
	for fail, times := range map[string]int{awstest.Throttle: 25, awstest.Broken: 13} {
		t.Run(fail, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Remove(prod, "ec2", ireland, "i-11-1")
				s.world.PageSize = 1
				// More often than the client repeats a call, and on the second page: the first is read twice.
				s.world.Fault(rule{Account: prod, Region: ireland, Operation: "ec2:DescribeInstances", Page: 2, Times: times, Fail: fail})
				asked := s.world.Count(rule{Account: prod, Region: ireland, Operation: "ec2:DescribeInstances", Page: 1})
				r := s.run()
				s.frozen(r)
				s.swept(r, swept{Deleted: []string{"instance/i-11-1: gone"}})
				s.converged()
				if n := s.world.Count(rule{Account: prod, Region: ireland, Operation: "ec2:DescribeInstances", Page: 1}) - asked; n != 2 && fail == awstest.Broken {
					t.Errorf("listed %d times: the fault was not long enough to show anything", n)
				}
			})
		})
	}
}
