package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// What accounts are that a run does not read. That one cannot be entered is known only once it is tried:
// its verdict is then that of its role.
const (
	accountSuspended  = "Suspended"
	accountClosed     = "Closed"
	notActive         = "NotActive"         // any other state
	accountLeft       = "AccountLeft"       // it is not in the organization any more
	accountOutOfScope = "AccountOutOfScope" // somebody moved it out of the selected units
	accountDeselected = "AccountDeselected" // the settings leave it out
	notListed         = "NotListed"         // and nobody could tell why
	notAsked          = "NotAsked"          // left out by the run's options
	notSynced         = "NotSynced"         // its sync has not come to its end
)

// inactive is the verdict of an account that Organizations lists and that is not to be entered.
func inactive(a ledger.Account) kind.Verdict {
	v := kind.Verdict{State: kind.Unread, Reason: notActive,
		Message: "Organizations says that it is " + a.State + "; the entities of its resources stay as they are"}
	switch org.State(a.State) {
	case org.Suspended:
		v.Reason, v.Message = accountSuspended, "AWS has suspended it; the entities of its resources stay as they are"
	case org.PendingClosure, org.Closed:
		v.Reason, v.Message = accountClosed, "it is closed ("+a.State+"); the entities of its resources stay as long as Organizations lists it"
	}
	return v
}

// absent finds the accounts that the ledger knows and that are not listed any more, and what became of
// them. One that has left, or was moved out of the selected units, goes once its grace is over and
// Organizations confirms it; one that the settings leave out goes by these. If more than half are missing
// at once it may be our mistake, or somebody's: then no grace begins or ends. A person can approve it.
func (e *Engine) absent(ctx context.Context, p *planning) error {
	if p.plan.Options.Purge != "" {
		p.purge()
		return nil
	}
	approved := map[string]bool{}
	if id := p.plan.Options.Approve; id != "" {
		of, err := p.ledger.ReadPlan(ctx, id)
		if err != nil {
			return err
		}
		for _, a := range of.Absent {
			approved[a.ID] = true
		}
	}
	lost := p.lost()
	missing, doubtful := slices.Sorted(maps.Keys(lost)), 0
	for _, id := range missing {
		if lost[id].Since.IsZero() && !approved[id] {
			doubtful++
		}
	}
	p.plan.Shrunk = 2*doubtful > len(p.roster.Accounts)
	var ask []string
	for _, id := range missing {
		if !p.plan.Shrunk && !e.source.Deselected(id) {
			ask = append(ask, id)
		}
	}
	act, done := e.begin(ctx)
	defer done()
	found, err := e.source.Whereabouts(ctx, ask, act.stop)
	if err != nil {
		return err
	}
	for _, id := range missing {
		where, answered := found[id]
		if !answered {
			where.Why = "Organizations was not asked about it in this run"
		}
		p.plan.Absent = append(p.plan.Absent, e.fact(p.plan, id, lost[id], where))
	}
	return nil
}

// lost are the accounts that are missing, as the roster has them; without a time where it has them as
// listed.
func (p *planning) lost() map[string]ledger.Absence {
	listed := map[string]bool{}
	for _, all := range [][]ledger.Account{p.accounts, p.plan.Inactive, p.plan.LeftOut} {
		for _, a := range all {
			listed[a.ID] = true
		}
	}
	lost := map[string]ledger.Absence{}
	for _, id := range p.roster.Accounts {
		if !listed[id] {
			lost[id] = ledger.Absence{Selection: p.roster.Selection}
		}
	}
	for id, a := range p.roster.Absent {
		if !listed[id] {
			lost[id] = a
		}
	}
	return lost
}

func (e *Engine) fact(p ledger.Plan, id string, was ledger.Absence, where org.Whereabouts) ledger.Absent {
	a := ledger.Absent{ID: id, Since: was.Since}
	if a.Since.IsZero() && !p.Shrunk {
		a.Since = p.Time
	}
	same := was.Selection == p.Selection
	switch {
	case e.source.Deselected(id), where.State != "" && e.source.Selects() && !same:
		a.Reason, a.Message, a.Gone = accountDeselected, "the settings no longer select it", accountUnselected
		return a
	case p.Shrunk:
		a.Reason, a.Message = notListed, "it is not listed any more, like more than half of the accounts; its entities stay as they are"
		return a
	case where.Left:
		a.Reason, a.Message, a.Gone = accountLeft, "Organizations knows no such account any more: it has left", accountGone
	case where.State != "" && e.source.Selects():
		a.Reason, a.Message, a.Gone = accountOutOfScope, "it is in the organization, and no longer in the selected units or with the selected tags", accountMoved
	case where.State != "":
		a.Reason, a.Since = notListed, time.Time{}
		a.Message = "Organizations knows it and has not listed it; its entities stay as they are"
		return a
	default:
		a.Reason, a.Message = notListed, "it is not listed any more, and that is not confirmed, so its entities stay as they are: "+where.Why
		return a
	}
	if end := a.Since.Add(e.AccountGrace); p.Time.Before(end) {
		a.Gone = ""
		a.Message += "; its entities stay until " + end.UTC().Format(time.RFC3339)
	}
	return a
}

// retired are the accounts whose entries may all go, with the reason. A run that leaves something out
// leaves them alone, too.
func (w *work) retired(account string) string {
	if w.Options.Purge != "" {
		return purged
	}
	if w.Options.Narrow() {
		return ""
	}
	i := slices.IndexFunc(w.Absent, func(a ledger.Absent) bool { return a.ID == account })
	if i < 0 {
		return ""
	}
	return w.Absent[i].Gone
}

// shrunk says which accounts are missing when that may be a mistake; "" if it is none.
func (w *work) shrunk() string {
	if !w.Shrunk {
		return ""
	}
	const named = 10
	var ids []string
	for _, a := range w.Absent {
		ids = append(ids, a.ID)
	}
	more := ""
	if len(ids) > named {
		ids, more = ids[:named], fmt.Sprintf(" and %d more", len(ids)-named)
	}
	return fmt.Sprintf("AccountsShrunk: more than half of the accounts are not listed any more (selected: %s): %s%s. "+
		"Nothing of them goes and no grace begins. If it is right, start a run with {\"approve\": %q}.",
		strings.TrimSuffix(w.Selection, "; "), strings.Join(ids, ", "), more, w.Run)
}

// enroll brings the roster up to date with what this run found.
func (s *sweep) enroll(ctx context.Context) error {
	next := s.roster
	next.Selection, next.Accounts, next.Absent = s.work.Selection, nil, nil
	since := map[string]time.Time{}
	for _, a := range s.work.Absent {
		since[a.ID] = a.Since
	}
	for _, state := range accountsOf(s.states) {
		if state.Summary.Total() == 0 && !state.Loose {
			continue
		}
		at, missing := since[state.Account]
		if !missing || at.IsZero() {
			next.Accounts = append(next.Accounts, state.Account)
			continue
		}
		was, before := s.roster.Absent[state.Account]
		if !before {
			was = ledger.Absence{Since: at, Selection: s.roster.Selection}
		}
		if next.Absent == nil {
			next.Absent = map[string]ledger.Absence{}
		}
		next.Absent[state.Account] = was
	}
	if s.work.Shrunk {
		next.Selection = s.roster.Selection // of those that are missing
	}
	if s.work.Options.DryRun || next.Same(s.roster) {
		return nil
	}
	return s.work.ledger.WriteRoster(ctx, s.work.Run, next)
}
