package run_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// BenchmarkSweepOfALargeOrganization sweeps 10,000 accounts with 100 entities each, of which one each has
// gone. It is to take less than two minutes on one core (-cpu 1) and 512 MB; what the store itself holds
// is part of that here.
func BenchmarkSweepOfALargeOrganization(b *testing.B) {
	const accounts, entries = 10_000, 100
	for range b.N {
		b.StopTimer()
		e, name := largeOrganization(b, accounts, entries)
		stop, peak := make(chan struct{}), atomic.Uint64{}
		go func() {
			for {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.Sys-m.HeapReleased))
				select {
				case <-stop:
					return
				case <-time.After(200 * time.Millisecond):
				}
			}
		}()
		b.StartTimer()
		var swept run.Swept
		for more := true; more; more = swept.More {
			ctx, cancel := context.WithTimeout(b.Context(), 15*time.Minute)
			var err error
			if swept, err = e.Sweep(ctx, name); err != nil {
				b.Fatal(err)
			}
			cancel()
		}
		close(stop)
		if n := len(swept.Report.Deleted); n != accounts {
			b.Fatalf("%d deleted", n)
		}
		b.ReportMetric(float64(peak.Load())/1e6, "peak-MB")
		b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/sweep")
	}
}

// largeOrganization is an engine whose accounts a run has synced.
func largeOrganization(b *testing.B, accounts, entries int) (*run.Engine, string) {
	server := porttest.New(porttest.Options{})
	s := &scene{port: server}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	must(server.Seed(porttest.Seed{Blueprints: blueprints(), Integration: map[string]any{
		"installationId": integration, "installationAppType": "aws-v3", "version": "1.0.0", "config": config(buckets()),
	}}))
	store := newMemory()
	e := &run.Engine{
		Kinds: kinds.All, Store: store, Pool: collect.NewPool(64), Port: s.portClient(direct{server}),
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Type: "aws-v3", Identifier: integration, Width: 4,
		PortTimeout: timeout, SecondProof: time.Hour, Now: time.Now,
	}
	for n := range accounts {
		e.Org.RoleARNs = append(e.Org.RoleARNs, fmt.Sprintf("arn:aws:iam::%012d:role/reader", n+1))
	}
	d, err := e.Discover(b.Context(), run.DiscoverRequest{Run: "run-1", Trigger: "manual", Until: time.Now().Add(time.Hour)})
	must(err)
	l := ledger.New(store, porttest.OrgID, "aws-v3", integration, time.Now)
	created := time.Now().Add(-time.Hour)
	var gone []porttest.Entity
	for n, a := range d.Accounts {
		h, err := l.Take(b.Context(), a.ID, ledger.Lease{Fence: 1, Nonce: "x", Run: d.Run, Until: time.Now().Add(time.Hour)}, "")
		must(err)
		cell := h.Cell(kind.GlobalRegion, "AWS::S3::Bucket")
		h.Judge(cell, d.Run, kind.Verdict{State: kind.Complete}, time.Now())
		for i := range entries {
			id := fmt.Sprintf("bucket-of-the-account-%05d-%03d", n, i)
			one := ledger.Entry{
				Entity: ledger.Entity{Blueprint: "bucket", Identifier: id}, Cell: cell, Resource: ledger.ID{byte(i), byte(n), byte(n >> 8), 1},
				Blocks: []ledger.ID{{1}}, Hash: ledger.Hash{byte(i), byte(n), byte(n >> 8), 1}, Fence: 1, Mark: ledger.Seen,
				Birth: ledger.Birth{Own: ledger.Created, From: created.UnixMilli(), To: created.UnixMilli()}, At: created.UnixMilli(),
			}
			if i == 0 {
				one.Fence, one.Mark = 0, ledger.NoMark
				gone = append(gone, porttest.Entity{Blueprint: "bucket", Identifier: id, Datasource: ours, CreatedAt: created, UpdatedAt: created})
			}
			h.Add(one)
		}
		must(h.Commit(b.Context(), ledger.Summary{Run: d.Run, Done: true, Entered: true, Candidates: 1,
			Verdict: ledger.Since{Verdict: kind.Verdict{State: kind.Complete}}, Entries: h.Counts()}))
	}
	must(server.Seed(porttest.Seed{Entities: gone}))
	return e, d.Run
}
