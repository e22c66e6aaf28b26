package run

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// Swept is the answer of Sweep; the report is there once it has ended.
type Swept struct {
	Progress
	Report *report.Report
}

// Sweep ends a run: it deletes what the run proved gone, writes the report, shows the outcome in Port
// and gives back the lock. Near ctx's deadline it stores where it is and answers More. A run that does
// not hold the lock any more ends with RunSuperseded, and nothing is deleted.
func (e *Engine) Sweep(ctx context.Context, run string) (Swept, error) {
	var calls atomic.Int64
	ctx = port.Counted(ctx, &calls)
	w, err := e.load(ctx, run)
	if err == nil {
		err = w.current()
	}
	if err != nil {
		return Swept{}, err
	}
	act, stop := e.begin(ctx)
	defer stop()
	defer e.alive(ctx, w)()
	s := &sweep{engine: e, work: w, act: act, toPort: &calls}
	wait, err := s.hold(ctx)
	var late *ledger.SupersededError
	if errors.As(err, &late) { // also once this run has ended
		var ended report.Report
		if known, err := w.ledger.ReadOnce(ctx, run, reportName, &ended); err != nil || known {
			return Swept{Report: &ended}, err
		}
	}
	if err != nil {
		return Swept{}, err
	}
	if !wait.IsZero() {
		return Swept{Progress: Progress{More: true, WaitUntil: wait}}, nil
	}
	if s.told {
		if s.lock.Shown.Ended.Before(s.lock.Shown.Began) { // that invocation died before Port heard of it
			s.showEnd(ctx, &s.last)
		}
		return Swept{Report: &s.last}, s.release(ctx)
	}
	if again, err := s.carryOut(ctx); err != nil || again.More {
		return Swept{Progress: again}, err
	}
	if err := s.foretold(ctx); err != nil {
		return Swept{}, err
	}
	r := s.compose()
	if again, err := s.cover(ctx, r); err != nil || again.More {
		return Swept{Progress: again}, err
	}
	return Swept{Report: r}, s.finish(ctx, r)
}

// sweep is one invocation of Sweep.
type sweep struct {
	engine   *Engine
	work     *work
	act      act
	lock     ledger.Lock
	states   []ledger.State
	roster   ledger.Roster
	members  []ledger.Account          // that the run was to sync
	failures map[string]ledger.Failure // by account
	known    bool                      // the decisions are those of an earlier invocation
	told     bool                      // an earlier invocation has written the report
	last     report.Report             // and that is it
	written  []report.Departure        // that a dry run would create or update
	// unsearched says why what is left over in Port was not looked for.
	unsearched []string
	decisions

	toPort   *atomic.Int64 // requests
	mu       sync.Mutex    // of progress
	progress progress
}

// progress is how far the decisions are carried out. It is stored between invocations.
type progress struct {
	Format  int             `json:"format"`
	Stage   int             `json:"stage"`          // of stages
	Done    []string        `json:"done,omitempty"` // accounts of that stage
	Left    []ledger.Entity `json:"left,omitempty"` // no longer so when looked at again: for the next run
	Outcome outcome         `json:"outcome"`

	PortCalls int `json:"portCalls,omitempty"`
}

// outcome is what became of the decisions.
type outcome struct {
	Deleted  []report.Departure `json:"deleted,omitempty"`
	Released []report.Departure `json:"released,omitempty"` // not ours
	Stayed   []report.Departure `json:"stayed,omitempty"`   // touched, blocked, seen again: the next run looks again
}

