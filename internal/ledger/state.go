package ledger

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// State is what a head says of its account.
type State struct {
	Account string
	Lease   Lease
	Summary Summary
	Loose   bool // there are journal chunks that no manifest has absorbed
}

// Live says that some invocation may write the account at time t.
func (s State) Live(t time.Time) bool { return s.Lease.Nonce != "" && t.Before(s.Lease.Until) }

// States reads the heads of all accounts there ever were, sorted by account.
func (l *Ledger) States(ctx context.Context) ([]State, error) {
	keys, err := l.store.List(ctx, l.accountsPrefix())
	if err != nil {
		return nil, err
	}
	var accounts []string
	journal := map[string][]string{}
	for _, k := range keys {
		account, name, _ := strings.Cut(strings.TrimPrefix(k, l.accountsPrefix()), "/")
		switch {
		case name == "head.json":
			accounts = append(accounts, account)
		case path.Dir(name) == "journal":
			journal[account] = append(journal[account], name)
		}
	}
	states := make([]State, len(accounts))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(64)
	for i, account := range accounts {
		g.Go(func() error {
			h, _, err := l.readHead(ctx, account)
			states[i] = State{Account: account, Lease: h.Lease, Summary: h.Summary}
			for _, name := range journal[account] {
				states[i].Loose = states[i].Loose || !slices.Contains(h.Absorbed, name)
			}
			return err
		})
	}
	return states, g.Wait()
}
