package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func isBusy(err error) bool {
	var busy *ledger.BusyError
	return errors.As(err, &busy)
}

func isSuperseded(err error) bool {
	var late *ledger.SupersededError
	return errors.As(err, &late)
}

func TestTakeAsksWhoHasTheAccount(t *testing.T) {
	tests := []struct {
		name  string
		fence int64         // of the run that holds the lock and wants the account; 5 has a lease of a minute
		nonce string        // "a" has the lease
		after time.Duration // since the lease was taken
		want  func(error) bool
	}{
		{"another invocation of the run finds the lease live", 5, "b", time.Minute - 1, isBusy},
		{"another run finds the lease live", 6, "b", time.Minute - 1, isBusy},
		{"the lease of the same invocation does not stand in its way", 5, "a", 0, nil},
		{"another invocation takes a lease that has run out", 5, "b", time.Minute, nil},
		{"another run takes a lease that has run out", 6, "b", time.Minute, nil},
		{"an earlier run does not take a live lease", 4, "b", 0, isSuperseded},
		{"an earlier run does not take one that has run out either", 4, "b", time.Hour, isSuperseded},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, newMemory())
			w.lock(5)
			w.take(5, "a")
			before := w.head()
			if tt.fence != 5 {
				lock := fmt.Sprintf(`{"format":1,"run":"run%d","fence":%d,"phase":"sync"}`, tt.fence,
					tt.fence)
				put(t, w.store, state+"lock.json", lock, ledger.Condition{})
			}
			w.clock = w.clock.Add(tt.after)
			_, err := w.ledger().Take(t.Context(), account, w.lease(tt.fence, tt.nonce), ledger.Syncing)
			if tt.want == nil && err != nil || tt.want != nil && !tt.want(err) {
				t.Errorf("got %v", err)
			}
			want := before.Lease
			if tt.want == nil {
				want = w.lease(tt.fence, tt.nonce)
			}
			if diff := cmp.Diff(want, w.head().Lease); diff != "" {
				t.Errorf("lease (-want +got):\n%s", diff)
			}
			var busy *ledger.BusyError
			if errors.As(err, &busy) && (!busy.Until.Equal(before.Lease.Until) || busy.Run != "run5") {
				t.Errorf("busy until %s by %s", busy.Until, busy.Run)
			}
		})
	}
}

func TestTakeReadsTheLockUnderTheLease(t *testing.T) {
	tests := []struct {
		name  string
		lock  string
		phase ledger.Phase
		want  func(error) bool
	}{
		{"the run's, in its phase", `{"format":1,"run":"run5","fence":5,"phase":"sync"}`, ledger.Syncing,
			nil},
		{"the run's, in another phase", `{"format":1,"run":"run5","fence":5,"phase":"sweep"}`,
			ledger.Syncing, isSuperseded},
		{"for the sweep", `{"format":1,"run":"run5","fence":5,"phase":"sweep"}`, ledger.Sweeping, nil},
		{"not yet for the sweep", `{"format":1,"run":"run5","fence":5,"phase":"sync"}`, ledger.Sweeping,
			isSuperseded},
		{"released", `{"format":1,"run":"run5","fence":5,"phase":"released"}`, ledger.Syncing, isSuperseded},
		{"another run's", `{"format":1,"run":"run6","fence":6,"phase":"sync"}`, ledger.Syncing, isSuperseded},
		{"of a run that was planned at the same time", `{"format":1,"run":"run6","fence":5,"phase":"sync"}`,
			ledger.Syncing, isSuperseded},
		{"of the run, with another number", `{"format":1,"run":"run5","fence":7,"phase":"sync"}`,
			ledger.Syncing, isSuperseded},
		{"of no run yet", "", ledger.Syncing, isSuperseded},
		{"another run's, which a dry run does not ask",
			`{"format":1,"run":"run6","fence":6,"phase":"sync"}`, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMemory()
			w := newWorld(t, m)
			if tt.lock != "" {
				put(t, w.store, state+"lock.json", tt.lock, ledger.Condition{})
			}
			seen := &watched{Store: m}
			_, err := w.through(seen).Take(t.Context(), account, w.lease(5, "a"), tt.phase)
			if tt.want == nil && err != nil || tt.want != nil && !tt.want(err) {
				t.Errorf("got %v", err)
			}
			if live := w.head().Lease.Nonce != ""; live != (tt.want == nil) {
				t.Errorf("the lease is held: %t", live)
			}
			leased := slices.IndexFunc(seen.calls, func(c call) bool { return c.operation == "put" })
			locked := slices.IndexFunc(seen.calls,
				func(c call) bool { return c.keys[0] == state+"lock.json" })
			if tt.phase != "" && locked < leased {
				t.Errorf("read the lock before it had the lease: %v", seen.calls)
			}
		})
	}
}

func TestOfManyWhoTakeAnAccountOneGetsIt(t *testing.T) {
	w := newWorld(t, newMemory())
	w.lock(1)
	var got atomic.Int32
	var g errgroup.Group
	for n := range 16 {
		g.Go(func() error {
			_, err := w.ledger().Take(t.Context(), account, w.lease(1, fmt.Sprint(n)), ledger.Syncing)
			if isBusy(err) {
				return nil
			}
			got.Add(1)
			return err
		})
	}
	w.must(g.Wait())
	if got.Load() != 1 {
		t.Errorf("%d have the lease", got.Load())
	}
}

