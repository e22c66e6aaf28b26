package run_test

import (
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"slices"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
)

func TestTheFirstRunCreatesTheSecondWritesNothing(t *testing.T) {
	play(t, func(s *scene) {
		r := s.run()
		s.converged()
		s.wrote(writes{Created: 25})
		s.frozen(r)
		s.swept(r, swept{})
		r = s.run()
		s.converged()
		s.wrote(writes{})
		s.frozen(r)
		s.swept(r, swept{})
		want := map[string]report.Blueprint{
			"account": {Entities: 3, Unchanged: 3}, "instance": {Entities: 8, Unchanged: 8},
			"bucket": {Entities: 6, Unchanged: 6}, "cluster": {Entities: 4, Unchanged: 4},
			"topic": {Entities: 4, Unchanged: 4},
		}
		if diff := cmp.Diff(want, r.Blueprints); diff != "" {
			t.Errorf("blueprints (-want +got):\n%s", diff)
		}
	})
}

func TestPortShowsThatARunIsUnderWayAndHowItEnded(t *testing.T) {
	play(t, func(s *scene) {
		var during any
		s.world.Fault(rule{Operation: "s3:ListBuckets", Times: 1, Hook: func() {
			time.Sleep(time.Second)
			during = s.port.ResyncState(integration)["status"]
		}})
		s.run()
		if after := s.port.ResyncState(integration)["status"]; during != "running" || after != "completed" {
			t.Errorf("%v, then %v", during, after)
		}
	})
}

func TestOnlyWhatChangedIsWrittenAndOnlyWhatIsGoneIsDeleted(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "ec2", ireland, "i-11-0", "owner=somebody else")
		s.world.Put(dev, "s3", ohio, "data-22", "team=data", "cost=7")
		s.world.Put(lab, "sns", ohio, "first-of-its-account")
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		s.world.Remove(prod, "s3", ireland, "bare-11")
		s.world.Remove(dev, "ecs", ireland, "side-22")
		s.world.Remove(dev, "sns", ireland, "alerts-22")
		r := s.run()
		s.converged()
		s.wrote(writes{Created: 1, Updated: 2, Deleted: 4})
		s.swept(r, swept{Deleted: []string{
			"bucket/bare-11: gone", "cluster/arn:aws:ecs:eu-west-1:222222222222:cluster/side-22: gone",
			"instance/i-11-far: gone", "topic/arn:aws:sns:eu-west-1:222222222222:alerts-22: gone",
		}})
		s.frozen(r)
		s.run()
		s.wrote(writes{})
	})
}

func TestARemovedResourceThatComesBackIsCreatedAgain(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "logs-11")
		s.run()
		s.world.Put(prod, "s3", ireland, "logs-11", "team=core")
		s.run()
		s.converged()
		s.wrote(writes{Created: 1})
	})
}

