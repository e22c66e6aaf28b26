package run

import (
	"context"
	"errors"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// members are the accounts of the organization. Where there are more than an invocation has time to list,
// those that it has listed are stored for the next one.
func (e *Engine) members(ctx context.Context, r DiscoverRequest) ([]org.Account, error) {
	if r.Options.Purge != "" { // nothing of it depends on AWS
		return nil, nil
	}
	if r.Execution == "" {
		return e.Org.Accounts(ctx)
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
	found, err := e.Org.Resume(ctx, &known.Listing, act.stop)
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