func TestCommitGivesTheLeaseBackAndReleaseToo(t *testing.T) {
	w := newWorld(t, newMemory())
	w.lock(1)
	h := w.take(1, "a")
	confirmed(h.Manifest, 1, 1)
	sum := ledger.Summary{
		Run: "run1", Done: true, Entries: map[string]int{"blueprint1": 1},
		Verdict: ledger.Since{Verdict: kind.Verdict{State: kind.Complete}, Since: w.clock},
	}
	w.must(h.Commit(t.Context(), sum))
	if diff := cmp.Diff(sum, h.Summary); diff != "" {
		t.Errorf("the holder's summary (-want +got):\n%s", diff)
	}
	h = w.take(1, "b")
	if diff := cmp.Diff(sum, h.Summary); diff != "" {
		t.Errorf("the next one's summary (-want +got):\n%s", diff)
	}
	confirmed(h.Manifest, 2, 1)
	w.must(h.Release(t.Context()))
	h = w.take(1, "c")
	if find(h.Manifest, 1) == nil || find(h.Manifest, 2) != nil {
		t.Error("release changed the manifest, or lost it")
	}
}

func TestCommitOfAHolderWhoLostTheLeaseChangesNothing(t *testing.T) {
	w, m := begun(t)
	w.later()
	frozen := w.take(1, "frozen")
	confirmed(frozen.Manifest, 20, 1)
	h := w.successor(2)
	confirmed(h.Manifest, 30, 2)

	now := w.clock
	w.clock = now.Add(-time.Hour) // of a machine whose clock is slow: the put itself must fail
	before := m.dump()[folder+"head.json"]
	if err := frozen.Commit(t.Context(), ledger.Summary{Run: "run1"}); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("commit: %v", err)
	}
	if err := frozen.Release(t.Context()); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("release: %v", err)
	}
	if after := m.dump()[folder+"head.json"]; after != before {
		t.Errorf("the head is now %s", after)
	}

	w.clock = now
	w.must(h.Commit(t.Context(), ledger.Summary{Run: "run2"}))
	w.clock = now.Add(-time.Hour)
	if err := frozen.Commit(t.Context(), ledger.Summary{Run: "run1"}); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("commit after commit: %v", err)
	}
	w.clock = now
	h = w.successor(3)
	if find(h.Manifest, 20) != nil || find(h.Manifest, 30) == nil {
		t.Error("the frozen holder's manifest counts")
	}
	w.must(h.Tidy(t.Context()))
	w.wantTidy()
}

// TestLostAnswersOfTheStoreAreSuccesses loses the answer of each put, one at a time. The SDK's own
// repetition is then refused, since the object is no longer as the condition wants it.
func TestLostAnswersOfTheStoreAreSuccesses(t *testing.T) {
	puts := 0
	for lost := 0; lost <= puts; lost++ { // 0: none
		fake := newFakeS3(t)
		fake.page = 1000
		if lost > 0 {
			fake.fault = nth("PutObject", lost, fault{lost: true})
		}
		w := newWorld(t, fake.store())
		w.lock(1)
		h := w.take(1, "a")
		w.journal(h, 1000, 1)
		confirmed(h.Manifest, 1, 1)
		w.must(h.Commit(t.Context(), ledger.Summary{Run: "run1"}))
		_, err := w.ledger().Change(t.Context(), "run1", ledger.Lock{},
			func(l *ledger.Lock) error { l.Phase = ledger.Sweeping; return nil })
		w.must(err)
		h, err = w.ledger().Take(t.Context(), account, w.lease(1, "b"), ledger.Sweeping)
		w.must(err)
		w.must(h.Release(t.Context()))
		if puts = fake.count("PutObject"); lost > 0 {
			puts--
		}
		lock, err := w.ledger().ReadLock(t.Context())
		w.must(err)
		w.must(w.ledger().Release(t.Context(), lock))
		w.wantContents(h.Manifest, contents(func() *ledger.Manifest {
			m := ledger.NewManifest(account)
			confirmed(m, 1, 1)
			return m
		}()))
	}
	if puts < 7 {
		t.Errorf("only %d puts", puts)
	}
}

func TestStatesSaysWhatEveryHeadSays(t *testing.T) {
	w, _ := begun(t)
	sum := ledger.Summary{Run: "run1", Done: true}
	lease := w.head().Lease
	want := []ledger.State{{Account: account, Lease: lease, Summary: sum, Loose: true}}
	wantStates(w, want)

	w.later()
	h, err := w.ledger().Take(t.Context(), "000000000001", w.lease(1, "c"), ledger.Syncing)
	w.must(err)
	w.must(h.Release(t.Context()))
	released := w.lease(1, "")
	want = slices.Insert(want, 0, ledger.State{Account: "000000000001", Lease: released})
	wantStates(w, want)

	w.must(w.take(1, "d").Commit(t.Context(), sum))
	want[1].Lease, want[1].Loose = released, false
	wantStates(w, want)
}

func wantStates(w *world, want []ledger.State) {
	w.Helper()
	got, err := w.ledger().States(w.Context())
	w.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestStateIsLiveUntilItsLeaseEnds(t *testing.T) {
	until := time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)
	held := ledger.State{Lease: ledger.Lease{Nonce: "a", Until: until}}
	if !held.Live(until.Add(-1)) || held.Live(until) {
		t.Error("a lease does not end with its time")
	}
	if (ledger.State{Lease: ledger.Lease{Until: until}}).Live(until.Add(-1)) {
		t.Error("a released lease is live")
	}
}
