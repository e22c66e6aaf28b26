package run

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// CloseRequest asks to end a run that cannot go on.
type CloseRequest struct {
	Run    string
	Status string // Port's word for what happened: failed or aborted
	Why    string // for people
	// Alone says that nobody sweeps the run any more. Otherwise a sweep that may still be at work keeps
	// the lock for as long as it may take.
	Alone bool
}

// Close ends a run that cannot go on: it writes the report of what was done, shows the end in Port and
// gives back the lock. It deletes nothing. To a run that has its report, or has not got as far as a plan,
// it does nothing, and its own report is nil.
func (e *Engine) Close(ctx context.Context, r CloseRequest) (*report.Report, error) {
	var calls atomic.Int64
	ctx = port.Counted(ctx, &calls)
	w, err := e.load(ctx, r.Run)
	if errors.Is(err, ledger.ErrNotFound) {
		e.Log.InfoContext(ctx, "nothing to close", "run", r.Run, "why", r.Why)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &sweep{engine: e, work: w, toPort: &calls}
	if err := s.look(ctx); err != nil || s.told {
		return nil, err
	}
	rep := s.compose()
	rep.Verdict, rep.Error = report.Failed, r.Why
	if err := s.publish(ctx, rep); err != nil || w.Options.DryRun {
		return rep, err
	}
	lock, err := w.ledger.ReadLock(ctx)
	if err != nil || lock.Run != r.Run || lock.Phase == ledger.Released {
		return rep, err
	}
	told := async(func() struct{} { s.tellEnd(ctx, rep, r.Status); return struct{}{} })
	s.show(ctx, &lock, r.Status)
	told()
	if lock.Holder != "" && !r.Alone && e.Now().Before(lock.Until) {
		return rep, nil
	}
	s.lock = lock
	return rep, s.release(ctx)
}
