package ledger_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func TestTheNextTakeAbsorbsWhatWasJournaled(t *testing.T) {
	w, _ := begun(t) // 0 is in the manifest and in a chunk, 6 in the chunk only
	h := w.successor(2)
	want := contents(func() *ledger.Manifest {
		m := ledger.NewManifest(account)
		for n := range 6 {
			confirmed(m, n, 1)
		}
		find(m, 0).Hash = ledger.Hash{} // all else of it stays
		sent := []ledger.Span{{2000, 2000 + leaseTime.Milliseconds()}}
		find(m, 0).Sent = sent
		one := written(6)
		m.Add(ledger.Entry{Entity: one.Entity, Resource: one.Resource, Blocks: one.Blocks, First: 1,
			Birth: ledger.Birth{Sent: sent}})
		return m
	}())
	w.wantContents(h.Manifest, want)
	if got := h.Cells[0].Verdict.State; got != kind.Complete {
		t.Errorf("the cell's verdict is %s", got)
	}
	read, sum, err := w.ledger().Read(t.Context(), account)
	w.must(err)
	w.wantContents(read, want)
	if sum.Run != "run1" {
		t.Errorf("read the summary of %q", sum.Run)
	}
}

func TestAnAbsorbedChunkCountsNoMore(t *testing.T) {
	w, _ := begun(t)
	h := w.successor(2)
	w.journal(h, 3000, 7)
	for _, n := range []int{0, 6, 7} {
		confirmed(h.Manifest, n, 2)
	}
	want := contents(h.Manifest)
	w.must(h.Commit(t.Context(), ledger.Summary{}))
	if head := w.head(); len(head.Absorbed) != 2 || len(w.files()) != 5 {
		t.Errorf("absorbed %q, there is %q", head.Absorbed, w.files())
	}
	for range 2 { // also after a commit that finds the chunks still there, and one that finds them gone
		h = w.take(2, "next")
		w.wantContents(h.Manifest, want)
		w.must(h.Commit(t.Context(), ledger.Summary{}))
	}
	h = w.take(2, "tidy")
	w.must(h.Tidy(t.Context()))
	w.must(h.Tidy(t.Context()))
	w.wantTidy()
	w.must(h.Commit(t.Context(), ledger.Summary{}))
	h = w.take(2, "last")
	w.wantContents(h.Manifest, want)
	if head := w.head(); len(head.Absorbed) != 0 {
		t.Errorf("the head still names %q", head.Absorbed)
	}
}

func TestEveryChunkWhoseOutcomeNobodyKnowsDatesItsEntities(t *testing.T) {
	w := newWorld(t, newMemory())
	w.lock(1)
	for i, nonce := range []string{"zz", "mm", "aa"} {
		w.journal(w.take(1, nonce), int64(1000*(i+1)), 1)
		w.later()
	}
	if e := find(w.take(1, "last").Manifest, 1); e == nil || e.Own != ledger.Unsettled ||
		!slices.Equal(e.Sent, []ledger.Span{{1000, 61000}, {2000, 62000}, {3000, 63000}}) {
		t.Errorf("got %+v", e)
	}
}

func TestAJournaledEntityOfANewCellJoinsIt(t *testing.T) {
	w := newWorld(t, newMemory())
	w.lock(1)
	one := written(1)
	one.Region, one.Kind = "eu-north-1", "AWS::S3::Bucket"
	w.must(w.take(1, "a").Journal(t.Context(), ledger.Upsert, w.clock, []ledger.Written{one}))
	w.later()
	h := w.take(1, "b")
	want := []ledger.Cell{{Region: "eu-north-1", Kind: "AWS::S3::Bucket",
		Verdict: kind.Verdict{State: kind.Unread, Reason: "NeverRead"}}}
	if diff := cmp.Diff(want, h.Cells); diff != "" {
		t.Errorf("cells (-want +got):\n%s", diff)
	}
	if h.Len() != 1 {
		t.Errorf("%d entries", h.Len())
	}
}

func TestNothingButTheHeadIsWrittenTwice(t *testing.T) {
	w, m, in := start(t)
	s := &watched{Store: m}
	in.ledger = w.through(s)
	w.must(in.run(t.Context()))
	puts := map[string]int{}
	for _, c := range s.calls {
		if c.operation == "put" {
			puts[strings.TrimPrefix(c.keys[0], folder)]++
		}
	}
	for name, n := range puts {
		if n > 1 && name != "head.json" {
			t.Errorf("%s was written %d times", name, n)
		}
	}
	if len(puts) != 1+3*rounds {
		t.Errorf("%d objects were written", len(puts))
	}
}

func TestTidyLeavesWhatWasMadeUnderALaterLease(t *testing.T) {
	w, m := begun(t)
	w.later()
	var theirs []string
	s, happened := &watched{Store: m}, atomic.Bool{}
	s.before = func(c call) error { // frozen, before it lists
		if c.operation == "list" && !happened.Swap(true) {
			h := w.successor(2)
			w.journal(h, 3000, 8)
			confirmed(h.Manifest, 8, 2)
			w.must(h.Commit(t.Context(), ledger.Summary{}))
			theirs = append(w.head().Manifest, w.head().Absorbed...)
		}
		return nil
	}
	h, err := w.through(s).Take(t.Context(), account, w.lease(1, "frozen"), "")
	w.must(err)
	w.must(h.Tidy(t.Context()))
	for _, name := range theirs {
		if strings.HasPrefix(name, "manifest/") && !slices.Contains(w.files(), name) {
			t.Errorf("%s is gone", name)
		}
	}
	w.later()
	if e := find(w.take(2, "next").Manifest, 8); e == nil || e.Hash.IsZero() {
		t.Errorf("what the other wrote is now %+v", e)
	}
}
