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

// do carries out one step under the account's lease. Whatever is no longer as it was when it was
// decided is left to the next run.
func (s *sweep) do(ctx context.Context, one step) error {
	h, err := s.work.ledger.Take(ctx, one.account, s.engine.lease(s.work, s.act), s.work.phase(ledger.Sweeping))
	if err != nil {
		return err
	}
	for _, m := range one.marks {
		s.mark(h, m)
	}
	for _, c := range one.drops {
		if e := s.stillGone(h, c); e != nil {
			h.Remove(e)
		}
	}
	for _, held := range one.holds {
		e := s.stillGone(h, held.candidate)
		if e != nil && (e.Hold == nil || e.Hold.Reason != held.Because) {
			e.Hold = &ledger.Hold{Run: s.work.Run, Reason: held.Because, Since: s.work.Time}
		}
	}
	if len(one.deletes) > 0 {
		if err := s.delete(ctx, h, one.deletes); err != nil {
			return errors.Join(err, s.act.release(ctx, h))
		}
	}
	sum := h.Summary
	sum.Entries = map[string]int{}
	h.All(func(e *ledger.Entry) bool {
		sum.Entries[e.Blueprint]++
		return true
	})
	return h.Commit(ctx, sum)
}

// mark makes the hash of a claim that stays unknown: the last writer may have been the one that goes.
func (s *sweep) mark(h *ledger.Holder, m mark) {
	e := h.Find(h.Cell(m.Region, m.Kind), m.Resource, m.Entity)
	if e == nil {
		s.leave(m.Entity) // the claim that was to stay is gone
		return
	}
	e.Hash = ledger.Hash{}
	e.Own, e.From, e.To = inherit(e.Own, e.From, e.To, m.Own, m.From, m.To)
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

// stillGone finds a candidate's entry if everything is as it was decided on.
func (s *sweep) stillGone(h *ledger.Holder, c candidate) *ledger.Entry {
	i := h.Cell(c.Region, c.Kind)
	e := h.Find(i, c.Resource, c.Entity)
	switch {
	case e == nil: // an earlier invocation of this sweep was here
		return nil
	case s.left(c.Entity), departed(e, &h.Cells[i], s.work.Run, s.work.Fence) == "":
		s.leave(c.Entity)
		s.note(&s.progress.Outcome.Stayed, c, "SeenAgain", "")
		return nil
	}
	return e
}

func (s *sweep) note(list *[]report.Departure, c candidate, what, message string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*list = append(*list, report.Departure{
		Account: c.Account, Region: c.Region, Kind: c.Kind, Blueprint: c.Blueprint, Identifier: c.Identifier,
		Reason: c.Reason, Outcome: what, Message: message,
	})
}
