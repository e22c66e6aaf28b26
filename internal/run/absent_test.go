package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

const day = 24 * time.Hour

// runBy is a run of an engine that is changed first.
func (s *scene) runBy(o ledger.Options, change func(*run.Engine)) *report.Report {
	s.Helper()
	e := s.engine()
	change(e)
	r, err := e.Once(s.Context(), s.request(o))
	s.must(err)
	return r
}

// of counts the entities of an account in the catalog.
func (s *scene) of(account string) (n int) {
	for key, e := range s.catalog() {
		if e.Relations["account"] == account || key == "account/"+account {
			n++
		}
	}
	return n
}

// fact is the reason and the message of an account that was not read.
func fact(r *report.Report, account string) (reason, message string) {
	for _, a := range r.Accounts {
		if a.ID == account {
			reason, message = a.Reason, a.Message
		}
	}
	return reason, message
}

func TestAnAccountThatLeftGoesAfterItsGraceAndOnlyConfirmed(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.SetState(prod, "")
		const theirs = 12
		for range 7 {
			r := s.run()
			reason, message := fact(r, prod)
			if s.of(prod) != theirs || reason != "AccountLeft" || !strings.Contains(message, "until") {
				t.Fatalf("%d entities, %s: %s", s.of(prod), reason, message)
			}
			time.Sleep(day - 30*time.Minute)
		}
		lift := s.world.Fault(rule{Operation: "organizations:DescribeAccount", Fail: awstest.Deny})
		r := s.run() // the grace is over, and nobody confirms it
		if reason, message := fact(r, prod); s.of(prod) != theirs || reason != "NotListed" || !strings.Contains(message, "not confirmed") {
			t.Errorf("%d entities, %s: %s", s.of(prod), reason, message)
		}
		lift()
		narrow := s.runWith(ledger.Options{Kinds: []string{"AWS::S3::Bucket"}})
		dry := s.runWith(ledger.Options{DryRun: true})
		if s.of(prod) != theirs || len(narrow.Deleted) > 0 || len(dry.Deleted) != theirs {
			t.Errorf("%d entities, deleted %d and %d", s.of(prod), len(narrow.Deleted), len(dry.Deleted))
		}
		r = s.run()
		if s.of(prod) != 0 || len(r.Deleted) != theirs || r.Deleted[0].Reason != "account left the organization" {
			t.Errorf("%d entities, deleted %+v", s.of(prod), r.Deleted)
		}
		r = s.run()
		s.frozen(r)
		s.wrote(writes{})
		if r.Verdict != report.Complete {
			t.Errorf("verdict %s: an account that has gone is still waited for", r.Verdict)
		}
	})
}

func TestTheGraceBeginsAnewWhenAnAccountHasBeenBack(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.SetState(prod, "")
		s.run()
		time.Sleep(6 * day)
		s.world.SetState(prod, "SUSPENDED") // listed, though it cannot be entered
		s.run()
		time.Sleep(2 * day)
		s.world.SetState(prod, "")
		r := s.run()
		if reason, _ := fact(r, prod); reason != "AccountLeft" || len(r.Deleted) > 0 {
			t.Errorf("%s, deleted %d", reason, len(r.Deleted))
		}
	})
}

