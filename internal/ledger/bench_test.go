package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

const entriesOfALargeAccount = 100_000

func largeAccount(b *testing.B) (*world, *memory, *ledger.Holder) {
	m := newMemory()
	w := &world{store: m, clock: time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)}
	h, err := w.ledger().Take(b.Context(), account, w.lease(1, "a"), "")
	if err != nil {
		b.Fatal(err)
	}
	for n := range entriesOfALargeAccount {
		var id ledger.ID
		var hash ledger.Hash
		r := rand.New(rand.NewPCG(uint64(n), 0))
		fill(r, reflect.ValueOf(&id).Elem())
		fill(r, reflect.ValueOf(&hash).Elem())
		h.Add(ledger.Entry{
			Entity: ledger.Entity{Blueprint: "lambdaFunction",
				Identifier: fmt.Sprintf("arn:aws:lambda:eu-west-1:%s:function:service-%06d", account, n)},
			Cell:     h.Cell("eu-west-1", "AWS::Lambda::Function"),
			Resource: id, Blocks: []ledger.ID{id}, Hash: hash, Fence: 17, First: 1, Mark: ledger.Seen,
			Birth: ledger.Birth{Own: ledger.Created, From: 1795557600000, To: 1795557601000}, At: 1795557601000,
		})
	}
	return w, m, h
}

func BenchmarkCommitOfALargeAccount(b *testing.B) {
	_, m, h := largeAccount(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := h.Commit(b.Context(), ledger.Summary{}); err != nil {
			b.Fatal(err)
		}
	}
	for key, data := range m.dump() {
		if strings.Contains(key, "/manifest/") {
			b.ReportMetric(float64(len(data))/entriesOfALargeAccount, "stored-B/entry")
		}
	}
}

func BenchmarkReadOfALargeAccount(b *testing.B) {
	w, _, h := largeAccount(b)
	if err := h.Commit(b.Context(), ledger.Summary{}); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	var got *ledger.Manifest
	before := heap()
	for b.Loop() {
		got = nil
		var err error
		if got, _, err = w.ledger().Read(b.Context(), account); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(heap()-before)/float64(got.Len()), "held-B/entry")
}

// heap is the memory that is in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
