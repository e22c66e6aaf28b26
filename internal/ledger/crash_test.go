package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// invocation is one that takes an account several times, as a sweep does for its stages, and what is
// known of it from outside.
type invocation struct {
	*world
	ledger *ledger.Ledger
	fence  int64
	nonce  string
	kept   []map[string]ledger.Entry // manifests: the one it found, and those it tried to commit
	sure   int                       // index of the last one that it knows is committed
	named  map[string]bool           // by key: what was journaled since that one; true = the journal said so
}

const rounds = 3

// run does all of its work, and ends with the first error as the acts do: with the lease given back.
func (in *invocation) run(ctx context.Context) error {
	for round := range rounds {
		h, err := in.ledger.Take(ctx, account, in.lease(in.fence, in.nonce), ledger.Syncing)
		if err != nil {
			return err
		}
		if err := in.work(ctx, h, round); err != nil {
			return errors.Join(err, h.Release(ctx))
		}
		confirmed(h.Manifest, round, in.fence)
		h.Remove(find(h.Manifest, 5-round))
		in.kept = append(in.kept, contents(h.Manifest))
		if err := h.Commit(ctx, ledger.Summary{Seconds: float64(round)}); err != nil {
			return err
		}
		in.sure = len(in.kept) - 1
		clear(in.named)
	}
	return nil
}

// work journals entities that are new, known, and known of an earlier round, and has the first two
// confirmed. It tidies before that or after.
func (in *invocation) work(ctx context.Context, h *ledger.Holder, round int) error {
	if round%2 == 0 {
		if err := h.Tidy(ctx); err != nil {
			return err
		}
	}
	for _, chunk := range [][]int{{round, 10 + round}, {9 + round}} {
		chunk := append(chunk, 20+round)
		for _, n := range chunk {
			if key := keyOf(n); !in.named[key] {
				in.named[key] = false // about to be named
			}
		}
		if err := h.Journal(ctx, ledger.Upsert, time.UnixMilli(3000+int64(round)), entries(chunk)); err != nil {
			return err
		}
		for _, n := range chunk {
			in.named[keyOf(n)] = true
			confirmed(h.Manifest, n, in.fence)
		}
	}
	if round%2 == 1 {
		return h.Tidy(ctx)
	}
	return nil
}

func keyOf(n int) string {
	m := ledger.NewManifest(account)
	confirmed(m, n, 0)
	for key := range contents(m) {
		return key
	}
	return ""
}

// illegal says what is wrong with what was found after the invocation ended somehow: "" if it is the
// last manifest that is known to be committed or one that was tried after it, with everything that was
// journaled since in it, hash unknown.
func (in *invocation) illegal(found map[string]ledger.Entry) (wrong string) {
	for i := in.sure; i < len(in.kept); i++ {
		named := in.named
		if i > in.sure {
			named = nil // that manifest has absorbed its chunks
		}
		want := maps.Clone(in.kept[i])
		for key, certain := range named {
			e, there := found[key]
			if _, known := want[key]; !there && !certain && !known {
				continue
			}
			if e.Hash.IsZero() && there {
				want[key] = e // nothing else of it matters
			} else if certain {
				want[key] = ledger.Entry{}
			}
		}
		diff := cmp.Diff(want, found, sameEntry)
		if diff == "" {
			return ""
		}
		wrong += fmt.Sprintf("as after commit %d (-want +got):\n%s", i, diff)
	}
	return wrong
}

// start is a second run's invocation in a world that run 1 left as it died.
func start(t *testing.T) (*world, *memory, *invocation) {
	w, m := begun(t)
	put(t, m, folder+"manifest/000000000001-000000000004-froze-0001-000.jsonl.gz", "", ledger.Condition{})
	w.later()
	w.lock(2)
	found, _, err := w.ledger().Read(t.Context(), account)
	w.must(err)
	return w, m, &invocation{
		world: w, fence: 2, nonce: "second", kept: []map[string]ledger.Entry{contents(found)},
		named: map[string]bool{},
	}
}

var errCrash = errors.New("the process is dead")

