package functions

import (
	"context"
	"fmt"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// SyncEvent asks for an account of a run to be synced or, where Error is not empty, for it to be recorded
// why that came to no end.
type SyncEvent struct {
	Run     string         `json:"run"`
	Account ledger.Account `json:"account"` // as the plan has it
	Error   string         `json:"error"`
	Cause   string         `json:"cause"`
}

// StuckError says that an account does not get on, however often it is called.
type StuckError struct{ Account string }

func (e *StuckError) Error() string {
	return fmt.Sprintf("account %s: not one page was read in the time of one invocation; raise FunctionTimeout", e.Account)
}

// Code names the error across the Lambda boundary.
func (*StuckError) Code() string { return "AccountStuck" }

// Sync syncs an account, or as much of it as there is time for.
func (f Function) Sync(ctx context.Context, event SyncEvent) (Turn, error) {
	if event.Run == "" || event.Account.ID == "" {
		return Turn{}, edge.Invalid("run or account.id is missing")
	}
	if event.Error != "" {
		return Turn{}, f.Fail(ctx, event.Run, event.Account.ID, ledger.Failure{Reason: event.Error, Why: access.Cause(event.Cause)})
	}
	p, err := f.Engine.Sync(ctx, run.SyncRequest{Run: event.Run, Account: event.Account})
	if err == nil && p.More && p.Idle && p.WaitUntil.IsZero() {
		err = &StuckError{event.Account.ID}
	}
	return turn(p), err
}
