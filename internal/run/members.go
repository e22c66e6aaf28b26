package run

import (
	"context"
	"errors"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// AccountsList is the object of the state's store that lists the roles of accounts, where there are more than a setting
// can hold.
const AccountsList = "accounts.json"

// Selecting is the source of accounts as the store's AccountsList has it, if there is one. It is read for each
// plan: people change it.
func Selecting(ctx context.Context, store ledger.Store, s org.Source) (org.Source, error) {
	file, _, err := store.Get(ctx, AccountsList)
	if errors.Is(err, ledger.ErrNotFound) {
		return s, nil
	}
	if err != nil {
		return s, err
	}
	return s.WithList(AccountsList+" where the state is", file)
}

// members are the accounts of the organization. Where there are more than an invocation has time to list,
// those that it has listed are stored for the next one.
func (e *Engine) members(ctx context.Context, r DiscoverRequest) ([]org.Account, error) {
	source, err := e.Org, error(nil)
	if r.Options.Purge == "" { // nothing of which depends on AWS
		source, err = Selecting(ctx, e.Store, e.Org)
	}
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.source = source
	e.mu.Unlock()
	if r.Options.Purge != "" {
		return nil, nil
	}
	if r.Execution == "" {
		return source.Accounts(ctx)
	}
	l, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	known := listing{Format: ledger.Format}
	if _, err := l.ReadOnce(ctx, r.Run, listingName, &known); err != nil {
		return nil, err
	}
	act, done := e.begin(ctx)
	defer done()
	found, err := source.Resume(ctx, &known.Listing, act.stop)
	if !errors.Is(err, org.ErrUnfinished) {
		return found, err
	}
	if fault := l.WriteDocument(ctx, r.Run, listingName, known); fault != nil {
		return nil, fault
	}
	return nil, err
}

// listing is an organization that is listed in part.
type listing struct {
	Format int `json:"format"`
	org.Listing
}

const listingName = "organization.json"
