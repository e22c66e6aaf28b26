package run

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// step is a part of the decisions that concerns one account, carried out under its lease.
type step struct {
	account string
	marks   []mark
	drops   []candidate
	holds   []hold
	deletes []candidate
}

// stages cuts the decisions into steps. The steps of one stage concern different accounts, and all of
// them are done before the next stage begins: marks before drops, drops before deletes, and deletes of
// dependents before those of what they refer to.
func (d *decisions) stages(ranks map[string]int) [][]step {
	marks, drops, deletes := stage{}, stage{}, map[int]stage{}
	for _, m := range d.Marks {
		s := marks.of(m.Account)
		s.marks = append(s.marks, m)
	}
	for _, c := range d.Drops {
		s := drops.of(c.Account)
		s.drops = append(s.drops, c)
	}
	for _, h := range d.Holds {
		s := drops.of(h.Account)
		s.holds = append(s.holds, h)
	}
	for _, c := range d.Deletes {
		r := ranks[c.Blueprint]
		if deletes[r] == nil {
			deletes[r] = stage{}
		}
		s := deletes[r].of(c.Account)
		s.deletes = append(s.deletes, c)
	}
	stages := [][]step{marks.steps(), drops.steps()}
	for _, r := range slices.Sorted(maps.Keys(deletes)) {
		stages = append(stages, deletes[r].steps())
	}
	return stages
}

// stage is the steps of one stage, by account.
type stage map[string]*step

func (s stage) of(account string) *step {
	if s[account] == nil {
		s[account] = &step{account: account}
	}
	return s[account]
}

func (s stage) steps() (steps []step) {
	for _, account := range slices.Sorted(maps.Keys(s)) {
		steps = append(steps, *s[account])
	}
	return steps
}

// turn is one account's turn in a sweep: a step carried out under the account's lease.
type turn struct {
	*sweep
	*ledger.Holder
	outcome
	disowned []ledger.Disowned
}

// do carries out one step, or as much of it as there is time for. Whatever is no longer as it was when
// it was decided is left to the next run. What has been done is committed and in the outcome, also
// where an error ended it.
func (s *sweep) do(ctx context.Context, one step) (out outcome, done bool, err error) {
	h, err := s.work.ledger.Take(ctx, one.account, s.engine.lease(s.work, s.act), s.work.phase(ledger.Sweeping))
	if err != nil {
		return out, false, err
	}
	t := &turn{sweep: s, Holder: h}
	for _, m := range one.marks {
		t.mark(m)
	}
	for _, c := range one.drops {
		if e := t.stillGone(c); e != nil {
			h.Remove(e)
		}
	}
	for _, held := range one.holds {
		if e := t.find(held.candidate); e != nil && t.departed(e) {
			keep(e, held, s.work.Plan)
		}
	}
	done, err = t.delete(ctx, one.deletes)
	if failed := s.work.ledger.Disown(ctx, t.disowned); failed != nil {
		return outcome{}, false, errors.Join(err, failed, s.act.release(ctx, h))
	}
	sum := h.Summary
	sum.Entries = h.Counts()
	if failed := h.Commit(ctx, sum); failed != nil {
		return outcome{}, false, errors.Join(err, failed, s.act.release(ctx, h))
	}
	return t.outcome, done && err == nil, err
}

// keep holds an entry back. A hold that stands already keeps its time.
func keep(e *ledger.Entry, h hold, p ledger.Plan) {
	if e.Hold == nil || e.Hold.Reason != h.Because || e.Hold.Of != h.Reason {
		e.Hold = &ledger.Hold{Run: p.Run, Reason: h.Because, Of: h.Reason, Since: p.Time}
	}
}

func (t *turn) find(c candidate) *ledger.Entry {
	return t.Find(t.Cell(c.Region, c.Kind), c.Resource, c.Entity)
}

func (t *turn) departed(e *ledger.Entry) bool {
	return t.work.departed(t.Account, &t.Holder.Summary, e, &t.Cells[e.Cell]) != ""
}

// mark makes the hash of a claim that stays unknown: the last writer may have been the one that goes.
func (t *turn) mark(m mark) {
	e := t.find(candidate{place: m.place})
	if e == nil {
		t.leave(m.Entity) // the claim that was to stay is gone
		return
	}
	e.Hash = ledger.Hash{}
	e.Join(m.Birth)
}

// stillGone finds a candidate's entry if everything is as it was decided on.
func (t *turn) stillGone(c candidate) *ledger.Entry {
	e := t.find(c)
	if e != nil && (t.left(c.Entity) || !t.departed(e)) {
		t.leave(c.Entity)
		t.Stayed = append(t.Stayed, c.departure("SeenAgain", ""))
		return nil
	}
	return e
}

func (s *sweep) leave(e ledger.Entity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.progress.Left, e) {
		s.progress.Left = append(s.progress.Left, e)
	}
}

func (s *sweep) left(e ledger.Entity) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.progress.Left, e)
}

// departure is a candidate as the report tells of it.
func (c candidate) departure(what, message string) report.Departure {
	return report.Departure{
		Account: c.Account, Region: c.Region, Kind: c.Kind, Blueprint: c.Blueprint, Identifier: c.Identifier,
		Reason: c.Reason, Outcome: what, Message: message,
	}
}
