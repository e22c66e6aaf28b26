package ledger_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

var update = flag.Bool("update", false, "write the recording of the current format; older ones stay for ever")

// packed is a text as the store has objects whose key ends in .gz.
func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func unpacked(t *testing.T, data string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// recorded writes one object of every sort, with all there is in it.
func recorded(t *testing.T, format int) *memory {
	m := newMemory()
	w := newWorld(t, m)
	w.lock(1)
	h := w.take(1, "first")
	confirmed(h.Manifest, 1, 1)
	e := confirmed(h.Manifest, 2, 1)
	e.Refused, e.First, e.Mark, e.Own = ledger.Hash{7}, 1, ledger.Renamed, ledger.Adopted
	e.To, e.At, e.Sent = 2000, 3000, []ledger.Span{{2500, 2500 + 20*60*1000}}
	if format >= 2 {
		e.Since, e.Met, e.Sent[0].Until = 1500, 3500, 2700
	}
	e.Hold = &ledger.Hold{Run: "run1", Reason: "Guard", Of: "gone", Since: w.clock}
	h.Judge(0, "run1", kind.Verdict{State: kind.Listed, Reason: "Denied", Message: "not <this> one"}, w.clock)
	if format >= 2 {
		h.Cells[0].Fence, h.Cells[0].Heard = 1, w.clock
	}
	h.Cells[0].Shifted, h.Cells[0].Cursor, h.Cells[0].Restarts = true, "page 2", 1
	h.Cells[0].Unread = kind.Verdict{State: kind.Listed, Reason: "NotMapped", Message: "an item"}
	h.Blueprints["topic"] = ledger.BlueprintAt{CreatedAt: w.clock, UpdatedAt: w.clock.Add(time.Hour)}
	sum := fullSummary(w.clock)
	if sum.Entered = format >= 2; format >= 2 {
		sum.Refreshed = w.clock
		sum.Extent = ledger.Extent{Read: []string{"eu-west-1"}, Denied: []string{"x"}, NotEnabled: []string{"y"}, Asked: 2, Complete: 1}
	}
	w.must(h.Commit(t.Context(), sum))
	h = w.take(1, "second")
	w.journal(h, 4000, 1, 3)
	p, accounts := fullPlan()
	if format < 2 {
		p.Selection, p.Absent, p.Shrunk, p.RetryFence, p.Adopts = "", nil, false, 0, false
		p.Options.Retry, p.Options.Approve, p.Options.Refresh = "", "", false
	}
	_, _, err := w.ledger().WritePlan(t.Context(), p, accounts)
	w.must(err)
	if format >= 2 {
		one := ledger.Disowned{Entity: ledger.Entity{Blueprint: "topic", Identifier: "theirs"}, Created: 1500}
		w.must(w.ledger().Disown(t.Context(), []ledger.Disowned{one}))
		w.must(w.ledger().WriteRoster(t.Context(), "run1", ledger.Roster{Selection: "all", Accounts: []string{account},
			Absent: map[string]ledger.Absence{"999900001111": {Since: w.clock, Selection: "some"}}}))
	}
	w.must(w.ledger().WriteOnce(t.Context(), p.Run, "decisions.json",
		&decided{Format: ledger.Format, Drops: []string{"x"}}))
	return m
}

func fullSummary(at time.Time) ledger.Summary {
	frozen := ledger.Since{Verdict: kind.Verdict{State: kind.Denied, Reason: "SCP", Message: "no"}, Since: at}
	return ledger.Summary{
		Run: "run1", Done: true, Entered: true, Seconds: 1.5, Verdict: frozen,
		Cells:   map[kind.State]int{kind.Complete: 3, kind.Denied: 1},
		Frozen:  []ledger.FrozenCell{{Region: "eu-west-1", Kind: "AWS::SNS::Topic", Since: frozen}},
		Entries: map[string]int{"topic": 2}, Born: 1, Candidates: 1,
		Writes: map[string]ledger.Writes{"topic": {Created: 1, Updated: 2, Unchanged: 3, Refused: 4,
			Failed: 5}},
		Calls: map[string]int{"sns:ListTopics": 1}, Throttled: 1, Trouble: 2,
		Problems: []ledger.Problem{{Kind: "AWS::SNS::Topic", Region: "eu-west-1", Resource: "r",
			Entity: "e", Path: "p", Reason: "x", Message: "y"}},
	}
}

func formatFile(format int) string { return fmt.Sprintf("testdata/format%d.txtar", format) }

// TestTodaysFormatIsTheRecordedOne fails when what is written has changed. A program of yesterday cannot
// read that, and must refuse it: Format has to grow.
func TestTodaysFormatIsTheRecordedOne(t *testing.T) {
	var got txtar.Archive
	objects := recorded(t, ledger.Format).dump()
	for _, key := range slices.Sorted(maps.Keys(objects)) {
		text := objects[key]
		if strings.HasSuffix(key, ".gz") {
			text = unpacked(t, text)
		}
		got.Files = append(got.Files, txtar.File{Name: key,
			Data: []byte(strings.TrimSuffix(text, "\n") + "\n")})
	}
	if *update {
		if err := os.WriteFile(formatFile(ledger.Format), txtar.Format(&got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(formatFile(ledger.Format))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(txtar.Format(&got))); diff != "" {
		t.Errorf("format %d (-recorded +written):\n%s", ledger.Format, diff)
	}
}

// load is a store with what a recording has, each text changed first.
func load(t *testing.T, file string, change func(key, text string) string) *memory {
	t.Helper()
	a, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory()
	for _, f := range a.Files {
		text := change(f.Name, string(f.Data))
		if strings.HasSuffix(f.Name, ".gz") {
			text = packed(t, text)
		}
		put(t, m, f.Name, text, ledger.Condition{})
	}
	return m
}

func unchanged(_, text string) string { return text }

func TestWhatEveryFormatWroteIsStillRead(t *testing.T) {
	files, err := filepath.Glob("testdata/format*.txtar")
	if err != nil || len(files) != ledger.Format {
		t.Fatalf("%d formats, recorded are %q: %v", ledger.Format, files, err)
	}
	for i, file := range files {
		old, today := newWorld(t, load(t, file, unchanged)), newWorld(t, recorded(t, i+1))
		for _, read := range readers {
			want, err := read.from(today)
			today.must(err)
			got, err := read.from(old)
			old.must(err)
			if diff := cmp.Diff(want, got, sameEntry, sameLock, sameSpan(i+1)); diff != "" {
				t.Errorf("%s of %s (-today +then):\n%s", read.what, file, diff)
			}
		}
	}
}

// readers read the sorts of objects: what, and the object whose format they have to see.
var readers = []struct {
	what, key string
	from      func(w *world) (any, error)
}{
	{"lock", "lock.json", func(w *world) (any, error) {
		lock, err := w.ledger().ReadLock(w.Context())
		lock.Format = 0
		return lock, err
	}},
	{"roster", "roster.json", func(w *world) (any, error) {
		r, err := w.ledger().ReadRoster(w.Context())
		return []any{r.Selection, r.Accounts, r.Absent}, err
	}},
	{"disowned", "disowned.json", func(w *world) (any, error) { return w.ledger().ReadDisowned(w.Context()) }},
	{"states", "head.json", func(w *world) (any, error) { return w.ledger().States(w.Context()) }},
	{"manifest", "manifest/", func(w *world) (any, error) {
		m, _, err := w.ledger().Read(w.Context(), account)
		if err != nil {
			return nil, err
		}
		return []any{contents(m), m.Cells, m.Blueprints}, nil
	}},
	{"journal", "journal/", func(w *world) (any, error) {
		w.later()
		h, err := w.ledger().Take(w.Context(), account, w.lease(1, "third"), ledger.Syncing)
		if err != nil {
			return nil, err
		}
		return contents(h.Manifest), nil
	}},
	{"plan", "plan.json", func(w *world) (any, error) {
		p, accounts, err := w.readPlan("20261124T220000Z")
		p.Format = 0
		return []any{p, accounts}, err
	}},
	{"document of a run", "decisions.json", func(w *world) (any, error) {
		var d decided
		_, err := w.ledger().ReadOnce(w.Context(), "20261124T220000Z", "decisions.json", &d)
		d.Format = 0
		return d, err
	}},
}

func TestWhatANewerVersionWroteIsRefusedByName(t *testing.T) {
	newer := ledger.Format + 1
	for _, read := range readers {
		t.Run(read.what, func(t *testing.T) {
			changed := ""
			m := load(t, formatFile(ledger.Format), func(key, text string) string {
				if !strings.Contains(key, read.key) {
					return text
				}
				changed = key
				return strings.Replace(text, fmt.Sprintf(`"format":%d`, ledger.Format), fmt.Sprintf(`"format":%d`, newer), 1)
			})
			w := newWorld(t, m)
			before := m.dump()
			_, err := read.from(w)
			var refusal *ledger.NewerError
			if !errors.As(err, &refusal) || refusal.Format != newer ||
				!strings.HasSuffix(changed, refusal.Key) || refusal.Key == "" {
				t.Errorf("%s: %v", changed, err)
			}
			if refusal != nil && refusal.Code() != "StateNewerThanCode" {
				t.Errorf("its name is %s", refusal.Code())
			}
			after := m.dump()
			for _, all := range []map[string]string{before, after} {
				if read.what == "journal" {
					delete(all, folder+"head.json") // the lease is taken, and given back
				}
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("written (-before +after):\n%s", diff)
			}
		})
	}
}

func TestANewerLockOrHeadIsNotWrittenOver(t *testing.T) {
	newer := fmt.Sprintf(`{"format":%d}`, ledger.Format+1)
	tests := []struct {
		key string
		act func(w *world) error
	}{
		{"lock.json", func(w *world) error { _, err := w.acquire(plan(9), nil); return err }},
		{"lock.json", func(w *world) error {
			return w.ledger().Release(w.Context(), ledger.Lock{Run: "run1"})
		}},
		{"lock.json", func(w *world) error {
			_, err := w.ledger().Change(w.Context(), "run1", ledger.Lock{}, func(*ledger.Lock) error { return nil })
			return err
		}},
		{"accounts/" + account + "/head.json", func(w *world) error {
			_, err := w.ledger().Take(w.Context(), account, w.lease(9, "a"), "")
			return err
		}},
	}
	for _, tt := range tests {
		w := newWorld(t, newMemory())
		put(t, w.store, state+tt.key, newer, ledger.Condition{})
		var refusal *ledger.NewerError
		if err := tt.act(w); !errors.As(err, &refusal) {
			t.Errorf("%s: %v", tt.key, err)
		}
		wantObject(t, w.store, state+tt.key, newer)
	}
}
