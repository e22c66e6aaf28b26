package run

import (
	"context"
	"errors"
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
	w, err := e.load(ctx, run)
	if err != nil {
		return Swept{}, err
	}
	var done report.Report
	if ended, err := w.ledger.ReadOnce(ctx, run, reportName, &done); err != nil || ended {
		return Swept{Report: &done}, errors.Join(err, e.unlock(ctx, w)) // an earlier invocation may have died in between
	}
	act, stop := e.begin(ctx)
	defer stop()
	s := &sweep{engine: e, work: w, act: act}
	wait, err := s.hold(ctx)
	if err != nil {
		return Swept{}, err
	}
	if !wait.IsZero() {
		return Swept{Progress: Progress{More: true, WaitUntil: wait}}, nil
	}
	if again, err := s.carryOut(ctx); err != nil || again.More {
		return Swept{Progress: again}, err
	}
	r, err := s.finish(ctx)
	return Swept{Report: r}, err
}

// sweep is one invocation of Sweep.
type sweep struct {
	engine *Engine
	work   *work
	act    act
	fence  int64
	states []ledger.State
	decisions
	progress progress
}

// progress is how far the decisions are carried out. It is stored between invocations.
type progress struct {
	Format  int             `json:"format"`
	Step    int             `json:"step"`           // of steps
	Left    []ledger.Entity `json:"left,omitempty"` // no longer so when looked at again: for the next run
	Outcome outcome         `json:"outcome"`
}

// outcome is what became of the decisions.
type outcome struct {
	Deleted  []report.Departure `json:"deleted,omitempty"`
	Released []report.Departure `json:"released,omitempty"` // not ours
	Stayed   []report.Departure `json:"stayed,omitempty"`   // touched, blocked, seen again: the next run looks again
}

const (
	reportName    = "report.json"
	decisionsName = "decisions.json"
	progressName  = "sweep.json"
)

// hold writes the phase into the lock, so that nobody syncs any more, and waits out those who still
// may. It returns when to try again, or the zero time.
func (s *sweep) hold(ctx context.Context) (wait time.Time, err error) {
	if s.work.Options.DryRun {
		if s.fence, err = s.work.fence(ctx, ledger.Sweeping); err == nil {
			s.states, err = s.work.ledger.States(ctx)
		}
		return wait, err
	}
	now := s.engine.Now()
	lock, err := s.work.ledger.Change(ctx, s.work.Run, func(l *ledger.Lock) error {
		if l.Phase == ledger.Sweeping && l.Holder != s.act.nonce && now.Before(l.Until) {
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
	s.fence = lock.Fence
	if s.states, err = s.work.ledger.States(ctx); err != nil {
		return wait, err
	}
	for _, state := range s.states {
		if state.Live(s.engine.Now()) && state.Lease.Until.After(wait) {
			wait = state.Lease.Until
		}
	}
	if !wait.IsZero() {
		return wait, s.yield(ctx)
	}
	return wait, nil
}

// yield lets another invocation of this sweep take over at once.
func (s *sweep) yield(ctx context.Context) error {
	if s.work.Options.DryRun {
		return nil
	}
	_, err := s.work.ledger.Change(ctx, s.work.Run, func(l *ledger.Lock) error {
		if l.Holder == s.act.nonce {
			l.Until = s.engine.Now()
		}
		return nil
	})
	return err
}

// carryOut decides, unless an earlier invocation has, and does what was decided.
func (s *sweep) carryOut(ctx context.Context) (Progress, error) {
	l, run := s.work.ledger, s.work.Run
	known, err := l.ReadOnce(ctx, run, decisionsName, &s.decisions)
	if err == nil && !known {
		s.decisions, err = s.work.gather(ctx, s.states, s.fence, s.engine.SecondProof)
		if err == nil {
			err = l.WriteOnce(ctx, run, decisionsName, &s.decisions)
		}
	}
	if err != nil || s.work.Options.DryRun {
		return Progress{}, err
	}
	if _, err := l.ReadOnce(ctx, run, progressName, &s.progress); err != nil {
		return Progress{}, err
	}
	for steps := s.steps(); s.progress.Step < len(steps); s.progress.Step++ {
		select {
		case <-s.act.stop:
			return Progress{More: true}, s.pause(ctx)
		default:
		}
		err := s.do(ctx, steps[s.progress.Step])
		var portBusy *port.BusyError
		var accountBusy *ledger.BusyError
		switch {
		case errors.As(err, &portBusy):
			return Progress{More: true, WaitUntil: portBusy.Until}, s.pause(ctx)
		case errors.As(err, &accountBusy):
			return Progress{More: true, WaitUntil: accountBusy.Until}, s.pause(ctx)
		case err != nil:
			return Progress{}, err
		}
	}
	return Progress{}, nil
}

// pause stores how far the decisions are carried out, for the next invocation.
func (s *sweep) pause(ctx context.Context) error {
	s.progress.Format = ledger.Format
	data, err := ledger.Document(s.progress)
	if err == nil {
		err = s.work.ledger.WriteRun(ctx, s.work.Run, progressName, data)
	}
	return errors.Join(err, s.yield(ctx))
}

// finish writes the report, shows the outcome in Port and gives back the lock.
func (s *sweep) finish(ctx context.Context) (*report.Report, error) {
	r := s.compose()
	data, err := ledger.Document(r)
	if err != nil {
		return nil, err
	}
	var g errgroup.Group
	g.Go(func() error {
		if err := s.work.ledger.WriteRun(ctx, s.work.Run, "summary.txt", []byte(r.Text())); err != nil {
			return err
		}
		return s.work.ledger.WriteRun(ctx, s.work.Run, reportName, data)
	})
	if !s.work.Options.DryRun {
		g.Go(func() error {
			if err := s.engine.Port.SetResyncState(ctx, port.ResyncState{Status: r.ResyncStatus(), At: s.engine.Now()}); err != nil {
				s.engine.Log.WarnContext(ctx, "resync state not set", "run", s.work.Run, "err", err)
			}
			return nil // a run is not worth failing for it
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return r, s.engine.unlock(ctx, s.work)
}

// unlock gives back the lock, if the run still holds it.
func (e *Engine) unlock(ctx context.Context, w *work) error {
	if w.Options.DryRun {
		return nil
	}
	_, err := w.ledger.Change(ctx, w.Run, func(l *ledger.Lock) error {
		l.Phase, l.Holder, l.Until = ledger.Released, "", e.Now()
		return nil
	})
	var late *ledger.SupersededError
	if errors.As(err, &late) {
		return nil
	}
	return err
}
