package functions

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// DiscoverEvent is a tick of the schedule, a poll of Port, or comes from an execution: of a person, with options,
// or of a run that a tick or a poll has planned.
type DiscoverEvent struct {
	ScheduledTime time.Time       `json:"scheduledTime"`
	Poll          bool            `json:"poll"`
	Execution     string          `json:"execution"` // its ARN
	Options       json.RawMessage `json:"options"`
	Run           string          `json:"run"` // that a tick has planned
}

// DiscoverAnswer is a run: to a tick or a poll, whether it has been started; to an execution, what it needs.
type DiscoverAnswer struct {
	Run         string `json:"run"`
	Started     bool   `json:"started,omitempty"`
	Skipped     string `json:"skipped,omitempty"`     // why it was not started
	More        bool   `json:"more"`                  // call again: the organization is not listed to its end yet
	AccountsKey string `json:"accountsKey,omitempty"` // of the accounts to sync; "" = there are none
	Width       int    `json:"width,omitempty"`
}

// settled is how long an execution may take to be seen by those who look for it.
const settled = time.Minute

// Discover plans a run. An error that keeps all runs from beginning, until somebody mends it, counts as a failed run.
func (f Function) Discover(ctx context.Context, event DiscoverEvent) (DiscoverAnswer, error) {
	answer, err := f.discover(ctx, event)
	// A poll that has found nothing to do has kept no run from beginning.
	if wants(err) && (!event.Poll || answer.Run != "") {
		f.count(ctx, report.NotBegun())
	}
	return answer, err
}

// wants says that an error wants somebody to mend something. Whoever asks in vain for a run knows already, and what
// may pass by itself is tried again.
func wants(err error) bool {
	var coded interface{ Code() string }
	if !errors.As(err, &coded) {
		return false
	}
	switch coded.Code() {
	case "EventInvalid", "OptionsInvalid", "RunBusy", "RunEnded", "RunSuperseded", "DiscoverUnfinished", "OrganizationUnavailable":
		return false
	}
	return true
}

func (f Function) discover(ctx context.Context, event DiscoverEvent) (DiscoverAnswer, error) {
	switch {
	case event.Execution != "":
	case event.Poll:
		return f.poll(ctx)
	case event.ScheduledTime.IsZero():
		return DiscoverAnswer{}, edge.Invalid("scheduledTime, poll or execution is missing")
	default:
		return f.tick(ctx, event)
	}
	r := run.DiscoverRequest{
		Run: nameOf(event.Execution), Execution: event.Execution, Trigger: "manual", Until: f.Now().Add(settled),
	}
	switch {
	case event.Run == "":
		var err error
		if r.Options, err = run.ParseOptions(event.Options, f.Kinds); err != nil {
			return DiscoverAnswer{}, err
		}
	case event.Run != r.Run:
		return DiscoverAnswer{}, &ledger.SupersededError{Run: event.Run, By: r.Run}
	}
	d, err := f.Engine.Discover(ctx, r)
	if err != nil {
		return DiscoverAnswer{}, err
	}
	if d.More {
		return DiscoverAnswer{Run: d.Run, More: true}, nil
	}
	f.Announce(ctx, d.Run)
	if len(d.Accounts) == 0 {
		return DiscoverAnswer{Run: d.Run}, nil
	}
	return DiscoverAnswer{Run: d.Run, AccountsKey: d.AccountsKey, Width: d.Width}, nil
}

func (f Function) tick(ctx context.Context, event DiscoverEvent) (DiscoverAnswer, error) {
	t, err := f.Tick(ctx, event.ScheduledTime)
	if err != nil {
		return DiscoverAnswer{}, err
	}
	if t.Skipped != "" {
		f.Log.WarnContext(ctx, "tick skipped", "run", t.Run, "because", t.Skipped)
		f.count(ctx, report.TickSkipped())
	}
	return DiscoverAnswer{Run: t.Run, Started: t.Skipped == "", Skipped: t.Skipped}, nil
}

// poll is not worth a word where nobody has asked for anything, nor where a run is at work.
func (f Function) poll(ctx context.Context) (DiscoverAnswer, error) {
	t, err := f.Poll(ctx)
	if err != nil {
		return DiscoverAnswer{Run: t.Run}, err
	}
	return DiscoverAnswer{Run: t.Run, Started: t.Run != "" && t.Skipped == "", Skipped: t.Skipped}, nil
}
