package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// nothingWritten calls act and wants no write of it to Port, and none to our state but under the run's
// own prefix; without a run, none at all.
func (s *scene) nothingWritten(act func() (of string)) {
	s.Helper()
	state, catalog, resync := s.state(""), s.catalog(), s.port.ResyncState(integration)
	of := act()
	after := s.state("")
	for key := range after {
		if of != "" && strings.HasPrefix(key, "runs/") && strings.Contains(key, "/"+of+"/") {
			delete(after, key)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(state)), slices.Sorted(maps.Keys(after))); diff != "" {
		s.Errorf("keys of the state (-before +after):\n%s", diff)
	}
	for key := range after {
		if after[key] != state[key] {
			s.Errorf("%s has changed", key)
		}
	}
	s.equal(catalog)
	s.wrote(writes{})
	if diff := cmp.Diff(resync, s.port.ResyncState(integration)); diff != "" {
		s.Errorf("resync state (-before +after):\n%s", diff)
	}
}

func TestADryRunWritesNothingAndSaysWhatItWouldDo(t *testing.T) {
	play(t, func(s *scene) {
		var r *report.Report
		dry := func() string { r = s.runWith(ledger.Options{DryRun: true}); return r.Run }
		s.nothingWritten(dry)
		total := func() (sum report.Blueprint) {
			for _, b := range r.Blueprints {
				sum.Created += b.Created
				sum.Updated += b.Updated
				sum.Unchanged += b.Unchanged
				sum.Deleted += b.Deleted
			}
			return sum
		}
		if diff := cmp.Diff(report.Blueprint{Created: 25}, total()); diff != "" || !r.DryRun {
			t.Errorf("at first (-want +got):\n%s", diff)
		}
		s.run()
		s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
		s.world.Put(dev, "sns", ireland, "new-22", "DisplayName=New")
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		s.crowd(21)
		s.nothingWritten(dry)
		s.swept(r, swept{Deleted: []string{"instance/i-11-far: gone, WouldDelete"}})
		want := report.Blueprint{Created: 22, Updated: 1, Unchanged: 23, Deleted: 1}
		if diff := cmp.Diff(want, total()); diff != "" {
			t.Errorf("then (-want +got):\n%s", diff)
		}
		s.swept(s.run(), swept{Deleted: []string{"instance/i-11-far: gone"}})
		lost := s.disperse(21)
		s.world.Fault(rule{Account: dev, Operation: "sts:AssumeRole", Fail: awstest.Deny})
		for range 2 { // and one dry run is no first proof for the next
			s.nothingWritten(dry)
			s.swept(r, swept{Held: with(lost, ", Guard")})
			s.frozen(r, dev+" denied RoleDenied 7")
			time.Sleep(2 * time.Hour)
		}
		s.swept(s.run(), swept{Held: with(lost, ", Guard")})
	})
}

func TestADryRunNeedsNoLock(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		holder := s.engine()
		held, err := holder.Discover(s.Context(), s.request(ledger.Options{}))
		s.must(err)
		r := s.runWith(ledger.Options{DryRun: true})
		s.swept(r, swept{})
		for _, a := range held.Accounts {
			_, err := holder.Sync(s.Context(), run.SyncRequest{Run: held.Run, Account: a})
			s.must(err)
		}
		_, err = holder.Sweep(s.Context(), held.Run)
		s.must(err)
	})
}

