package ledger_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

const (
	account = "111122223333"
	state   = "state/org_1/aws-v3/main/"
	folder  = state + "accounts/" + account + "/"
)

// leaseTime is how long leases and locks of these tests last.
const leaseTime = time.Minute

// world is a store, a clock and the runs that use them.
type world struct {
	*testing.T
	store ledger.Store
	clock time.Time
}

func newWorld(t *testing.T, s ledger.Store) *world {
	return &world{t, s, time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)}
}

func (w *world) now() time.Time { return w.clock }

// through is the ledger as seen through a store, which may be another than the world's own.
func (w *world) through(s ledger.Store) *ledger.Ledger {
	return ledger.New(s, "org_1", "aws-v3", "main", w.now)
}

func (w *world) ledger() *ledger.Ledger { return w.through(w.store) }

// later lets every lease and lock run out.
func (w *world) later() { w.clock = w.clock.Add(leaseTime) }

func plan(fence int64) ledger.Plan { return ledger.Plan{Run: fmt.Sprint("run", fence), Fence: fence} }

// lock gives the lock to the run of that fence, as soon as nobody else can have it.
func (w *world) lock(fence int64) {
	w.Helper()
	seen, err := w.ledger().ReadLock(w.Context())
	w.must(err)
	_, err = w.ledger().Acquire(w.Context(), seen, plan(fence), "", w.clock.Add(leaseTime), gone)
	w.must(err)
}

func (w *world) lease(fence int64, nonce string) ledger.Lease {
	return ledger.Lease{Fence: fence, Nonce: nonce, Run: plan(fence).Run, Until: w.clock.Add(leaseTime)}
}

func (w *world) take(fence int64, nonce string) *ledger.Holder {
	w.Helper()
	h, err := w.ledger().Take(w.Context(), account, w.lease(fence, nonce), ledger.Syncing)
	if err != nil {
		w.Fatal(err)
	}
	return h
}

// successor takes account and lock over from whoever has them.
func (w *world) successor(fence int64) *ledger.Holder {
	w.Helper()
	w.later()
	w.lock(fence)
	return w.take(fence, fmt.Sprint("successor", fence))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// written is the nth entity of these tests, on its way to Port.
func written(n int) ledger.Written {
	return ledger.Written{
		Entity: ledger.Entity{Blueprint: fmt.Sprint("blueprint", n%2), Identifier: fmt.Sprint("entity", n)},
		Region: "eu-west-1", Kind: "AWS::SNS::Topic", Resource: ledger.ID{byte(n >> 8), byte(n)},
		Blocks: []ledger.ID{{9}},
	}
}

// confirmed puts the nth entity into a manifest as Port has taken it.
func confirmed(m *ledger.Manifest, n int, fence int64) *ledger.Entry {
	w := written(n)
	cell := m.Cell(w.Region, w.Kind)
	e := m.Find(cell, w.Resource, w.Entity)
	if e == nil {
		e = m.Add(ledger.Entry{Entity: w.Entity, Cell: cell, Resource: w.Resource, Blocks: w.Blocks,
			Birth: ledger.Birth{From: 1000 + fence}})
	}
	e.Hash, e.Fence, e.Mark, e.Own = ledger.Hash{byte(n), byte(fence)}, fence, ledger.Seen, ledger.Created
	return e
}

// find is the entry of the nth entity, or nil.
func find(m *ledger.Manifest, n int) *ledger.Entry {
	w := written(n)
	return m.Find(m.Cell(w.Region, w.Kind), w.Resource, w.Entity)
}

func (w *world) journal(h *ledger.Holder, at int64, entities ...int) {
	w.Helper()
	w.must(h.Journal(w.Context(), ledger.Upsert, time.UnixMilli(at), entries(entities)))
}

func entries(entities []int) []ledger.Written {
	list := make([]ledger.Written, len(entities))
	for i, n := range entities {
		list[i] = written(n)
	}
	return list
}

// contents is what a manifest says, whatever the order of its entries and cells.
func contents(m *ledger.Manifest) map[string]ledger.Entry {
	all := map[string]ledger.Entry{}
	m.All(func(e *ledger.Entry) bool {
		cell := m.Cells[e.Cell]
		one := *e
		one.Cell = 0
		all[strings.Join([]string{cell.Region, cell.Kind, fmt.Sprint(e.Resource), e.Blueprint,
			e.Identifier}, " ")] = one
		return true
	})
	return all
}

var sameEntry = cmpopts.IgnoreUnexported(ledger.Entry{})

func (w *world) wantContents(got *ledger.Manifest, want map[string]ledger.Entry) {
	w.Helper()
	if diff := cmp.Diff(want, contents(got), sameEntry); diff != "" {
		w.Errorf("manifest (-want +got):\n%s", diff)
	}
}

// stored is an account's head as it is in the store.
type stored struct {
	Lease    ledger.Lease
	Manifest []string
	Absorbed []string
	Summary  ledger.Summary
}

func (w *world) head() (h stored) {
	w.Helper()
	data, _, err := w.store.Get(w.Context(), folder+"head.json")
	w.must(err)
	w.must(json.Unmarshal(data, &h))
	return h
}

func (w *world) files() (names []string) {
	w.Helper()
	keys, err := w.store.List(w.Context(), folder)
	w.must(err)
	for _, k := range keys {
		names = append(names, strings.TrimPrefix(k, folder))
	}
	return names
}

// wantTidy wants an account's folder to hold what its head needs, and nothing else.
func (w *world) wantTidy() {
	w.Helper()
	h := w.head()
	need := append([]string{"head.json"}, h.Manifest...)
	for _, name := range w.files() {
		if strings.HasPrefix(name, "journal/") && !slices.Contains(h.Absorbed, name) {
			need = append(need, name)
		}
	}
	slices.Sort(need)
	if diff := cmp.Diff(need, w.files()); diff != "" {
		w.Errorf("the account's objects (-needed +there):\n%s", diff)
	}
}

// begun is a world in which run 1 has committed entities 0 to 5, and then died with 6 and 0 journaled.
func begun(t *testing.T) (*world, *memory) {
	t.Helper()
	m := newMemory()
	w := newWorld(t, m)
	w.lock(1)
	h := w.take(1, "a")
	for n := range 6 {
		confirmed(h.Manifest, n, 1)
	}
	h.Judge(0, "run1", kind.Verdict{State: kind.Complete}, w.clock)
	w.must(h.Commit(t.Context(), ledger.Summary{Run: "run1", Done: true}))
	w.journal(w.take(1, "b"), 2000, 6, 0)
	return w, m
}
