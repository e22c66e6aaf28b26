package run_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// counted is a store that counts what S3 charges for. It does not for deletes.
type counted struct {
	ledger.Store
	reads, writes *atomic.Int64
}

func (c counted) Get(ctx context.Context, key string) ([]byte, string, error) {
	c.reads.Add(1)
	return c.Store.Get(ctx, key)
}

func (c counted) Put(ctx context.Context, key string, data []byte, on ledger.Condition) (string, error) {
	c.writes.Add(1)
	return c.Store.Put(ctx, key, data, on)
}

func (c counted) List(ctx context.Context, prefix string) ([]string, error) {
	c.writes.Add(1)
	return c.Store.List(ctx, prefix)
}

// TestTheReceiptKnowsTheRequestsOfARun holds what a report computes of S3 to what a run in which nothing has changed
// asks of it. The receipt takes an account for synced by its seconds, so each takes one.
func TestTheReceiptKnowsTheRequestsOfARun(t *testing.T) {
	for accounts := 1; accounts <= 3; accounts += 2 {
		stage(t, func(s *scene) {
			s.run()
			var reads, writes atomic.Int64
			s.store = counted{s.store, &reads, &writes}
			o := ledger.Options{Accounts: []string{prod, dev, lab}[:accounts]}
			d, err := s.engine().Discover(s.Context(), s.request(o))
			s.must(err)
			s.world.Fault(rule{Hook: func() { time.Sleep(time.Millisecond) }})
			r, _ := s.finish(d, time.Minute, nil)
			for _, c := range r.Cost.Charges {
				asked, ofS3 := map[string]int64{"writes and lists of S3": writes.Load(), "reads of S3": reads.Load()}[c.For]
				if few, many := float64(asked), 2*float64(asked); ofS3 && (c.Quantity < few || c.Quantity > many) {
					t.Errorf("%d accounts: %v %s, it asked for %d", accounts, c.Quantity, c.For, asked)
				}
			}
			if len(r.Cost.Charges) == 0 || r.Cost.USD <= 0 {
				t.Errorf("no receipt: %+v", r.Cost)
			}
		})
	}
}