// crashes are the ways in which call k of a store can be the last.
var crashes = map[string]func(s *watched, k int){
	"dies before": func(s *watched, k int) {
		s.before = func(c call) error { return failIf(c.n >= k) }
	},
	"dies after": func(s *watched, k int) {
		s.before = func(c call) error { return failIf(c.n > k) }
		s.after = func(c call) error { return failIf(c.n == k) }
	},
	"fails": func(s *watched, k int) {
		s.before = func(c call) error { return failIf(c.n == k) }
	},
	"is carried out, and its answer is an error": func(s *watched, k int) {
		s.after = func(c call) error { return failIf(c.n == k) }
	},
	"dies in the middle of a delete": func(s *watched, k int) {
		base := s.Store
		s.before = func(c call) error {
			if c.n == k && c.operation == "delete" {
				return errors.Join(base.Delete(context.Background(), c.keys[:len(c.keys)/2]...), errCrash)
			}
			return failIf(c.n > k)
		}
	},
}

func failIf(bad bool) error {
	if bad {
		return errCrash
	}
	return nil
}

// TestCrashAnywhereLosesNothing ends an invocation at every single call of the store. Whoever takes the
// account afterwards finds the manifest before or after a commit, and every journaled entity.
func TestCrashAnywhereLosesNothing(t *testing.T) {
	for name, crash := range crashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for k := 1; ; k++ {
				w, m, in := start(t)
				s := &watched{Store: m}
				crash(s, k)
				in.ledger = w.through(s)
				err := in.run(t.Context())
				h := w.successor(3)
				if wrong := in.illegal(contents(h.Manifest)); wrong != "" {
					t.Fatalf("call %d, %v: %v\n%s", k, s.calls[min(k, len(s.calls))-1], err, wrong)
				}
				w.settles(h)
				if t.Failed() {
					t.Fatalf("call %d, %v: %v", k, s.calls[min(k, len(s.calls))-1], err)
				}
				if k > len(s.calls) {
					if err != nil || k < 20 {
						t.Errorf("%d calls, %v", k, err)
					}
					return
				}
			}
		})
	}
}

// settles wants the account to be in order once a holder has tidied up, committed, and another has
// tidied up after him: nothing that is needed is gone, nothing else is left.
func (w *world) settles(h *ledger.Holder) {
	w.Helper()
	w.must(h.Tidy(w.Context()))
	w.wantTidy()
	want := contents(h.Manifest)
	w.must(h.Commit(w.Context(), ledger.Summary{}))
	h = w.take(3, "last")
	w.wantContents(h.Manifest, want)
	w.must(h.Tidy(w.Context()))
	w.wantTidy()
	w.wantContents(w.take(3, "last").Manifest, want)
	for _, name := range w.files() {
		if len(name) > 8 && name[:8] == "journal/" {
			w.Errorf("%s is left", name)
		}
	}
}

// TestFrozenHolderUndoesNothing freezes an invocation before every single call of the store. When its
// lease has run out another run does its work; then the first one thaws, and goes on as if nothing
// had happened. All that counts of it is what it journals.
func TestFrozenHolderUndoesNothing(t *testing.T) {
	for k := 1; ; k++ {
		w, m, in := start(t)
		var theirs map[string]ledger.Entry
		s := &watched{Store: m, before: func(c call) error {
			if c.n == k {
				h := w.successor(3)
				w.journal(h, 5000, 40, 41)
				for _, n := range []int{1, 40} {
					confirmed(h.Manifest, n, 3)
				}
				w.must(h.Tidy(t.Context()))
				theirs = contents(h.Manifest)
				w.must(h.Commit(t.Context(), ledger.Summary{Run: "run3"}))
			}
			return nil
		}}
		in.ledger = w.through(s)
		err := in.run(t.Context())
		if theirs == nil {
			if err != nil || k < 20 {
				t.Errorf("%d calls, %v", k, err)
			}
			return
		}
		if err == nil {
			t.Errorf("frozen at call %d, %v, it says that all went well", k, s.calls[k-1])
		}
		in.kept, in.sure = []map[string]ledger.Entry{theirs}, 0
		for key := range in.named {
			in.named[key] = false // it may have been absorbed before
		}
		h := w.successor(4)
		if wrong := in.illegal(contents(h.Manifest)); wrong != "" {
			t.Fatalf("frozen at call %d, %v: %v\n%s", k, s.calls[k-1], err, wrong)
		}
		w.must(h.Tidy(t.Context()))
		w.wantTidy()
	}
}
