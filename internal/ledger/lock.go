package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Phase says what the run that holds the lock is doing.
type Phase string

const (
	Syncing  Phase = "sync"
	Sweeping Phase = "sweep"
	Released Phase = "released" // nobody holds the lock
)

// Lock names the one current run of an integration.
type Lock struct {
	Format    int       `json:"format"`
	Rev       int64     `json:"rev"` // grows with each write, so that no two writes are alike
	Run       string    `json:"run"`
	Execution string    `json:"execution,omitempty"` // Step Functions' ARN; empty for a one-process run
	Fence     int64     `json:"fence"`               // the run's number; it only grows
	Phase     Phase     `json:"phase"`
	Holder    string    `json:"holder,omitempty"` // the sweep invocation at work
	Until     time.Time `json:"until"`            // nobody replaces the lock before
	Shown     Shown     `json:"shown,omitzero"`

	version string
}

// BusyError says that somebody else is at work until (at least) Until.
type BusyError struct {
	Run   string
	What  string // what is held: the lock, or an account's lease
	Until time.Time
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("run %s holds %s until %s", e.Run, e.What, e.Until.UTC().Format(time.RFC3339))
}

// Code names the error across the Lambda boundary.
func (*BusyError) Code() string { return "RunBusy" }

// SupersededError says that a run does not hold the lock any more, and never will again.
type SupersededError struct{ Run, By string }

func (e *SupersededError) Error() string {
	return fmt.Sprintf("run %s no longer holds the lock, %s does: nothing further was written", e.Run, e.By)
}

// Code names the error across the Lambda boundary.
func (*SupersededError) Code() string { return "RunSuperseded" }

func (l *Ledger) lockKey() string { return l.state + "lock.json" }

// ReadLock reads the lock. Where there never was one it is the zero Lock, released.
func (l *Ledger) ReadLock(ctx context.Context) (Lock, error) {
	lock := Lock{Format: Format, Phase: Released}
	version, err := l.load(ctx, l.lockKey(), &lock)
	lock.version = version
	return lock, err
}

func (l *Ledger) writeLock(ctx context.Context, lock Lock) (Lock, error) {
	lock.Format = Format
	lock.Rev++
	version, err := l.save(ctx, l.lockKey(), lock, lock.version)
	lock.version = version
	return lock, err
}

// Acquire takes the lock, last seen as lock, for the run that a plan is of, or finds that the run holds
// it already. stands says whether a holder whose until has passed is still at work all the same.
// *BusyError: another run holds the lock. *SupersededError: another has had it since the plan was made,
// so this one never will.
func (l *Ledger) Acquire(ctx context.Context, lock Lock, p Plan, execution string, until time.Time,
	stands func(context.Context, Lock) (bool, error),
) (Lock, error) {
	for {
		if lock.Run == p.Run && lock.Phase != Released {
			return lock, nil
		}
		if lock.Fence == p.Fence && lock.Phase != Released && l.now().Before(lock.Until) { // planned beside it, and second
			return lock, &BusyError{lock.Run, "the lock", lock.Until}
		}
		if lock.Fence >= p.Fence {
			return lock, &SupersededError{p.Run, lock.Run}
		}
		if err := l.free(ctx, lock, stands); err != nil {
			return lock, err
		}
		lock.Run, lock.Execution, lock.Fence = p.Run, execution, p.Fence
		lock.Phase, lock.Holder, lock.Until = Syncing, "", until
		lock.Shown.begin(p)
		taken, err := l.writeLock(ctx, lock)
		if !errors.Is(err, ErrConflict) {
			return taken, err
		}
		if lock, err = l.ReadLock(ctx); err != nil {
			return lock, err
		}
	}
}

// free is nil if nobody holds the lock, or one who will not come back.
func (l *Ledger) free(ctx context.Context, lock Lock, stands func(context.Context, Lock) (bool, error)) error {
	if lock.Phase == Released {
		return nil
	}
	alive := l.now().Before(lock.Until)
	if !alive {
		var err error
		if alive, err = stands(ctx, lock); err != nil {
			return fmt.Errorf("look for the execution of run %s: %w", lock.Run, err)
		}
	}
	if alive {
		return &BusyError{lock.Run, "the lock", lock.Until}
	}
	return nil
}

// Release gives the lock back, if it still is as lock says. *SupersededError: another run has it.
func (l *Ledger) Release(ctx context.Context, lock Lock) error {
	for {
		run := lock.Run
		lock.Phase, lock.Holder, lock.Until = Released, "", l.now()
		_, err := l.writeLock(ctx, lock)
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if lock, err = l.ReadLock(ctx); err != nil {
			return err
		}
		if lock.Run != run {
			return &SupersededError{run, lock.Run}
		}
		if lock.Phase == Released {
			return nil
		}
	}
}

// Change lets the run that holds the lock change it. seen is the lock as it last was, if that is known.
// *SupersededError: the run does not hold it any more.
func (l *Ledger) Change(ctx context.Context, run string, seen Lock, change func(*Lock) error) (Lock, error) {
	for lock := seen; ; lock = (Lock{}) {
		var err error
		if lock.version == "" {
			if lock, err = l.ReadLock(ctx); err != nil {
				return lock, err
			}
		}
		if lock.Run != run || lock.Phase == Released {
			return lock, &SupersededError{run, lock.Run}
		}
		if err := change(&lock); err != nil {
			return lock, err
		}
		if lock, err = l.writeLock(ctx, lock); !errors.Is(err, ErrConflict) {
			return lock, err
		}
	}
}
