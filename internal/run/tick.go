package run

import (
	"context"
	"errors"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// Executions are those of the state machine that carries runs out. An execution bears the name of its run.
type Executions interface {
	// ARN is that of the execution of a run.
	ARN(run string) string
	// Status is what is known of the execution of an ARN.
	Status(ctx context.Context, arn string) (ExecutionStatus, error)
	// Start starts the execution of a planned run. One that is there already, running or not, is fine.
	Start(ctx context.Context, arn string) error
}

// ExecutionStatus says how far an execution is.
type ExecutionStatus string

const (
	Absent  ExecutionStatus = "absent" // also for a moment after its start
	Running ExecutionStatus = "running"
	Ended   ExecutionStatus = "ended"
)

// stands says whether the execution of a lock still runs. One that has never appeared was planned by a
// discover that died before it could start it: it is started now.
func (e *Engine) stands(ctx context.Context, lock ledger.Lock) (bool, error) {
	if lock.Execution == "" || e.Executions == nil {
		return false, nil
	}
	status, err := e.Executions.Status(ctx, lock.Execution)
	if err != nil || status != Absent {
		return status == Running, err
	}
	if err := e.Executions.Start(ctx, lock.Execution); err != nil {
		return false, err
	}
	status, err = e.Executions.Status(ctx, lock.Execution)
	return status != Ended, err
}

// The triggers of runs that nobody starts by hand.
const (
	bySchedule = "schedule"
	byRequest  = "resync"
)

// Ticked is what became of a tick of the schedule, or of a request to resync.
type Ticked struct {
	Run     string
	Skipped string // why no execution was started; "" = one was
}

// Tick begins the run of a scheduled time: it plans it and starts its execution. Ticks are delivered at
// least once: a repetition goes on where an earlier delivery died, and does nothing once the execution
// is there. Nor does a tick while another run holds the lock. Its errors are those of Discover,
// and DiscoverUnfinished where another delivery is needed.
func (e *Engine) Tick(ctx context.Context, scheduled time.Time) (Ticked, error) {
	return e.start(ctx, DiscoverRequest{
		Run:     scheduled.UTC().Format("20060102T150405Z"), // an execution's name has no colons
		Trigger: bySchedule, Scheduled: scheduled.UTC(),
	})
}

// start plans a run and starts its execution.
func (e *Engine) start(ctx context.Context, r DiscoverRequest) (Ticked, error) {
	t := Ticked{Run: r.Run}
	arn := e.Executions.ARN(t.Run)
	status, err := e.Executions.Status(ctx, arn)
	if err != nil {
		return t, err
	}
	if status != Absent {
		t.Skipped = "its execution is there already"
		return t, nil
	}
	act, done := e.begin(ctx)
	defer done()
	r.Execution, r.Until = arn, e.until(act)
	d, err := e.Discover(ctx, r)
	if passed(err) {
		t.Skipped = err.Error()
		return t, nil
	}
	if err != nil {
		return t, err
	}
	if d.More {
		return t, &Error{"DiscoverUnfinished", "the next delivery of this event goes on", org.ErrUnfinished}
	}
	return t, e.Executions.Start(ctx, arn)
}

// passed says that the time of a tick's run has passed, or has not come: another run is at work.
func passed(err error) bool {
	var busy *ledger.BusyError
	var late *ledger.SupersededError
	var ended *Error
	return errors.As(err, &busy) || errors.As(err, &late) || errors.As(err, &ended) && ended.name == runEnded
}