func (o *outcome) add(more outcome) {
	o.Deleted = append(o.Deleted, more.Deleted...)
	o.Released = append(o.Released, more.Released...)
	o.Stayed = append(o.Stayed, more.Stayed...)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

const (
	reportName    = report.Document
	summaryName   = "summary.txt"
	decisionsName = "decisions.json"
	progressName  = "sweep.json"
)

// hold writes the phase into the lock, so that nobody syncs any more, and waits out those who still
// may. It returns when to try again, or the zero time.
func (s *sweep) hold(ctx context.Context) (wait time.Time, err error) {
	if s.work.Options.DryRun {
		return wait, s.look(ctx)
	}
	now := s.engine.Now()
	s.lock, err = s.engine.change(ctx, s.work.ledger, s.work.Run, func(l *ledger.Lock) error {
		if l.Holder != "" && l.Holder != s.act.nonce && now.Before(l.Until) {
			return &ledger.BusyError{Run: l.Run, What: "the lock for sweeping", Until: l.Until}
		}
		l.Phase, l.Holder, l.Until = ledger.Sweeping, s.act.nonce, s.engine.until(s.act)
		return nil
	})
	var busy *ledger.BusyError
	if errors.As(err, &busy) {
		return busy.Until, nil
	}
	if err != nil {
		return wait, err
	}
	if err := s.look(ctx); err != nil {
		return wait, err
	}
	for _, state := range s.states {
		if state.Live(s.engine.Now()) {
			wait = later(wait, state.Lease.Until)
		}
	}
	if !wait.IsZero() {
		return wait, s.yield(ctx, wait)
	}
	return wait, nil
}

// look reads the accounts' heads, and what an earlier invocation has decided and done.
func (s *sweep) look(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		s.states, err = s.work.ledger.States(ctx)
		return err
	})
	g.Go(func() (err error) {
		s.roster, err = s.work.ledger.ReadRoster(ctx)
		return err
	})
	g.Go(func() (err error) {
		s.members, err = s.work.ledger.ReadAccounts(ctx, s.work.Plan)
		return err
	})
	g.Go(func() (err error) {
		s.failures, err = s.work.ledger.ReadFailures(ctx, s.work.Run)
		return err
	})
	g.Go(func() (err error) {
		s.known, err = s.work.ledger.ReadOnce(ctx, s.work.Run, decisionsName, &s.decisions)
		return err
	})
	g.Go(func() (err error) {
		_, err = s.work.ledger.ReadOnce(ctx, s.work.Run, progressName, &s.progress)
		return err
	})
	g.Go(func() (err error) {
		s.told, err = s.work.ledger.ReadOnce(ctx, s.work.Run, reportName, &s.last)
		return err
	})
	return g.Wait()
}

// yield lets the next invocation of this sweep take over, and nobody else until it has had time to.
func (s *sweep) yield(ctx context.Context, wait time.Time) error {
	if s.work.Options.DryRun {
		return nil
	}
	_, err := s.engine.change(ctx, s.work.ledger, s.work.Run, func(l *ledger.Lock) error {
		if l.Holder == s.act.nonce {
			l.Holder, l.Until = "", later(wait, s.engine.Now()).Add(s.engine.PortTimeout)
		}
		return nil
	})
	return err
}

// finish writes the report, shows the outcome in Port and gives back the lock.
func (s *sweep) finish(ctx context.Context, r *report.Report) error {
	shown := async(func() struct{} { s.showEnd(ctx, r); return struct{}{} })
	enrolled := async(func() error { return s.enroll(ctx) })
	err := s.publish(ctx, r)
	shown()
	if err = errors.Join(err, enrolled()); err != nil {
		return err
	}
	return s.release(ctx)
}

// showEnd shows in Port how the run has ended, and what it did.
func (s *sweep) showEnd(ctx context.Context, r *report.Report) {
	if s.work.Options.DryRun {
		return
	}
	told := async(func() struct{} { s.tellEnd(ctx, r, r.ResyncStatus()); return struct{}{} })
	s.show(ctx, &s.lock, r.ResyncStatus())
	told()
}

// publish writes the report, for machines and for people.
func (s *sweep) publish(ctx context.Context, r *report.Report) error {
	var g errgroup.Group
	g.Go(func() error { return s.work.ledger.WriteRun(ctx, s.work.Run, summaryName, []byte(r.Text())) })
	g.Go(func() error { return s.work.ledger.WriteDocument(ctx, s.work.Run, reportName, r) })
	return g.Wait()
}

func (s *sweep) tellEnd(ctx context.Context, r *report.Report, status string) {
	feedback{s.work, s.engine}.end(ctx, r, status, s.states)
}

// release gives back the lock.
func (s *sweep) release(ctx context.Context) error {
	if s.work.Options.DryRun {
		return nil
	}
	err := s.work.ledger.Release(ctx, s.lock)
	var late *ledger.SupersededError
	if errors.As(err, &late) {
		return nil
	}
	return err
}