func TestOptionsNarrowARunAndFreezeTheRest(t *testing.T) {
	type list = []string
	const ec2, s3, sns = "AWS::EC2::Instance", "AWS::S3::Bucket", "AWS::SNS::Topic"
	gone := map[string]string{
		"i-11-0": "instance/i-11-0", "i-11-far": "instance/i-11-far", "logs-11": "bucket/logs-11",
		"news-11": "topic/arn:aws:sns:us-east-2:111111111111:news-11",
		"i-22-0":  "instance/i-22-0", "i-22-far": "instance/i-22-far", "logs-22": "bucket/logs-22",
		"news-22": "topic/arn:aws:sns:us-east-2:222222222222:news-22",
	}
	for _, c := range []struct {
		name    string
		options ledger.Options
		deletes []string
	}{
		{"one account", ledger.Options{Accounts: list{dev}}, list{"i-22-0", "i-22-far", "logs-22", "news-22"}},
		{"one kind", ledger.Options{Kinds: list{ec2}}, list{"i-11-0", "i-11-far", "i-22-0", "i-22-far"}},
		{"two kinds", ledger.Options{Kinds: list{s3, sns}}, list{"logs-11", "news-11", "logs-22", "news-22"}},
		{"one region", ledger.Options{Regions: list{ohio}}, list{"i-11-far", "news-11", "i-22-far", "news-22"}},
		{"what is global is a region too", ledger.Options{Regions: list{"global"}}, list{"logs-11", "logs-22"}},
		{"all three", ledger.Options{Accounts: list{prod}, Kinds: list{ec2}, Regions: list{ohio}}, list{"i-11-far"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				for short := range gone {
					account, region := prod, ireland
					service := map[byte]string{'i': "ec2", 'l': "s3", 'n': "sns"}[short[0]]
					if strings.Contains(short, "22") {
						account = dev
					}
					if strings.HasSuffix(short, "far") || service == "sns" {
						region = ohio
					}
					s.world.Remove(account, service, region, short)
				}
				before := s.catalog()
				var want []string
				for _, short := range c.deletes {
					delete(before, gone[short])
					want = append(want, gone[short]+": gone")
				}
				slices.Sort(want)
				r := s.runWith(c.options)
				s.swept(r, swept{Deleted: want})
				s.equal(before)
				if r.Verdict != report.Complete || !r.Narrow {
					t.Errorf("verdict %s, narrow %t", r.Verdict, r.Narrow)
				}
				s.run()
				s.converged()
			})
		})
	}
}

