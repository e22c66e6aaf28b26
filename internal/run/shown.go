package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// alone refuses to write beside another writer: two that delete what the other knows nothing of would
// undo each other's work. What we have shown of an integration last is in the lock; where there is nothing,
// this run takes over what it finds.
func (e *Engine) alone(in port.Integration, s ledger.Shown, o ledger.Options) error {
	var what string
	switch {
	case s.Began.IsZero() || o.DryRun || o.Adopt:
		return nil
	case in.ResyncStart.After(s.Began):
		what = "began at " + in.ResyncStart.UTC().Format(time.RFC3339)
	case !s.Ended.IsZero() && in.ResyncEnd.After(s.Ended):
		what = "ended at " + in.ResyncEnd.UTC().Format(time.RFC3339)
	default:
		return nil
	}
	who := "It is another installation of this program"
	if in.Version != e.Version {
		who = "It calls itself version " + in.Version
	}
	return &Error{"AnotherWriter", fmt.Sprintf("somebody else writes under the integration %q of type %s: Port shows a resync "+
		"that %s, and our last one began at %s. %s. Stop it, or give one of the two an INTEGRATION_IDENTIFIER of its own; "+
		`then start a run with {"adopt": true}, which goes on from what is there`,
		e.Identifier, in.Type, what, s.Began.UTC().Format(time.RFC3339), who), nil}
}

// correct lets the integration say who it is carried out by now, where it says something else, once the
// run has begun. A run is not worth failing for it.
func (e *Engine) correct(ctx context.Context, p planning) {
	if p.found == nil {
		return
	}
	since := e.Port.Now().Add(-2 * time.Second) // its clock is not known better
	if p.found.wrote {
		since = p.found.asked
	}
	var err error
	d := e.Port.Differs(p.found.integration)
	if d != (port.Correction{}) {
		_, err = e.Port.Correct(ctx, d)
	}
	if p.found.wrote || d != (port.Correction{}) {
		err = errors.Join(err, e.disown(ctx, p.ledger, p.plan.Run, since))
	}
	if err != nil {
		e.Log.WarnContext(ctx, "integration not kept current", "run", p.plan.Run, "err", err)
	}
}

// disown remembers the request to resync that our own write may have raised, so that it begins no run.
func (e *Engine) disown(ctx context.Context, l *ledger.Ledger, run string, since time.Time) error {
	asked, err := e.Port.ResyncRequest(ctx)
	if err == nil && asked.After(since) {
		_, err = e.change(ctx, l, run, func(lock *ledger.Lock) error {
			lock.Shown.Own = asked
			return nil
		})
	}
	return err
}

// Announce shows in Port that the run has begun. A run is not worth failing for it.
func (e *Engine) Announce(ctx context.Context, run string) {
	w, err := e.load(ctx, run)
	if err == nil && !w.Options.DryRun {
		e.mu.Lock()
		tick := e.lock.Shown.Tick
		e.mu.Unlock()
		told := async(func() struct{} { feedback{w, e}.begin(ctx); return struct{}{} })
		defer told()
		err = e.Port.SetResyncState(ctx, e.state("running", w.Time, tick))
	}
	if err != nil {
		e.Log.WarnContext(ctx, "resync state not set", "run", run, "err", err)
	}
}

// state is what Port is to show at a time. The schedule counts from its last tick.
func (e *Engine) state(status string, at, tick time.Time) port.ResyncState {
	now := e.Now()
	return port.ResyncState{Status: status, At: at, Next: e.Schedule.Next(now, tick), Interval: e.Schedule.Interval(now)}
}

// show tells Port how the run has ended, and notes that in the lock. A run is not worth failing for it.
func (s *sweep) show(ctx context.Context, lock *ledger.Lock, status string) {
	now := s.engine.Now().UTC()
	if err := s.engine.Port.SetResyncState(ctx, s.engine.state(status, now, lock.Shown.Tick)); err != nil {
		s.engine.Log.WarnContext(ctx, "resync state not set", "run", s.work.Run, "err", err)
		return
	}
	lock.Shown.Ended = now
}
