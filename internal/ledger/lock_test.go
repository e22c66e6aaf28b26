package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// standing says whether the execution of a lock's holder still runs.
type standing = func(context.Context, ledger.Lock) (bool, error)

var sameLock = cmpopts.IgnoreUnexported(ledger.Lock{})

// acquire is what a run does that has just been planned.
func (w *world) acquire(p ledger.Plan, stands standing) (ledger.Lock, error) {
	seen, err := w.ledger().ReadLock(w.Context())
	if err != nil {
		return seen, err
	}
	return w.ledger().Acquire(w.Context(), seen, p, "execution-of-"+p.Run, w.clock.Add(leaseTime), stands)
}

func (w *world) wantLock(want ledger.Lock) {
	w.Helper()
	got, err := w.ledger().ReadLock(w.Context())
	w.must(err)
	if diff := cmp.Diff(want, got, sameLock); diff != "" {
		w.Errorf("lock (-want +got):\n%s", diff)
	}
}

func TestAcquireAsksWhoHoldsTheLock(t *testing.T) {
	errDown := errors.New("Step Functions does not answer")
	tests := []struct {
		name   string
		fence  int64         // of the run that wants it; run 5 holds it for a minute
		after  time.Duration // since then
		stands standing
		free   bool // run 5 has released it
		want   func(error) bool
	}{
		{"before its until", 6, time.Minute - 1, ran(false, nil), false, isBusy},
		{"after its until, while the execution runs", 6, time.Minute, ran(true, nil), false, isBusy},
		{"after its until, when the execution has ended", 6, time.Minute, ran(false, nil), false, nil},
		{"while nobody knows whether the execution runs", 6, time.Minute, ran(false, errDown), false,
			func(err error) bool { return errors.Is(err, errDown) }},
		{"when it is released", 6, 0, gone, true, nil},
		{"planned before the holder was", 4, time.Hour, ran(false, nil), false, isSuperseded},
		{"planned before the holder was, which has released it", 4, 0, gone, true, isSuperseded},
		{"the run that has released it", 5, 0, gone, true, isSuperseded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, newMemory())
			held, err := w.acquire(plan(5), gone)
			w.must(err)
			if tt.free {
				w.must(w.ledger().Release(t.Context(), held))
				held.Rev, held.Phase, held.Until = held.Rev+1, ledger.Released, w.clock
			}
			w.clock = w.clock.Add(tt.after)
			got, err := w.acquire(plan(tt.fence), tt.stands)
			if tt.want != nil {
				if !tt.want(err) {
					t.Errorf("got %v", err)
				}
				w.wantLock(held)
				return
			}
			w.must(err)
			want := ledger.Lock{
				Format: ledger.Format, Rev: held.Rev + 1, Run: "run6", Execution: "execution-of-run6",
				Fence: 6,
				Phase: ledger.Syncing, Until: w.clock.Add(leaseTime),
			}
			if diff := cmp.Diff(want, got, sameLock); diff != "" {
				t.Errorf("got (-want +got):\n%s", diff)
			}
			w.wantLock(want)
		})
	}
}

// gone is the standing of a holder who is not at work any more.
func gone(context.Context, ledger.Lock) (bool, error) { return false, nil }

func ran(alive bool, err error) standing {
	return func(_ context.Context, l ledger.Lock) (bool, error) {
		if l.Execution != "execution-of-run5" {
			return false, fmt.Errorf("asked for execution %q", l.Execution)
		}
		return alive, err
	}
}

func TestOfTwoRunsThatWerePlannedAtOnceTheSecondIsBusy(t *testing.T) {
	w := newWorld(t, newMemory())
	held, err := w.acquire(plan(5), gone)
	w.must(err)
	other := plan(5)
	other.Run = "other"
	if _, err := w.acquire(other, gone); !isBusy(err) {
		t.Errorf("got %v", err)
	}
	w.wantLock(held)
}

