package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

const (
	// Slice is how long one act of a one-process run lasts at most: a process that dies keeps others
	// waiting for no longer than that and a request to Port.
	Slice = 30 * time.Second
	// longestSlice is what Lambda would give an act.
	longestSlice = 15 * time.Minute
	// tries is how often an act that failed for an unknown reason is called.
	tries = 3
)

// Once carries out a whole run in this process: discover, sync of all accounts, sweep. Where an
// earlier process died in a run, it waits until that one's lock has run out; where one is alive, it
// fails with RunBusy.
func (e *Engine) Once(ctx context.Context, r DiscoverRequest) (*report.Report, error) {
	d, err := e.patiently(ctx, r)
	if err != nil {
		return nil, err
	}
	e.Log.InfoContext(ctx, "run begins", "run", d.Run, "accounts", len(d.Accounts), "dryRun", d.DryRun)
	announced := async(func() struct{} { e.Announce(ctx, d.Run); return struct{}{} })
	err = e.syncAll(ctx, d)
	announced()
	if err == nil {
		var rep *report.Report
		if rep, err = e.sweepAll(ctx, d.Run); err == nil {
			return rep, nil
		}
	}
	ending := CloseRequest{Run: d.Run, Status: "failed", Why: err.Error(), Alone: true}
	if ctx.Err() != nil {
		ending.Status = "aborted"
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
	defer cancel()
	_, closing := e.Close(ctx, ending)
	return nil, errors.Join(err, closing)
}

// patiently discovers, and waits out the lock of a process that has died.
func (e *Engine) patiently(ctx context.Context, r DiscoverRequest) (Discovered, error) {
	var waited time.Time
	for {
		sliced, cancel := context.WithTimeout(ctx, longestSlice) // a large organization takes minutes to list
		r.Until = e.Now().Add(Slice + e.PortTimeout)
		d, err := e.Discover(sliced, r)
		cancel()
		var busy *ledger.BusyError
		if !errors.As(err, &busy) || !waited.IsZero() && busy.Until.After(waited) {
			return d, err
		}
		waited = busy.Until
		e.Log.InfoContext(ctx, "waiting to see whether an earlier run is still alive", "run", busy.Run, "until", busy.Until)
		if err := sleepUntil(ctx, busy.Until.Add(time.Second)); err != nil {
			return d, err
		}
	}
}

func sleepUntil(ctx context.Context, t time.Time) error {
	select {
	case <-time.After(time.Until(t)):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// syncAll syncs the accounts of a run, as many at once as the plan says, and keeps its lock alive.
func (e *Engine) syncAll(ctx context.Context, d Discovered) error {
	g, ctx := errgroup.WithContext(ctx)
	stop := make(chan struct{})
	g.Go(func() error { return e.keep(ctx, d, stop) })
	g.Go(func() error {
		defer close(stop)
		accounts, ctx := errgroup.WithContext(ctx)
		accounts.SetLimit(d.Width)
		for _, a := range d.Accounts {
			accounts.Go(func() error {
				_, err := again(ctx, e, "account", a.ID, func(ctx context.Context) (Progress, error) {
					return e.Sync(ctx, SyncRequest{Run: d.Run, Account: a})
				}, func(p Progress) Progress { return p })
				if fatal(err) || ctx.Err() != nil {
					return err
				}
				if err != nil { // the account stays unread, the others go on
					e.Log.ErrorContext(ctx, "account failed", "run", d.Run, "account", a.ID, "err", err)
					if err := e.Fail(ctx, d.Run, a.ID, ledger.Failure{Reason: "Unexpected", Why: err.Error()}); err != nil {
						e.Log.WarnContext(ctx, "the report will not say why", "run", d.Run, "account", a.ID, "err", err)
					}
				}
				return nil
			})
		}
		return accounts.Wait()
	})
	return g.Wait()
}

// keep moves the lock's until while the accounts are synced.
func (e *Engine) keep(ctx context.Context, d Discovered, stop <-chan struct{}) error {
	if d.DryRun {
		return nil
	}
	l, err := e.open(ctx)
	for err == nil {
		select {
		case <-stop:
			return nil
		case <-ctx.Done():
			return nil // whoever ended it says why
		case <-time.After(Slice / 2):
		}
		_, err = e.change(ctx, l, d.Run, func(lock *ledger.Lock) error {
			lock.Until = e.Now().Add(Slice + e.PortTimeout)
			return nil
		})
	}
	return err
}

func (e *Engine) sweepAll(ctx context.Context, run string) (*report.Report, error) {
	s, err := again(ctx, e, "run", run, func(ctx context.Context) (Swept, error) { return e.Sweep(ctx, run) },
		func(s Swept) Progress { return s.Progress })
	return s.Report, err
}

// again calls an act in slices until it has ended.
func again[T any](ctx context.Context, e *Engine, what, name string, act func(context.Context) (T, error), progress func(T) Progress) (T, error) {
	failures, slice := 0, Slice
	for {
		sliced, cancel := context.WithTimeout(ctx, slice)
		answer, err := act(sliced)
		cancel()
		switch p := progress(answer); {
		case err == nil && !p.More:
			return answer, nil
		case err == nil && p.Idle && p.WaitUntil.IsZero():
			if slice *= 2; slice > 2*longestSlice {
				return answer, fmt.Errorf("%s %s: not one page was read in %s", what, name, longestSlice)
			}
		case err == nil:
			if p.WaitUntil.IsZero() { // who waits for a lease that a failure left has not succeeded
				failures = 0
			}
			if err := sleepUntil(ctx, p.WaitUntil); err != nil {
				return answer, err
			}
		case ctx.Err() != nil:
			return answer, context.Cause(ctx)
		case errors.Is(err, context.DeadlineExceeded) && slice < longestSlice:
			slice *= 2 // one page of one cell takes longer than that
		default:
			if failures++; fatal(err) || failures == tries {
				return answer, err
			}
			e.Log.WarnContext(ctx, "trying again", what, name, "err", err)
			if err := sleepUntil(ctx, time.Now().Add(time.Second<<failures)); err != nil {
				return answer, err
			}
		}
	}
}

// fatal says that an error is one of the whole run: it has a name.
func fatal(err error) bool {
	var coded interface{ Code() string }
	return errors.As(err, &coded)
}
