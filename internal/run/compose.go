package run

import (
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// compose draws the report from what the accounts' heads and the sweep know.
func (s *sweep) compose() *report.Report {
	w := s.work
	r := &report.Report{
		Format: report.Version, Run: w.Run, Trigger: w.Trigger, DryRun: w.Options.DryRun, Narrow: w.Options.Narrow() || w.Options.Purge != "",
		Began: w.Time, Ended: s.engine.Now().UTC(), Verdict: report.Complete, Blueprints: map[string]report.Blueprint{},
		Candidates: s.Candidates, Recorded: s.Entries,
		Written: s.written, Deleted: s.progress.Outcome.Deleted, Released: s.progress.Outcome.Released, Stayed: s.progress.Outcome.Stayed,
		Calls: report.Calls{Port: w.PortCalls + s.progress.PortCalls + int(s.toPort.Load()), ByAction: map[string]int{}},
	}
	for _, h := range s.Holds {
		r.Held = append(r.Held, h.departure(h.Because, ""))
	}
	if w.Options.DryRun {
		for _, c := range s.Deletes {
			r.Deleted = append(r.Deleted, c.departure("WouldDelete", ""))
		}
	}
	if warning := w.shrunk(); warning != "" {
		r.Warnings = append(r.Warnings, warning)
	}
	for _, p := range w.mapping.Warnings {
		r.Warnings = append(r.Warnings, p.String())
	}
	r.Warnings = slices.Concat(r.Warnings, w.Warnings, s.unsearched)
	r.Setup = w.Setup
	for _, f := range w.Frozen {
		r.Blocks = append(r.Blocks, report.Block(f))
	}
	s.tally(r)
	r.Accounts = s.accounts()
	r.Cost = r.Price()
	if len(r.Blocks) > 0 || w.Shrunk || slices.ContainsFunc(r.Accounts, hidden) {
		r.Verdict = report.Frozen
	}
	return r
}

// hidden says that part of an account that the run meant to read was not.
func hidden(a report.Account) bool {
	return a.Reason != notAsked && (hides(a.Verdict) ||
		slices.ContainsFunc(a.Frozen, func(c report.Cell) bool { return hides(c.Verdict) }))
}

// tally adds up what happened to entities and how many calls it took.
func (s *sweep) tally(r *report.Report) {
	for _, state := range accountsOf(s.states) {
		sum := state.Summary
		for name, n := range sum.Entries {
			b := r.Blueprints[name]
			b.Entities += n
			r.Blueprints[name] = b
		}
		if sum.Run != s.work.Run {
			continue
		}
		for name, n := range sum.Writes {
			b := r.Blueprints[name]
			b.Created, b.Updated, b.Unchanged = b.Created+n.Created, b.Updated+n.Updated, b.Unchanged+n.Unchanged
			b.Refused, b.Failed = b.Refused+n.Refused, b.Failed+n.Failed
			r.Blueprints[name] = b
		}
		for action, n := range sum.Calls {
			r.Calls.ByAction[action] += n
			r.Calls.AWS += n
		}
		r.Calls.Throttled += sum.Throttled
		r.Calls.Port += sum.PortCalls
	}
	for _, d := range r.Deleted {
		b := r.Blueprints[d.Blueprint]
		b.Deleted++
		r.Blueprints[d.Blueprint] = b
	}
}

// accounts says of every account of the organization, and of every one that the ledger knows, how far
// it was read.
func (s *sweep) accounts() []report.Account {
	known := map[string]ledger.State{}
	for _, state := range accountsOf(s.states) {
		known[state.Account] = state
	}
	var all []report.Account
	add := func(a ledger.Account, v kind.Verdict) {
		state := known[a.ID]
		delete(known, a.ID)
		one := report.Account{ID: a.ID, Name: a.Name, Verdict: v, Entities: state.Summary.Total()}
		if sum := state.Summary; sum.Run == s.work.Run && v.Reason == notSynced {
			if sum.Done {
				one.Verdict, one.Since = sum.Verdict.Verdict, sum.Verdict.Since
			}
			one.Cells, one.Seconds, one.Trouble = sum.Cells, sum.Seconds, sum.Trouble
			for _, f := range sum.Frozen {
				one.Frozen = append(one.Frozen, report.Cell{Region: f.Region, Kind: f.Kind, Verdict: f.Verdict, Since: f.Since.Since})
			}
			for _, p := range sum.Problems {
				one.Problems = append(one.Problems, report.Problem(p))
			}
		}
		all = append(all, one)
	}
	for _, a := range s.members {
		v := kind.Verdict{State: kind.Unread, Reason: notSynced, Message: "its sync did not come to an end in this run"}
		if f, failed := s.failures[a.ID]; failed {
			v.Message += ": " + f.Reason + ": " + f.Why
		}
		add(a, v)
	}
	for _, a := range s.work.Inactive {
		add(a, inactive(a))
	}
	for _, a := range s.work.Absent {
		add(ledger.Account{ID: a.ID}, kind.Verdict{State: kind.Unread, Reason: a.Reason, Message: a.Message})
		all[len(all)-1].Since = a.Since
	}
	for _, a := range s.work.LeftOut {
		add(a, kind.Verdict{State: kind.Unread, Reason: notAsked, Message: "the run's options leave it out"})
	}
	for id, state := range known {
		if state.Summary.Total() == 0 && !state.Loose {
			continue // it left long ago
		}
		add(ledger.Account{ID: id}, kind.Verdict{State: kind.Unread, Reason: notListed,
			Message: "it is no longer among the accounts of the run; its entities stay as they are"})
	}
	slices.SortFunc(all, func(a, b report.Account) int { return strings.Compare(a.ID, b.ID) })
	return all
}