func TestAcquireDoesNotAskForAnExecutionBeforeUntil(t *testing.T) {
	w := newWorld(t, newMemory())
	w.lock(5)
	asked := 0
	stands := func(context.Context, ledger.Lock) (bool, error) { asked++; return true, nil }
	for _, after := range []time.Duration{0, leaseTime - 1, 1} {
		w.clock = w.clock.Add(after)
		if _, err := w.acquire(plan(6), stands); !isBusy(err) {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
}

func TestAcquireResumesTheSameRunAndWritesNothing(t *testing.T) {
	w := newWorld(t, newMemory())
	held, err := w.acquire(plan(5), gone)
	w.must(err)
	_, err = w.ledger().Change(t.Context(), "run5", ledger.Lock{},
		func(l *ledger.Lock) error { l.Phase = ledger.Sweeping; return nil })
	w.must(err)
	held.Rev, held.Phase = held.Rev+1, ledger.Sweeping
	w.later()
	got, err := w.acquire(plan(5), ran(false, nil))
	w.must(err)
	if diff := cmp.Diff(held, got, sameLock); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	w.wantLock(held)
}

func TestChangeAndReleaseAreForTheHolderOnly(t *testing.T) {
	w := newWorld(t, newMemory())
	never := func(*ledger.Lock) error { t.Error("the lock was changed"); return nil }
	if _, err := w.ledger().Change(t.Context(), "run1", ledger.Lock{}, never); !isSuperseded(err) {
		t.Errorf("change of a lock that never was: %v", err)
	}
	mine, err := w.acquire(plan(1), gone)
	w.must(err)
	errNo := errors.New("no")
	if _, err := w.ledger().Change(t.Context(), "run1", ledger.Lock{},
		func(*ledger.Lock) error { return errNo }); !errors.Is(err, errNo) {
		t.Errorf("change that fails: %v", err)
	}
	w.wantLock(mine)
	w.later()
	theirs, err := w.acquire(plan(2), gone)
	w.must(err)
	if _, err := w.ledger().Change(t.Context(), "run1", ledger.Lock{}, never); !isSuperseded(err) {
		t.Errorf("change by a run that lost the lock: %v", err)
	}
	if err := w.ledger().Release(t.Context(), mine); !isSuperseded(err) {
		t.Errorf("release by a run that lost the lock: %v", err)
	}
	w.wantLock(theirs)
	w.must(w.ledger().Release(t.Context(), theirs))
	if _, err := w.ledger().Change(t.Context(), "run2", ledger.Lock{}, never); !isSuperseded(err) {
		t.Errorf("change after release: %v", err)
	}
	w.must(w.ledger().Release(t.Context(), theirs)) // again, as after a lost answer
}

func TestReleaseOfALockThatItsRunHasChangedMeanwhile(t *testing.T) {
	w := newWorld(t, newMemory())
	old, err := w.acquire(plan(1), gone)
	w.must(err)
	changed, err := w.ledger().Change(t.Context(), "run1", ledger.Lock{},
		func(l *ledger.Lock) error { l.Holder = "x"; return nil })
	w.must(err)
	w.must(w.ledger().Release(t.Context(), old))
	changed.Rev, changed.Phase, changed.Holder, changed.Until = changed.Rev+1, ledger.Released, "", w.clock
	w.wantLock(changed)
}

// TestManyRunsContendForTheLock lets runs plan, take the lock, change it and give it back, all at once.
func TestManyRunsContendForTheLock(t *testing.T) {
	m := newMemory()
	var fences []int64
	m.wrote = func(_ string, data []byte) {
		var lock ledger.Lock
		if err := json.Unmarshal(data, &lock); err != nil {
			t.Error(err)
		}
		fences = append(fences, lock.Fence)
	}
	w := newWorld(t, m)
	var inside, held atomic.Int32
	var g errgroup.Group
	for n := range 8 {
		g.Go(func() error {
			for round := 0; round < 20; round++ {
				seen, err := w.ledger().ReadLock(t.Context())
				if err != nil {
					return err
				}
				p := ledger.Plan{Run: fmt.Sprint("run", n, ".", round), Fence: seen.Fence + 1}
				lock, err := w.acquire(p, gone)
				if isBusy(err) || isSuperseded(err) {
					continue
				}
				if err != nil {
					return err
				}
				if inside.Add(1) != 1 {
					return fmt.Errorf("two runs hold the lock")
				}
				held.Add(1)
				for range 3 {
					if lock, err = w.ledger().Change(t.Context(), p.Run, ledger.Lock{}, func(l *ledger.Lock) error {
						l.Until = l.Until.Add(time.Second)
						return nil
					}); err != nil {
						return err
					}
				}
				inside.Add(-1)
				if err := w.ledger().Release(t.Context(), lock); err != nil {
					return err
				}
			}
			return nil
		})
	}
	w.must(g.Wait())
	if !slices.IsSorted(fences) || held.Load() == 0 {
		t.Errorf("%d runs held the lock, and its fences were %d", held.Load(), fences)
	}
	lock, err := w.ledger().ReadLock(t.Context())
	w.must(err)
	if int64(held.Load()) != lock.Fence || int64(len(fences)) != lock.Rev {
		t.Errorf("%d runs held the lock, and its fence is %d; of %d writes it is the %dth",
			held.Load(), lock.Fence, len(fences), lock.Rev)
	}
}

func TestErrorsOfTheLockHaveNamesAndSayWhoIsAtWork(t *testing.T) {
	until := time.Date(2026, 11, 24, 23, 0, 0, 0, time.FixedZone("", 3600))
	tests := []struct {
		err interface {
			error
			Code() string
		}
		code, message string
	}{
		{&ledger.BusyError{Run: "r1", What: "the lock", Until: until}, "RunBusy",
			"run r1 holds the lock until 2026-11-24T22:00:00Z"},
		{&ledger.SupersededError{Run: "r1", By: "r2"}, "RunSuperseded",
			"run r1 no longer holds the lock, r2 does"},
		{&ledger.NewerError{Key: "a/b", Format: 9}, "StateNewerThanCode", "a/b has format 9"},
	}
	for _, tt := range tests {
		if tt.err.Code() != tt.code || !strings.HasPrefix(tt.err.Error(), tt.message) {
			t.Errorf("%s: %s", tt.err.Code(), tt.err)
		}
	}
}