func TestWhatCannotBeReadIsFrozenAndTheRestOfTheRunGoesOn(t *testing.T) {
	// In each case one resource of every cell has gone before the run; all of these are deleted but
	// those that the case keeps.
	dark := []string{"i-11-0", "i-11-far", "logs-11", "main-11", "alerts-11", "news-11"}
	both := append([]string{"i-22-0", "i-22-far", "logs-22", "main-22", "alerts-22", "news-22"}, dark...)
	type rules = []rule
	for _, c := range []struct {
		name   string
		faults rules
		frozen []string
		keeps  []string
	}{
		{"a role that is refused freezes its account",
			rules{{Account: prod, Operation: "sts:AssumeRole", Fail: awstest.Deny}},
			[]string{prod + " denied RoleDenied 7"}, dark},
		{"two accounts can be dark at once",
			rules{{Operation: "sts:AssumeRole", Fail: awstest.Deny}},
			[]string{prod + " denied RoleDenied 7", dev + " denied RoleDenied 7", lab + " denied RoleDenied 7"},
			both},
		{"regions that nobody tells freeze all that is in them",
			rules{{Account: prod, Operation: "account:ListRegions", Fail: awstest.Broken}},
			[]string{prod + " failed InternalError 7"}, dark},
		{"a region that a service control policy forbids freezes its cells; buckets are listed elsewhere",
			rules{{Account: prod, Region: ireland, Fail: awstest.SCP}},
			[]string{prod + " denied SCP 4"}, []string{"i-11-0", "main-11", "alerts-11"}},
		{"a listing that is denied freezes its cell",
			rules{{Account: prod, Region: ireland, Operation: "ecs:ListClusters", Fail: awstest.Deny}},
			[]string{prod + " denied Denied 1"}, []string{"main-11"}},
		{"a listing that is throttled beyond all retries freezes its cell",
			rules{{Account: prod, Region: ireland, Operation: "ec2:DescribeInstances", Fail: awstest.Throttle}},
			[]string{prod + " throttled RequestLimitExceeded 1"}, []string{"i-11-0"}},
		{"a second page that fails freezes its cell",
			rules{{Account: prod, Operation: "s3:ListBuckets", Page: 2, Fail: awstest.Broken}},
			[]string{prod + " failed InternalError 1"}, []string{"logs-11"}},
		{"a page token that comes twice freezes its cell",
			rules{{Account: prod, Operation: "ec2:DescribeInstances", Page: 2, Repeat: true}},
			[]string{prod + " failed PageTokenRepeated 1"}, []string{"i-11-0"}},
		{"a throttle that ends in time freezes nothing",
			rules{{Operation: "ec2:DescribeInstances", Fail: awstest.Throttle, Times: 3},
				{Operation: "sns:ListTopics", Fail: awstest.Broken, Times: 2}}, nil, nil},
		{"an item that cannot be read protects its own entity only",
			rules{{Operation: "sns:GetTopicAttributes", Item: "extra-11", Fail: awstest.Deny}},
			[]string{prod + " listed Denied 1"}, nil},
		{"an item that a batch leaves out protects its own entity only",
			rules{{Operation: "ecs:DescribeClusters", Item: "side-11", Omit: true}},
			[]string{prod + " listed BatchIncomplete 1"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.world.PageSize = 1
				s.world.Put(prod, "sns", ireland, "extra-11", "DisplayName=extra")
				s.run()
				kept := s.removeOneOfEachCell(c.keeps)
				var lifts []func()
				for _, f := range c.faults {
					lifts = append(lifts, s.world.Fault(f))
				}
				r := s.run()
				s.converged(kept)
				s.frozen(r, c.frozen...)
				if got, want := len(r.Deleted), 12-len(c.keeps); got != want {
					t.Errorf("deleted %d, want %d", got, want)
				}
				for _, lift := range lifts {
					lift()
				}
				r = s.run()
				s.converged()
				s.frozen(r)
				if got, want := len(r.Deleted), len(c.keeps); got != want {
					t.Errorf("then deleted %d, want %d", got, want)
				}
			})
		})
	}
}

// removeOneOfEachCell of prod and dev, and returns the entities of those that are named.
func (s *scene) removeOneOfEachCell(named []string) map[string]*entity {
	before, kept := s.catalog(), map[string]*entity{}
	for _, account := range []string{prod, dev} {
		id := account[:2]
		for _, at := range [][3]string{
			{"ec2", ireland, "i-" + id + "-0"}, {"ec2", ohio, "i-" + id + "-far"},
			{"s3", ireland, "logs-" + id}, {"ecs", ireland, "main-" + id},
			{"sns", ireland, "alerts-" + id}, {"sns", ohio, "news-" + id},
		} {
			gone := name(awstest.Thing{Account: account, Service: at[0], Region: at[1], Name: at[2]})
			if slices.Contains(named, at[2]) {
				e := before[gone]
				kept[gone] = &e
			}
			s.world.Remove(account, at[0], at[1], at[2])
		}
	}
	return kept
}

func TestUnreadTagsKeepWhatPortHasAndConfirmedAbsenceClearsIt(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "s3", ireland, "logs-11", "team=changed") // seen once it can be read
		s.world.Put(prod, "s3", ohio, "data-11")                    // NoSuchTagSet
		s.world.Remove(prod, "s3", ireland, "bare-11")
		lift := s.world.Fault(rule{Operation: "s3:GetBucketTagging", Item: "logs-11", Fail: awstest.Deny})
		logs := s.catalog()["bucket/logs-11"]
		r := s.run()
		s.converged(map[string]*entity{"bucket/logs-11": &logs})
		s.swept(r, swept{Deleted: []string{"bucket/bare-11: gone"}})
		s.frozen(r, prod+" listed Denied 1")
		if diff := cmp.Diff([]string{"Denied: logs-11"}, problems(r)); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		s.run()
		s.wrote(writes{}) // a steady denial writes nothing
		lift()
		s.run()
		s.converged()
	})
}

