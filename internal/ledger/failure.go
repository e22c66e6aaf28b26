package ledger

import (
	"context"
	"fmt"
	"path"
	"strings"

	"golang.org/x/sync/errgroup"
)

// Failure is why the sync of an account came to no end in a run.
type Failure struct {
	Format int    `json:"format"`
	Reason string `json:"reason"` // the error's name
	Why    string `json:"why"`
}

// WriteFailure stores why an account's sync came to no end.
func (l *Ledger) WriteFailure(ctx context.Context, run, account string, f Failure) error {
	f.Format = Format
	return l.WriteDocument(ctx, run, "failed/"+account+".json", f)
}

// ReadFailures reads the failures of a run, by account.
func (l *Ledger) ReadFailures(ctx context.Context, run string) (map[string]Failure, error) {
	keys, err := l.store.List(ctx, l.runKey(run, "failed/"))
	if err != nil {
		return nil, fmt.Errorf("list failures of run %s: %w", run, err)
	}
	read := make([]Failure, len(keys))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i, key := range keys {
		g.Go(func() error {
			_, err := l.load(ctx, key, &read[i])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all := map[string]Failure{}
	for i, key := range keys {
		all[strings.TrimSuffix(path.Base(key), ".json")] = read[i]
	}
	return all, nil
}
