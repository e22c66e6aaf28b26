package ledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// fill gives every exported field of what v points to a value, so that one that is added and not
// stored is noticed.
func fill(r *rand.Rand, v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(r.Int64N(1<<32), r.Int64N(1e9)).UTC()))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fill(r, v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1+r.IntN(3), 3))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.String:
		alphabet := []rune("aZ09 /:._-<>&'\"\\\n\t\x00é世\u2028\U0001f600")
		text := fmt.Sprint(r.IntN(100))
		for range r.IntN(8) {
			text += string(alphabet[r.IntN(len(alphabet))])
		}
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(1 + r.Uint64N(255))
	case reflect.Int, reflect.Int64:
		v.SetInt(1 + r.Int64N(1<<40))
	default:
		panic("no value for " + v.Type().String())
	}
}

// random puts cells and entries into a manifest.
func random(r *rand.Rand, m *ledger.Manifest) {
	for range 1 + r.IntN(4) {
		var c ledger.Cell
		fill(r, reflect.ValueOf(&c).Elem())
		m.Cells[m.Cell(c.Region, c.Kind)] = c
		var b ledger.BlueprintAt
		fill(r, reflect.ValueOf(&b).Elem())
		m.Blueprints[c.Region] = b
	}
	for range r.IntN(60) {
		var e ledger.Entry
		if fill(r, reflect.ValueOf(&e).Elem()); r.IntN(3) == 0 {
			e = ledger.Entry{Entity: e.Entity, Resource: e.Resource} // nothing else is known
		}
		e.Cell = r.IntN(len(m.Cells))
		if kept := m.Add(e); r.IntN(5) == 0 {
			m.Remove(kept)
			m.Remove(kept)
		}
	}
}

func inOrder(m *ledger.Manifest) (list []ledger.Entry) {
	m.All(func(e *ledger.Entry) bool { list = append(list, *e); return true })
	return list
}

func TestAManifestIsReadAsItWasCommitted(t *testing.T) {
	const shard = 7
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t, newMemory())
		l := w.ledger()
		l.ShardAt(shard)
		want, err := l.Take(t.Context(), account, w.lease(1, "a"), "")
		w.must(err)
		random(r, want.Manifest)
		w.must(want.Commit(t.Context(), ledger.Summary{}))
		got, _, err := l.Read(t.Context(), account)
		w.must(err)
		if diff := cmp.Diff(want.Cells, got.Cells); diff != "" {
			t.Errorf("seed %d, cells (-want +got):\n%s", seed, diff)
		}
		if diff := cmp.Diff(want.Blueprints, got.Blueprints); diff != "" {
			t.Errorf("seed %d, blueprints (-want +got):\n%s", seed, diff)
		}
		if diff := cmp.Diff(inOrder(want.Manifest), inOrder(got), sameEntry); diff != "" {
			t.Errorf("seed %d, entries (-want +got):\n%s", seed, diff)
		}
		if want.Len() != got.Len() || len(inOrder(got)) != got.Len() {
			t.Errorf("seed %d: %d entries, then %d", seed, want.Len(), got.Len())
		}
		if n := len(w.head().Manifest); n != max(1, (got.Len()+shard-1)/shard) {
			t.Errorf("seed %d: %d entries are in %d objects", seed, got.Len(), n)
		}
		for _, e := range inOrder(got) {
			if found := got.Find(e.Cell, e.Resource, e.Entity); found == nil ||
				!cmp.Equal(*found, e, sameEntry) {
				t.Errorf("seed %d: found %+v for %+v", seed, found, e)
			}
		}
		for i, c := range got.Cells {
			if got.Cell(c.Region, c.Kind) != i {
				t.Errorf("seed %d: cell %d is found at %d", seed, i, got.Cell(c.Region, c.Kind))
			}
		}
	}
}

func TestEntriesOfABlueprintShareItsName(t *testing.T) {
	w, _ := begun(t)
	m, _, err := w.ledger().Read(t.Context(), account)
	w.must(err)
	names := map[*byte]bool{}
	for n := range 6 {
		names[unsafe.StringData(find(m, n).Blueprint)] = true
	}
	if len(names) != 2 {
		t.Errorf("2 blueprints have %d names in memory", len(names))
	}
}

