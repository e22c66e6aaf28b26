package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// read lists the account, writes what changed, and commits.
func (s *accountSync) read(ctx context.Context, enter func() entry) error {
	began := time.Now()
	s.outdate()
	s.writer = newWriter(ctx, s)
	var err error
	if s.work.Fence > 1 || s.writer.refresh {
		s.writer.disowned, err = s.work.ledger.ReadDisowned(ctx)
	}
	if err == nil {
		err = s.lead(ctx)
	}
	if err != nil {
		return errors.Join(err, s.writer.flush(), s.act.release(ctx, s.holder))
	}
	tidied := async(func() error {
		if s.work.Options.DryRun {
			return nil // it cannot remove what it sees below its own
		}
		return s.holder.Tidy(ctx)
	})
	in := enter()
	in.role = s.young(in.role)
	cells, err := s.inside(ctx, in)
	if tidying := tidied(); tidying != nil {
		s.engine.Log.WarnContext(ctx, "garbage left", "run", s.work.Run, "account", s.account.ID, "err", tidying)
	}
	if err = errors.Join(err, s.writer.flush()); err != nil {
		return errors.Join(err, s.act.release(ctx, s.holder))
	}
	s.bury()
	for i := range s.writer.unsent {
		c := &s.holder.Cells[i]
		c.Cursor, c.Restarts = "", c.Restarts+1
		s.holder.Judge(i, s.work.Run, kind.Verdict{State: kind.Unread, Reason: "PortBusy"}, s.engine.Now())
	}
	s.confirm(cells, in.regions, s.engine.Now())
	s.again = slices.ContainsFunc(s.holder.Cells, func(c ledger.Cell) bool {
		return c.Run == s.work.Run && unfinished(c.Verdict)
	})
	if s.again {
		s.engine.Log.InfoContext(ctx, "account goes on", "run", s.work.Run, "account", s.account.ID, "entities", s.holder.Len())
	}
	if err := s.foretell(ctx); err != nil {
		return errors.Join(err, s.act.release(ctx, s.holder))
	}
	if err := s.holder.Commit(ctx, s.summary(in, time.Since(began))); err != nil {
		return errors.Join(err, s.act.release(ctx, s.holder))
	}
	return nil
}

// young says of a role that is not there that it may still come: the account is new, and was never
// entered.
func (s *accountSync) young(v kind.Verdict) kind.Verdict {
	entered := slices.ContainsFunc(s.holder.Cells, func(c ledger.Cell) bool { return c.Region != kind.GlobalRegion })
	if v.Reason == access.RoleDenied && !entered && s.work.Time.Sub(s.account.Joined) < newAccount {
		v.Reason, v.Message = "RoleMissingOrPropagating", "new account, role not there yet: "+v.Message
	}
	return v
}

// lead takes in what takes no call with the account's role: what the other entities of the account refer
// to. It is sent to Port before them, lest Port makes bare ones of it.
func (s *accountSync) lead(ctx context.Context) error {
	w := s.writer
	w.ahead = 1
	err := s.list(ctx, s.engine.Base, s.cells(nil))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.kick(1)
	w.pass()
	return err
}

// inside lists the cells that take the account's own role, or gives them the verdict of its refusal.
// Those of an account that is not active are not asked for, and stay as they are.
func (s *accountSync) inside(ctx context.Context, in entry) ([]cell, error) {
	if !s.account.Active() {
		return nil, nil
	}
	v := in.refusal()
	if v.State != kind.Complete {
		s.writer.mu.Lock()
		defer s.writer.mu.Unlock()
		for i, c := range s.holder.Cells {
			asked := slices.ContainsFunc(s.work.kinds, func(a asked) bool { return a.Name == c.Kind && a.Scope != kind.Hub })
			if asked && s.work.Options.In(c.Region) && !s.work.settled(&c) {
				s.holder.Cells[i].Fence, s.holder.Cells[i].Heard = s.work.Fence, time.Time{}
				s.holder.Judge(i, s.work.Run, v, s.engine.Now())
			}
		}
		return nil, nil
	}
	s.writer.mu.Lock()
	cells := s.cells(in.regions)
	s.desert(cells)
	s.writer.mu.Unlock()
	cells = slices.DeleteFunc(cells, func(c cell) bool { return c.Scope == kind.Hub })
	if err := s.list(ctx, in.cfg, cells); err != nil {
		return cells, err
	}
	return cells, s.slowly(ctx, in.cfg, cells)
}

// desert fails the cells that an earlier invocation of the run began in regions that are no longer there.
func (s *accountSync) desert(joined []cell) {
	for i, c := range s.holder.Cells {
		there := slices.ContainsFunc(joined, func(j cell) bool { return j.index == i })
		if c.Run == s.work.Run && unfinished(c.Verdict) && !there {
			v := kind.Verdict{State: kind.Failed, Reason: "RegionNotListed", Message: "the region was enabled when the run began, and is no longer"}
			s.holder.Judge(i, s.work.Run, v, s.engine.Now())
		}
	}
}

// outdate forgets the hashes of blueprints that were made anew, and what Port refused of those that
// were changed.
func (s *accountSync) outdate() {
	anew, changed := map[string]bool{}, map[string]bool{}
	for _, b := range s.work.Blueprints {
		old, known := s.holder.Blueprints[b.Identifier]
		anew[b.Identifier] = known && !old.CreatedAt.Equal(b.CreatedAt)
		changed[b.Identifier] = !known || !old.UpdatedAt.Equal(b.UpdatedAt) || anew[b.Identifier]
		s.holder.Blueprints[b.Identifier] = ledger.BlueprintAt{CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt}
	}
	s.holder.All(func(e *ledger.Entry) bool {
		if anew[e.Blueprint] {
			e.Hash = ledger.Hash{}
		}
		if changed[e.Blueprint] {
			e.Refused = ledger.Hash{}
		}
		return true
	})
}

