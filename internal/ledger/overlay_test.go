package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// dryWrites are the only keys that a dry run of run "dry" may write.
const dryWrites = "runs/org_1/aws-v3/main/dry/"

// anything does something with a ledger, whatever comes of it.
func anything(ctx context.Context, r *rand.Rand, l *ledger.Ledger, w *world, held *[]*ledger.Holder) {
	id := []string{account, "000000000001"}[r.IntN(2)]
	phase := []ledger.Phase{"", ledger.Syncing, ledger.Sweeping}[r.IntN(3)]
	lease := w.lease(int64(1+r.IntN(3)), fmt.Sprint("n", r.IntN(3)))
	p := ledger.Plan{Run: "dry", Fence: int64(1 + r.IntN(3))}
	switch r.IntN(14) {
	case 0:
		seen, _ := l.ReadLock(ctx)
		l.Acquire(ctx, seen, p, "", w.clock, gone)
	case 1:
		l.Change(ctx, "dry", ledger.Lock{}, func(lock *ledger.Lock) error { lock.Phase = ledger.Sweeping; return nil })
	case 2:
		lock, _ := l.ReadLock(ctx)
		l.Release(ctx, lock)
	case 3:
		l.WritePlan(ctx, p, []ledger.Account{{ID: id}})
	case 4:
		l.WriteOnce(ctx, "dry", "decisions.json", &decided{Format: 1})
	case 5:
		l.WriteRun(ctx, "dry", "report.json", []byte(`{"format":1}`))
	case 6:
		l.Read(ctx, id)
	case 7:
		l.States(ctx)
	default:
		if len(*held) == 0 || r.IntN(3) == 0 {
			if h, err := l.Take(ctx, id, lease, phase); err == nil {
				*held = append(*held, h)
			}
			return
		}
		h := (*held)[r.IntN(len(*held))]
		switch r.IntN(4) {
		case 0:
			n := r.IntN(9)
			h.Journal(ctx, ledger.Upsert, time.UnixMilli(1), entries([]int{n}))
			confirmed(h.Manifest, n, 3)
		case 1:
			h.Tidy(ctx)
		case 2:
			h.Commit(ctx, ledger.Summary{Run: "dry"})
		case 3:
			h.Release(ctx)
		}
	}
}

func TestADryRunWritesUnderItsOwnPrefixOnly(t *testing.T) {
	wrote := map[string]bool{}
	for seed := range uint64(50) {
		w, m := begun(t)
		w.must(w.successor(2).Commit(t.Context(), ledger.Summary{})) // leaves something to tidy up
		before := m.dump()
		s := &watched{Store: m}
		l := w.through(s).Overlay("dry")
		r := rand.New(rand.NewPCG(seed, 0))
		var held []*ledger.Holder
		for range 60 {
			anything(t.Context(), r, l, w, &held)
		}
		for _, key := range s.written() {
			if !strings.HasPrefix(key, dryWrites) {
				t.Errorf("seed %d: wrote %s", seed, key)
			}
			wrote[strings.TrimPrefix(key, dryWrites)] = true
		}
		after := m.dump()
		maps.DeleteFunc(after, func(key, _ string) bool { return strings.HasPrefix(key, dryWrites) })
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("seed %d, what others see (-before +after):\n%s", seed, diff)
		}
	}
	for _, name := range []string{"plan.json", "decisions.json", "report.json", "dry/lock.json",
		"dry/accounts/" + account + "/head.json"} {
		if !wrote[name] {
			t.Errorf("the test never wrote %s", name)
		}
	}
}

func TestADryRunSeesWhatIsThereAndWhatItWrote(t *testing.T) {
	w, _ := begun(t)
	dry := w.ledger().Overlay("dry")
	// Another run is at work; a dry run does not mind, nor is it minded.
	h, err := dry.Take(t.Context(), account, w.lease(1, "dry"), "")
	w.must(err)
	old, _, err := w.ledger().Read(t.Context(), account)
	w.must(err)
	w.wantContents(h.Manifest, contents(old))
	confirmed(h.Manifest, 50, 2)
	h.Remove(find(h.Manifest, 1))
	w.must(h.Tidy(t.Context()))
	w.must(h.Commit(t.Context(), ledger.Summary{Run: "dry"}))
	other, err := dry.Take(t.Context(), "000000000001", w.lease(1, "dry"), "")
	w.must(err)
	w.must(other.Commit(t.Context(), ledger.Summary{Run: "dry", Done: true}))

	got, sum, err := dry.Read(t.Context(), account)
	w.must(err)
	w.wantContents(got, contents(h.Manifest))
	states, err := dry.States(t.Context())
	w.must(err)
	if len(states) != 2 || states[0].Account != "000000000001" || !states[0].Summary.Done ||
		states[1].Summary.Run != "dry" ||
		states[1].Loose || sum.Run != "dry" {
		t.Errorf("states %+v, summary %+v", states, sum)
	}

	now, sum, err := w.ledger().Read(t.Context(), account)
	w.must(err)
	w.wantContents(now, contents(old))
	if states, err := w.ledger().States(t.Context()); err != nil || len(states) != 1 || sum.Run != "run1" {
		t.Errorf("others see %+v, %v", states, err)
	}
}

func TestOverlayReportsWhatTheStoreDoes(t *testing.T) {
	w, m := begun(t)
	s := &watched{Store: m, before: func(call) error { return errCrash }}
	dry := w.through(s).Overlay("dry")
	_, lockErr := dry.ReadLock(t.Context())
	_, _, readErr := dry.Read(t.Context(), account)
	_, statesErr := dry.States(t.Context())
	_, takeErr := dry.Take(t.Context(), account, w.lease(1, "a"), "")
	for _, err := range []error{lockErr, readErr, statesErr, takeErr} {
		if !errors.Is(err, errCrash) {
			t.Error(err)
		}
	}
}