func TestAnAccountOutOfScopeIsTheSettingsDoingOrNot(t *testing.T) {
	selecting := func(e *run.Engine) { e.Org.OUs = []string{"ou-ab12-cd345678"} }
	for _, c := range []struct {
		name   string
		before func(*run.Engine) // in the first run
		after  func(*run.Engine)
		move   bool
		reason string
		goes   int
	}{
		{"moved out of the units: grace", selecting, selecting, true, "AccountOutOfScope", 0},
		{"other units are selected: at once", selecting,
			func(e *run.Engine) { e.Org.OUs = []string{"ou-ab12-ef901234"} }, true, "AccountDeselected", 12},
		{"excluded by id: at once", selecting,
			func(e *run.Engine) { selecting(e); e.Org.Excluded = []string{prod} }, false, "AccountDeselected", 12},
		{"known and not listed: never", func(*run.Engine) {}, func(*run.Engine) {}, true, "NotListed", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.runBy(ledger.Options{}, c.before)
				if c.move {
					s.world.Move(prod)
				}
				r := s.runBy(ledger.Options{}, c.after)
				if reason, message := fact(r, prod); reason != c.reason || message == "" || len(r.Deleted) != c.goes {
					t.Errorf("%s (%s), deleted %d", reason, message, len(r.Deleted))
				}
				time.Sleep(8 * day)
				r = s.runBy(ledger.Options{}, c.after)
				if want := c.reason != "NotListed"; (s.of(prod) == 0) != want {
					t.Errorf("after the grace %d entities are left, deleted %d", s.of(prod), len(r.Deleted))
				}
			})
		})
	}
}

func TestWhenMostAccountsVanishNoGraceBeginsUntilSomebodyApproves(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.SetState(prod, "")
		s.world.SetState(lab, "")
		var last string
		for range 3 {
			r := s.run()
			if s.of(prod) != 12 || r.Verdict != report.Frozen || len(r.Warnings) != 1 ||
				!strings.Contains(r.Warnings[0], prod) || !strings.Contains(r.Warnings[0], "AccountsShrunk") {
				t.Fatalf("%d entities, verdict %s, %q", s.of(prod), r.Verdict, r.Warnings)
			}
			time.Sleep(8 * day)
			last = r.Run
		}
		r := s.runWith(ledger.Options{Approve: last})
		if len(r.Deleted) > 0 || len(r.Warnings) > 0 {
			t.Errorf("its grace has only begun: deleted %d, %q", len(r.Deleted), r.Warnings)
		}
		time.Sleep(8 * day)
		s.run()
		if s.of(prod)+s.of(lab) > 0 || s.of(dev) != 12 {
			t.Errorf("%d, %d and %d entities", s.of(prod), s.of(lab), s.of(dev))
		}
	})
}

func TestADeselectionOfMostAccountsIsHeldUntilSomebodyApproves(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		few := func(e *run.Engine) { e.Org.Excluded = []string{prod, lab} }
		r := s.runBy(ledger.Options{}, few)
		if len(r.Held) != 13 || r.Held[0].Outcome != "AccountsShrunk" || len(r.Deleted) > 0 {
			t.Fatalf("held %d, deleted %d", len(r.Held), len(r.Deleted))
		}
		r = s.runBy(ledger.Options{Approve: r.Run}, few)
		if len(r.Deleted) != 13 || s.of(prod)+s.of(lab) > 0 {
			t.Errorf("deleted %d", len(r.Deleted))
		}
	})
}

func TestApprovalCarriesOutWhatThatRunHeldAndNothingElse(t *testing.T) {
	play(t, func(s *scene) {
		s.crowd(45)
		s.run()
		few := func(n int) object {
			return selecting(instances(), fmt.Sprintf(`.Properties.InstanceId | startswith("c-%d") | not`, n))
		}
		s.remap(config(accounts(), few(0), selecting(buckets(), "true"), clusters(), topics()))
		s.remap(config(accounts(), selecting(instances(), `.Properties.InstanceId[:3] | IN("c-0", "c-1", "c-2") | not`), buckets(), clusters(), topics()))
		held := s.run()
		if len(held.Held) != 30 {
			t.Fatalf("held %d", len(held.Held))
		}
		s.world.Remove(prod, "ec2", ireland, "c-00") // now it is gone, which nobody was asked about
		s.world.Put(prod, "ec2", ireland, "i-11-0", "owner=x")
		dry := s.runWith(ledger.Options{Approve: held.Run, DryRun: true})
		if len(dry.Deleted) != 29 || len(s.catalog()) != 25+45 {
			t.Errorf("a dry run would delete %d, %d are there", len(dry.Deleted), len(s.catalog()))
		}
		r := s.runWith(ledger.Options{Approve: held.Run})
		if len(r.Deleted) != 29 || len(r.Held) != 1 || r.Held[0].Identifier != "c-00" {
			t.Errorf("deleted %d, held %+v", len(r.Deleted), r.Held)
		}
		s.named(second(s.try(ledger.Options{Approve: dry.Run})), "OptionsInvalid")
		s.named(second(s.try(ledger.Options{Approve: "run-99"})), "OptionsInvalid")
		s.remap(mapping("entityDeletionThreshold", 0))
		s.named(second(s.try(ledger.Options{Approve: held.Run})), "OptionsInvalid")
	})
}