func TestADamagedManifestIsRefused(t *testing.T) {
	w, m := begun(t)
	key := folder + w.head().Manifest[0]
	whole := m.dump()[key]
	header, cell := `{"format":1,"account":"`+account+`"`, `,"cells":[{}]}`+"\n"
	damaged := map[string]string{
		"of another account":        `{"format":1,"account":"999999999999"}`,
		"an entry without its cell": header + "}\n" + `{"b":"x","i":"y","c":0,"k":"0000000000000001"}`,
		"a short resource key":      header + cell + `{"b":"x","i":"y","c":0,"k":"00"}`,
		"half an entry":             header + cell + `{"b":"x","i":`,
		"no format":                 `{"account":"` + account + `"}`,
		"no header":                 "",
	}
	for name, text := range damaged {
		put(t, m, key, packed(t, text), ledger.Condition{})
		if _, _, err := w.ledger().Read(t.Context(), account); err == nil ||
			!strings.Contains(err.Error(), key[len(folder):]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n := range len(whole) {
		put(t, m, key, whole[:n], ledger.Condition{})
		if _, _, err := w.ledger().Read(t.Context(), account); err == nil {
			t.Fatalf("%d of %d bytes are read as a whole", n, len(whole))
		}
	}
	remove(t, m, key)
	if _, _, err := w.ledger().Read(t.Context(), account); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("no manifest: %v", err)
	}
	w.later()
	_, err := w.ledger().Take(t.Context(), account, w.lease(1, "c"), ledger.Syncing)
	if !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("take without a manifest: %v", err)
	}
	if h := w.head(); h.Lease.Nonce != "" || len(h.Manifest) != 1 {
		t.Errorf("the head is now %+v", h)
	}
}

func TestReadGoesWithACommitThatReplacesWhatItReads(t *testing.T) {
	w, m := begun(t)
	var want map[string]ledger.Entry
	s, happened := &watched{Store: m}, atomic.Bool{}
	s.before = func(c call) error {
		if strings.HasPrefix(c.keys[0], folder+"manifest/") && !happened.Swap(true) {
			h := w.successor(2)
			confirmed(h.Manifest, 50, 2)
			want = contents(h.Manifest)
			w.must(h.Commit(t.Context(), ledger.Summary{}))
			w.must(w.take(2, "tidy").Tidy(t.Context()))
		}
		return nil
	}
	got, _, err := w.through(s).Read(t.Context(), account)
	w.must(err)
	w.wantContents(got, want)
}

func TestVerdictSinceMovesOnlyWithStateOrReason(t *testing.T) {
	m := ledger.NewManifest(account)
	at := time.Date(2026, 11, 24, 22, 0, 0, 5, time.UTC)
	cell := m.Cell("eu-west-1", "AWS::SNS::Topic")
	steps := []struct {
		state           kind.State
		reason, message string
		moves           bool
	}{
		{kind.Unread, "NeverRead", "", true}, {kind.Denied, "SCP", "a", true},
		{kind.Denied, "SCP", "b", false}, {kind.Denied, "Denied", "b", true},
		{kind.Complete, "", "", true}, {kind.Complete, "", "", false},
	}
	for i, s := range steps {
		before := m.Cells[cell].Since
		v := kind.Verdict{State: s.state, Reason: s.reason, Message: s.message}
		now := at.Add(time.Duration(i+1) * time.Hour)
		m.Judge(cell, fmt.Sprint("run", i), v, now)
		got := m.Cells[cell]
		if got.Verdict != v || got.Run != fmt.Sprint("run", i) {
			t.Errorf("step %d: %+v", i, got)
		}
		want := before
		if s.moves {
			want = now.Truncate(time.Second)
		}
		if !got.Since.Equal(want) {
			t.Errorf("step %d: since %s, want %s", i, got.Since, want)
		}
	}
}
