package run_test

import (
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestOptionsThatMakeNoSenseAreRefusedAndSayWhy(t *testing.T) {
	type list = []string
	play(t, func(s *scene) {
		near := selecting(topics(), "true")
		near["selector"].(object)["regionPolicy"] = object{"allow": list{ireland}}
		s.remap(config(accounts(), buckets(), near, block("AWS::ECS::Cluster", "nothing", ".Type", object{})))
		s.world.SetState("444444444444", "SUSPENDED")
		s.run()
		for _, c := range []struct {
			options ledger.Options
			says    string
		}{
			{ledger.Options{Kinds: list{"AWS::EC2::Instance"}}, "does not name AWS::EC2::Instance"},
			{ledger.Options{Kinds: list{"AWS::ECS::Cluster"}}, "Port has no blueprint nothing"},
			{ledger.Options{Kinds: list{"AWS::S3::Bucket"}, Regions: list{ireland}}, `region "global"`},
			{ledger.Options{Kinds: list{"AWS::SNS::Topic"}, Regions: list{"global"}}, "no AWS::SNS::Topic in these regions"},
			{ledger.Options{Regions: list{ireland, ohio}}, "regions[1]: the mapping asks for nothing in us-east-2"},
			{ledger.Options{Accounts: list{"444444444444"}}, "444444444444 is SUSPENDED"},
			{ledger.Options{Approve: "run-1"}, "run-1 has held nothing"},
			{ledger.Options{Approve: "run-77"}, `no run "run-77"`},
			{ledger.Options{Retry: "run-77", DryRun: true}, `no run "run-77"`},
			{ledger.Options{Retry: "run-1", Refresh: true}, "completed every account"},
		} {
			s.nothingWritten(func() string {
				_, err := s.try(c.options)
				s.named(err, "OptionsInvalid")
				if !strings.Contains(err.Error(), c.says) {
					t.Errorf("%+v: %q does not say %q", c.options, err, c.says)
				}
				return ""
			})
		}
	})
}

// held lets the selector lose 30 instances and topics, which are held.
func held(s *scene) (run string) {
	s.crowd(40)
	s.run()
	s.remap(config(accounts(), selecting(instances(), `.Properties.InstanceId[:3] | IN("c-0", "c-1", "c-2") | not`), buckets(), clusters(), topics()))
	r := s.run()
	if len(r.Held) != 30 {
		s.Fatalf("held %d", len(r.Held))
	}
	return r.Run
}

func TestOptionsWorkTogether(t *testing.T) {
	type list = []string
	const ec2, s3 = "AWS::EC2::Instance", "AWS::S3::Bucket"
	for _, c := range []struct {
		name          string
		options       func(held string) ledger.Options
		deleted, held int // of what is held
		repaired      int // of the drift of two accounts
	}{
		{"approve", func(h string) ledger.Options { return ledger.Options{Approve: h} }, 30, 0, 0},
		{"approve and the account", func(h string) ledger.Options { return ledger.Options{Approve: h, Accounts: list{prod}} }, 30, 0, 0},
		{"approve and another account", func(h string) ledger.Options { return ledger.Options{Approve: h, Accounts: list{dev}} }, 0, 0, 0},
		{"approve and another kind", func(h string) ledger.Options { return ledger.Options{Approve: h, Kinds: list{s3}} }, 0, 0, 0},
		{"approve and the region", func(h string) ledger.Options { return ledger.Options{Approve: h, Regions: list{ireland}} }, 30, 0, 0},
		{"approve and refresh", func(h string) ledger.Options { return ledger.Options{Approve: h, Refresh: true} }, 30, 0, 2},
		{"refresh", func(string) ledger.Options { return ledger.Options{Refresh: true} }, 0, 30, 2},
		{"refresh and an account", func(string) ledger.Options { return ledger.Options{Refresh: true, Accounts: list{dev}} }, 0, 0, 1},
		{"refresh, a kind and an account", func(string) ledger.Options {
			return ledger.Options{Refresh: true, Accounts: list{dev}, Kinds: list{ec2}}
		}, 0, 0, 0},
		{"everything", func(h string) ledger.Options {
			return ledger.Options{Approve: h, Refresh: true, Accounts: list{prod}, Kinds: list{ec2, s3}, Regions: list{ireland, "global"}}
		}, 30, 0, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				o := c.options(held(s))
				for _, name := range []string{"logs-11", "logs-22"} {
					s.must(s.port.Edit("bucket", name, func(e *porttest.Entity) { e.Properties["tagged"] = false }))
				}
				dry := o
				dry.DryRun = true
				s.nothingWritten(func() string {
					r := s.runWith(dry)
					if len(r.Deleted) != c.deleted || len(r.Held) != c.held || r.Blueprints["bucket"].Updated != c.repaired {
						t.Errorf("foreseen: %d deleted, %d held, %+v", len(r.Deleted), len(r.Held), r.Blueprints["bucket"])
					}
					return r.Run
				})
				r := s.runWith(o)
				if len(r.Deleted) != c.deleted || len(r.Held) != c.held || s.port.Stats().Updated != c.repaired {
					t.Errorf("%d deleted, %d held, %d updated", len(r.Deleted), len(r.Held), s.port.Stats().Updated)
				}
			})
		})
	}
}

func TestARetryCanBeNarrowedAndForeseen(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		for _, account := range []string{prod, dev} {
			s.world.Put(account, "sns", ireland, "more-"+account[:2])
		}
		lift := s.world.Fault(rule{Operation: "sns:ListTopics", Region: ireland, Fail: awstest.Deny})
		first := s.run()
		lift()
		s.nothingWritten(func() string {
			r := s.runWith(ledger.Options{Retry: first.Run, DryRun: true})
			if n := r.Blueprints["topic"]; n.Created != 2 {
				t.Errorf("foreseen: %+v", n)
			}
			return r.Run
		})
		s.runWith(ledger.Options{Retry: first.Run, Accounts: []string{dev}, Refresh: true})
		s.wrote(writes{Created: 1})
		s.runWith(ledger.Options{Retry: first.Run})
		s.wrote(writes{Created: 1})
		s.converged()
	})
}