func second[A any](_ A, err error) error { return err }

func TestARetryAsksOnlyWhatTheRunDidNotComplete(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		lift := s.world.Fault(rule{Account: prod, Operation: "sns:ListTopics", Region: ireland, Fail: awstest.Deny})
		s.world.Put(prod, "sns", ireland, "more-11")
		first := s.run()
		s.frozen(first, prod+" denied Denied 1")
		lift()
		s.world.Remove(dev, "ec2", ohio, "i-22-far") // in a cell that was complete
		topics := s.world.Count(rule{Operation: "sns:ListTopics"})
		instances := s.world.Count(rule{Operation: "ec2:DescribeInstances"})
		r := s.runWith(ledger.Options{Retry: first.Run})
		s.swept(r, swept{})
		s.wrote(writes{Created: 1})
		if n := s.world.Count(rule{Operation: "sns:ListTopics"}) - topics; n != 1 ||
			s.world.Count(rule{Operation: "ec2:DescribeInstances"}) != instances {
			t.Errorf("asked for topics %d times, for instances %d", n, s.world.Count(rule{Operation: "ec2:DescribeInstances"})-instances)
		}
		s.named(second(s.try(ledger.Options{Retry: r.Run})), "OptionsInvalid") // nothing is left
		s.run()
		s.converged()
	})
}

func TestADeselectedAccountOfManyEntitiesGoesByApprovalOnly(t *testing.T) {
	play(t, func(s *scene) {
		s.crowd(30)
		s.run()
		without := func(e *run.Engine) { e.Org.Excluded = []string{prod} }
		var last *report.Report
		for range 3 {
			last = s.runBy(ledger.Options{}, without)
			if len(last.Held) != 34 || s.of(prod) != 35 { // the account itself, which they refer to, too
				t.Fatalf("held %d, %d are left", len(last.Held), s.of(prod))
			}
			time.Sleep(2 * time.Hour)
		}
		s.runBy(ledger.Options{Approve: last.Run}, without)
		if s.of(prod) != 0 {
			t.Errorf("%d are left", s.of(prod))
		}
	})
}

func TestARetryLetsNothingGoForWhatItDoesNotAsk(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		lift := s.world.Fault(rule{Account: prod, Operation: "ec2:DescribeInstances", Fail: awstest.Deny})
		first := s.run()
		lift()
		s.remap(config(accounts(), instances(), buckets(), clusters()))
		s.swept(s.runWith(ledger.Options{Retry: first.Run}), swept{})
	})
}

func TestARetryReadsAnAccountThatTheRunNeverReached(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		e := s.engine()
		r := s.request(ledger.Options{})
		d, err := e.Discover(s.Context(), r)
		s.must(err)
		for _, a := range d.Accounts {
			if a.ID != prod {
				s.must(second(e.Sync(s.Context(), run.SyncRequest{Run: r.Run, Account: a})))
			}
		}
		s.must(second(e.Sweep(s.Context(), r.Run)))
		s.world.Put(prod, "s3", ireland, "new-11")
		s.runWith(ledger.Options{Retry: r.Run})
		s.wrote(writes{Created: 1})
		s.converged()
	})
}