func TestOptionsAreReadAsAWholeOrNotAtAll(t *testing.T) {
	none := ledger.Options{}
	for _, c := range []struct {
		name, input string
		want        ledger.Options
		code        string
		says        []string
	}{
		{"none", `{}`, none, "", nil},
		{"all, with blanks around them",
			`{"accounts":["404455566677"," 404455566688 "],"kinds":["AWS::S3::Bucket"],"regions":[" eu-west-1"],` +
				`"dryRun":true}`,
			ledger.Options{Accounts: []string{"404455566677", "404455566688"}, Kinds: []string{"AWS::S3::Bucket"},
				Regions: []string{"eu-west-1"}, DryRun: true}, "", nil},
		{"account ids as numbers, and too short ones",
			`{"accounts":[12200330044,"404455566677"," 404455566688 ","4044"]}`, none, "OptionsInvalid",
			[]string{"accounts[0]", `did you mean "012200330044"?`, "accounts[3]", "strings of 12 digits"}},
		{"several mistakes at once",
			`{"accounts":"404455566677","kinds":["AWS::S3"],"dryRun":"yes","region":["eu-west-1"]}`,
			none, "OptionsInvalid", []string{"accounts: not a list", `kinds[0]: "AWS::S3"`, "dryRun",
				"region: there is no such option"}},
		{"regions that are none", `{"regions":[1]}`, none, "OptionsInvalid",
			[]string{"regions: not a list of strings"}},
		{"lists of nothing", `{"accounts":[],"kinds":[],"regions":[]}`, none, "OptionsInvalid",
			[]string{"accounts: the list is empty", "kinds: the list is empty", "regions: the list is empty"}},
		{"no object", `[]`, none, "OptionsInvalid", nil},
		{"no JSON", `{`, none, "OptionsInvalid", nil},
		{"retry", `{"retry":" run-1 "}`, ledger.Options{Retry: "run-1"}, "", nil},
		{"approve", `{"approve":"run-1","dryRun":true}`, ledger.Options{Approve: "run-1", DryRun: true}, "", nil},
		{"approve and retry", `{"approve":"run-1","retry":"run-1"}`, none, "OptionsInvalid", []string{"approve and retry"}},
		{"a run that is no name", `{"approve":1,"retry":["x"]}`, none, "OptionsInvalid", []string{"approve: 1", "retry: ["}},
		{"purge", `{"purge":"aws-test","approve":"run-1"}`, ledger.Options{Purge: "aws-test", Approve: "run-1"}, "", nil},
		{"purge of something", `{"purge":"aws-test","accounts":["111111111111"]}`, none, "OptionsInvalid", []string{"only dryRun and approve"}},
		{"purge and refresh", `{"purge":"aws-test","refresh":true}`, none, "OptionsInvalid", []string{"only dryRun and approve"}},
		{"purge of nobody knows what", `{"purge":""}`, none, "OptionsInvalid", []string{"purge: say of which integration"}},
		{"those that ask for nothing", `{"retry":null,"refresh":false,"approve":""}`, none, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := run.ParseOptions([]byte(c.input), kinds.All)
			s := &scene{T: t}
			if c.code != "" {
				s.named(err, c.code)
				for _, part := range c.says {
					if !strings.Contains(err.Error(), part) {
						t.Errorf("%q does not say %q", err, part)
					}
				}
				return
			}
			s.must(err)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestAnAccountThatIsNotSelectedCannotBeAskedFor(t *testing.T) {
	play(t, func(s *scene) {
		s.nothingWritten(func() string {
			_, err := s.try(ledger.Options{Accounts: []string{prod, "999999999999"}})
			s.named(err, "OptionsInvalid")
			if !strings.Contains(err.Error(), "999999999999") || strings.Contains(err.Error(), prod) {
				t.Errorf("%q names the wrong ones", err)
			}
			return ""
		})
	})
}

func TestDiscoverStopsARunThatCannotBeRightBeforeAnythingIsWritten(t *testing.T) {
	broken := mapping()
	broken["resources"] = append(broken["resources"].([]any), change(buckets(), "identifier", ".Properties.["))
	for _, c := range []struct {
		name  string
		cause func(*scene)
		want  string
		says  string
	}{
		{"no account", func(s *scene) {
			for _, id := range []string{prod, dev, lab} {
				s.world.SetState(id, "")
			}
		}, "NoAccounts", "no account is left"},
		{"no active account", func(s *scene) {
			for _, id := range []string{prod, dev, lab} {
				s.world.SetState(id, "SUSPENDED")
			}
		}, "NoAccounts", "active"},
		{"Organizations refuses", func(s *scene) {
			s.world.Fault(rule{Operation: "organizations:ListAccounts", Fail: awstest.Deny})
		}, "OrganizationDenied", "organizations:ListAccounts"},
		{"Organizations fails on its second page", func(s *scene) {
			s.world.Fault(rule{Operation: "organizations:ListAccounts", Page: 2, Fail: awstest.Broken})
		}, "OrganizationUnavailable", "next run"},
		{"no mapping yet", func(s *scene) { s.remap(object{}) }, "MappingEmpty", "no mapping yet"},
		{"a mapping without resources", func(s *scene) { s.remap(config()) }, "MappingInvalid", "resources"},
		{"a mapping of kinds we do not read", func(s *scene) {
			s.remap(config(block("AWS::Nothing", "topic", ".Type", object{})))
		}, "MappingEmpty", "AWS::Nothing"},
		{"a mapping of blueprints that Port does not have", func(s *scene) {
			s.remap(config(block("AWS::SNS::Topic", "nothing", ".Type", object{})))
		}, "MappingEmpty", "nothing"},
		{"one broken program among others", func(s *scene) { s.remap(broken) }, "MappingInvalid", "resources[5]"},
		{"Port refuses the credentials", func(s *scene) {
			s.port.Fault(porttest.Rule{Route: "POST /v1/auth/access_token", Do: porttest.Fail{Status: 401}})
		}, "PortUnauthorized", "PORT_SECRET_ARN"},
		{"Port refuses every token", func(s *scene) {
			s.port.Fault(porttest.Rule{Route: "GET /v1/integration/{id}", Do: porttest.Fail{Status: 401}})
		}, "PortUnauthorized", "PORT_SECRET_ARN"},
		{"Port's organization refuses our address", func(s *scene) {
			s.port.Fault(porttest.Rule{Do: porttest.Fail{Status: 403}})
		}, "PortForbidden", "IP addresses"},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Remove(prod, "s3", ireland, "logs-11")
				c.cause(s)
				s.nothingWritten(func() string {
					if err := s.fails(c.want); !strings.Contains(err.Error(), c.says) {
						t.Errorf("%q does not say %q", err, c.says)
					}
					return ""
				})
			})
		})
	}
}