// bury fails the cells whose entities have no blueprint in Port: their verdict would say "complete"
// of what nobody can see.
func (s *accountSync) bury() {
	if len(s.writer.dead) == 0 {
		return
	}
	hit := map[int]error{}
	s.holder.All(func(e *ledger.Entry) bool {
		if err := s.writer.dead[e.Blueprint]; err != nil && e.Fence == s.work.Fence && e.Mark == ledger.Seen {
			hit[e.Cell] = err
		}
		return true
	})
	for i, err := range hit {
		v := kind.Verdict{State: kind.Failed, Reason: "BlueprintMissing", Message: err.Error()}
		s.holder.Judge(i, s.work.Run, v, s.engine.Now())
	}
}

// summary says what this run knows of the account now. What earlier invocations of the run counted is
// in it.
func (s *accountSync) summary(in entry, took time.Duration) ledger.Summary {
	sum := ledger.Summary{
		Run: s.work.Run, Entered: in.refusal().State == kind.Complete, Cells: map[kind.State]int{}, Entries: s.holder.Counts(),
		Hidden: map[string]int{},
	}
	old := s.holder.Summary
	since := old.Verdict
	if old.Run == s.work.Run {
		sum.Writes, sum.Calls, sum.Problems = maps.Clone(old.Writes), maps.Clone(old.Calls), slices.Clone(old.Problems)
		sum.Seconds, sum.Trouble, sum.Throttled, sum.PortCalls = old.Seconds, old.Trouble, old.Throttled, old.PortCalls
	}
	sum.Done, sum.Refreshed = !s.again, old.Refreshed
	if sum.Done && sum.Entered && !s.work.Options.Narrow() && (s.writer.refresh || s.work.Fence == 1) {
		sum.Refreshed = s.work.Time
	}
	sum.Seconds += took.Seconds()
	calls, throttled := s.pacer.Calls()
	sum.Throttled += throttled
	sum.PortCalls += int(s.toPort.Load())
	sum.Calls = plus(sum.Calls, calls)
	sum.AddWrites(s.writer.tally)
	sum.Trouble += s.writer.trouble
	sum.Problems = append(sum.Problems, s.writer.troubles...)
	sum.Problems = sum.Problems[:min(len(sum.Problems), ledger.MaxListed)]
	for _, c := range s.holder.Cells {
		if c.Run != s.work.Run {
			continue
		}
		sum.Cells[c.Verdict.State]++
		if hides(c.Verdict) {
			sum.Hidden[c.Kind]++
		}
		if c.Verdict.State != kind.Complete && len(sum.Frozen) < ledger.MaxListed {
			f := ledger.FrozenCell{Region: c.Region, Kind: c.Kind, Since: ledger.Since{Verdict: c.Verdict, Since: c.Since}}
			f.Message = ledger.Shorten(f.Message)
			sum.Frozen = append(sum.Frozen, f)
		}
	}
	counted := newYields()
	s.holder.All(func(e *ledger.Entry) bool {
		if e.First == s.work.Fence {
			sum.Born++
		}
		if c := &s.holder.Cells[e.Cell]; s.work.departed(s.account.ID, &sum, e, c) != "" {
			sum.Candidates++
		} else if c.Run == s.work.Run {
			counted.count(e)
		}
		return true
	})
	sum.Blocks = counted.blocks
	sum.Extent = extent(s.work, s.holder.Cells)
	sum.Verdict = ledger.Since{Verdict: accountVerdict(in, sum), Since: s.engine.Now().UTC().Truncate(time.Second)}
	sum.Verdict.Message = ledger.Shorten(sum.Verdict.Message)
	if since.State == sum.Verdict.State && since.Reason == sum.Verdict.Reason {
		sum.Verdict.Since = since.Since
	}
	return sum
}

func plus(a, b map[string]int) map[string]int {
	if a == nil {
		a = map[string]int{}
	}
	for k, n := range b {
		a[k] += n
	}
	return a
}

// accountVerdict is the worst of what was found, in the order of how much it hides.
func accountVerdict(in entry, sum ledger.Summary) kind.Verdict {
	if v := in.refusal(); v.State != kind.Complete {
		return v
	}
	for _, state := range []kind.State{kind.Unread, kind.Failed, kind.Throttled, kind.Denied, kind.Listed} {
		n := sum.Cells[state]
		if n == 0 {
			continue
		}
		v := kind.Verdict{State: state, Reason: "Cells", Message: fmt.Sprintf("%d of its cells", n)}
		for _, f := range sum.Frozen {
			if f.State == state {
				v.Reason, v.Message = f.Reason, fmt.Sprintf("%d of its cells, first %s in %s: %s", n, f.Kind, f.Region, f.Message)
				break
			}
		}
		return v
	}
	failed := 0
	for _, w := range sum.Writes {
		failed += w.Failed
	}
	if failed > 0 {
		return kind.Verdict{State: kind.Failed, Reason: "NotWritten", Message: fmt.Sprintf("Port has not taken %d entities; "+
			"the next run sends them again", failed)}
	}
	return kind.Verdict{State: kind.Complete}
}