// A key that cannot be read any more has not changed, nor has one that can be read again.
func TestWhatCannotBeReadForAWhileIsNotWrittenForThat(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		for range 2 {
			lift := s.world.Fault(rule{Operation: "s3:GetBucketTagging", Account: prod, Fail: awstest.Deny})
			s.run()
			s.wrote(writes{})
			lift()
			s.run()
			s.wrote(writes{})
		}
		lift := s.world.Fault(rule{Operation: "s3:GetBucketTagging", Account: prod, Fail: awstest.Deny})
		s.run()
		s.world.Put(prod, "s3", ireland, "logs-11", "team=changed")
		s.run()
		s.wrote(writes{})
		lift()
		s.run()
		s.converged()
	})
}

func TestAnOptionThatCannotBeReadLeavesItsPropertyAsItIs(t *testing.T) {
	play(t, func(s *scene) {
		vms := change(instances(), "properties", object{"region": ".Properties.InstanceStatus.Status"})
		vms["selector"] = object{"query": "true", "includeActions": []any{"DescribeInstanceStatusAction"}}
		news := change(topics(), "properties", object{"display": ".Properties.Tags[0].Value"})
		news["selector"] = object{"query": "true", "includeActions": []any{"GetTopicTagsAction"}}
		s.remap(config(accounts(), vms, news))
		s.run()
		before := s.catalog()
		if vm, topic := before["instance/i-11-0"], before[alerts]; vm.Properties["region"] != "ok" ||
			topic.Properties["display"] != "Alerts" {
			t.Errorf("%v, %v", vm, topic)
		}
		for _, operation := range []string{"ec2:DescribeInstanceStatus", "sns:ListTagsForResource"} {
			s.world.Fault(rule{Account: prod, Operation: operation, Fail: awstest.Deny})
		}
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		delete(before, "instance/i-11-far")
		r := s.run()
		s.equal(before)
		s.frozen(r, prod+" listed Denied 3")
		s.run()
		s.wrote(writes{})
	})
}

func TestWhatTheServiceDoesNotKnowAtDescribeIsDeleted(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		// They go between the listing and the question about them.
		s.world.Fault(rule{Account: prod, Operation: "s3:GetBucketTagging", Times: 1,
			Hook: func() { s.world.Remove(prod, "s3", ireland, "bare-11") }})
		s.world.Fault(rule{Account: prod, Operation: "ecs:DescribeClusters", Times: 1,
			Hook: func() { s.world.Remove(prod, "ecs", ireland, "side-11") }})
		s.world.Fault(rule{Account: prod, Region: ireland, Operation: "sns:GetTopicAttributes", Times: 1,
			Hook: func() { s.world.Remove(prod, "sns", ireland, "alerts-11") }})
		s.world.PageSize = 100
		r := s.run()
		s.converged()
		s.swept(r, swept{Deleted: []string{"bucket/bare-11: gone",
			"cluster/arn:aws:ecs:eu-west-1:111111111111:cluster/side-11: gone",
			alerts + ": gone"}})
		s.frozen(r)
	})
}

func TestAListThatShiftedHoldsItsCandidatesUntilTheNextRun(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "ec2", ireland, "i-11-2")
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		// A new instance before page one moves i-11-1 to page two, where it comes again.
		s.world.Put(prod, "ec2", ireland, "i-11-3")
		s.world.Fault(rule{Account: prod, Region: ireland, Operation: "ec2:DescribeInstances", Page: 2,
			Times: 1, Hook: func() { s.world.PutFirst(prod, "ec2", ireland, "i-11-new") }})
		gone := s.catalog()["instance/i-11-2"]
		r := s.run()
		s.converged(map[string]*entity{"instance/i-11-2": &gone, "instance/i-11-new": nil})
		s.swept(r, swept{Deleted: []string{"instance/i-11-far: gone"},
			Held: []string{"instance/i-11-2: gone, ListShifted"}})
		if n := r.Blueprints["instance"]; n.Created != 1 || n.Unchanged != 6 {
			t.Errorf("an item that came twice counts twice: %+v", n)
		}
		r = s.run()
		s.converged()
		s.swept(r, swept{Deleted: []string{"instance/i-11-2: gone"}})
	})
}
