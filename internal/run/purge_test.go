package run_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

var purge = ledger.Options{Purge: integration}

// remembered counts the entries of all accounts.
func (s *scene) remembered() (n int) {
	s.Helper()
	states, err := s.ledger().States(s.Context())
	s.must(err)
	for _, state := range states {
		n += state.Summary.Total()
	}
	return n
}

// TestAPurgeRemovesWhatWeWroteAndNothingElse once somebody has seen what would go and approved it. It takes nothing
// from AWS: roles and organization may be gone already. What somebody else has made or written last stays.
func TestAPurgeRemovesWhatWeWroteAndNothingElse(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(covered(s, ".Properties.Id"))
		s.crowd(25) // more than the guard lets go
		s.run()
		s.leave("bucket", "left-over") // of which the ledger knows since
		s.runWith(refresh)
		s.must(s.port.Create(porttest.Entity{Blueprint: "bucket", Identifier: "a-persons"}))
		s.must(s.port.Edit("bucket", "logs-22", func(e *porttest.Entity) { e.Title = "theirs now" }))
		before, known := s.catalog(), s.remembered()
		s.world.Fault(rule{Fail: awstest.Deny})

		dry := s.runWith(ledger.Options{Purge: integration, DryRun: true})
		first := s.runWith(purge)
		s.equal(before)
		if len(dry.Held) != known || len(first.Held) != known || len(first.Deleted) != 0 || first.Verdict != report.Complete {
			t.Errorf("of %d entries a dry run would hold %d; %d are held, %d deleted, verdict %s", known, len(dry.Held), len(first.Held), len(first.Deleted), first.Verdict)
		}

		r := s.runWith(ledger.Options{Purge: integration, Approve: first.Run})
		stays := []string{"logs-22 WrittenByOthers", dev + " Blocked"} // what is theirs refers to its account
		var told []string
		for _, d := range slices.Concat(r.Released, r.Stayed) {
			told = append(told, d.Identifier+" "+d.Outcome)
		}
		if diff := cmp.Diff(stays, told); diff != "" || len(r.Deleted) != known-2 {
			t.Errorf("%d of %d deleted, not deleted (-want +got):\n%s", len(r.Deleted), known, diff)
		}
		want := map[string]entity{}
		for _, key := range []string{"bucket/a-persons", "bucket/logs-22", "account/" + dev} {
			want[key] = before[key]
		}
		s.equal(want)

		s.must(s.port.Remove("bucket", "logs-22"))
		held := s.runWith(purge)
		s.runWith(ledger.Options{Purge: integration, Approve: held.Run})
		s.equal(map[string]entity{"bucket/a-persons": before["bucket/a-persons"]})
		if n := s.remembered(); n != 0 {
			t.Errorf("%d entries are still known", n)
		}
		s.swept(s.runWith(purge), swept{})
		s.wrote(writes{})
	})
}

// TestAPurgeIsNoEndOfTheSchedule: the next run of any other kind writes everything anew.
func TestAPurgeIsNoEndOfTheSchedule(t *testing.T) {
	play(t, func(s *scene) {
		generous := mapping()
		generous["entityDeletionThreshold"] = 1 // and so few entities that the guard lets them go
		s.remap(generous)
		s.run()
		before := s.catalog()
		held := s.runWith(purge)
		s.equal(before)
		s.runWith(ledger.Options{Purge: integration, Approve: held.Run})
		if n := len(s.catalog()); n != 0 {
			t.Errorf("%d entities are left", n)
		}
		s.run()
		s.converged()
		s.run()
		s.wrote(writes{})
	})
}

// TestWhatAPurgeHoldsGoesByItsApprovalOnly: neither by another run that approves it, nor by being proved twice.
func TestWhatAPurgeHoldsGoesByItsApprovalOnly(t *testing.T) {
	play(t, func(s *scene) {
		s.crowd(25)
		s.run()
		held := s.runWith(purge)
		for range 3 {
			s.swept(s.runWith(purge), swept{Held: heldLines(held)})
		}
		s.swept(s.runWith(ledger.Options{Approve: held.Run}), swept{})
		s.converged()
	})
}

func heldLines(r *report.Report) (lines []string) {
	for _, d := range r.Held {
		lines = append(lines, d.Blueprint+"/"+d.Identifier+": "+d.Reason+", "+d.Outcome)
	}
	return lines
}

func TestAPurgeOfAnotherIntegrationIsRefused(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.nothingWritten(func() string {
			_, err := s.try(ledger.Options{Purge: "another"})
			s.named(err, "OptionsInvalid")
			if !strings.Contains(err.Error(), `belongs to the integration "`+integration+`"`) {
				t.Error(err)
			}
			return ""
		})
	})
}

// TestAPurgeThatDiesIsCarriedOnOrUndoneByTheNextRun: what it had deleted and did not live to note is neither claimed
// for ever nor left out.
func TestAPurgeThatDiesIsCarriedOnOrUndoneByTheNextRun(t *testing.T) {
	for name, next := range map[string]func(s *scene, held string){
		"carried on": func(s *scene, held string) {
			s.runWith(ledger.Options{Purge: integration, Approve: held})
			s.equal(map[string]entity{})
			if n := s.remembered(); n != 0 {
				s.Errorf("%d entries are still known", n)
			}
		},
		"undone": func(s *scene, _ string) {
			s.run()
			s.converged()
			s.run()
			s.wrote(writes{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				held := s.runWith(purge)
				healthy := s.store
				var dead atomic.Bool
				s.before(deleteRoute, func() { dead.Store(true) })
				s.store = frail{healthy, func(string) bool { return dead.Load() }}
				if _, err := s.try(ledger.Options{Purge: integration, Approve: held.Run}); err == nil {
					t.Fatal("the run ended well")
				}
				s.store = healthy
				if n := len(s.catalog()); n == 0 || n == len(held.Held) {
					t.Fatalf("%d of %d entities are left", n, len(held.Held))
				}
				next(s, held.Run)
			})
		})
	}
}

// TestAListThatShiftedIsNoReasonToKeepWhatIsPurged: what it leaves open is whether AWS has the resource, which is
// not the question.
func TestAListThatShiftedIsNoReasonToKeepWhatIsPurged(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "ec2", ireland, "i-11-3")
		s.world.Fault(rule{Account: prod, Region: ireland, Operation: "ec2:DescribeInstances", Page: 2,
			Times: 1, Hook: func() { s.world.PutFirst(prod, "ec2", ireland, "i-11-new") }})
		s.run()
		held := s.runWith(purge)
		s.runWith(ledger.Options{Purge: integration, Approve: held.Run})
		s.equal(map[string]entity{})
	})
}
