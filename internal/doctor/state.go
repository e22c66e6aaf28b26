package doctor

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// lastRun is what is remembered of the last run that has, or had, the lock.
type lastRun struct {
	run      string
	verdicts map[string]ledger.Since // of accounts
}

// failure is a run that failed, and why.
type failure struct{ run, why string }

// failed says how the last run failed. Its report, where it has one, knows better than its execution.
func (x *examination) failed() {
	f := x.executed
	if f.run == "" || f.run == x.reported.run {
		f = x.reported
	}
	if f.run != "" {
		x.find(runFailed.of("run %s: %s", f.run, f.why).next("%s", x.start("{}")))
	}
}

// state looks at what is remembered: lock, leases, the last run's report.
func (x *examination) state(ctx context.Context, organization string) {
	l := ledger.New(x.Store, organization, x.Type, x.Identifier, x.Now)
	lock, err := l.ReadLock(ctx)
	var states []ledger.State
	if err == nil {
		states, err = l.States(ctx)
	}
	rep, known := report.Report{}, false
	if err == nil && lock.Run != "" {
		known, err = l.ReadOnce(ctx, lock.Run, report.Document, &rep)
	}
	var newer *ledger.NewerError
	switch {
	case errors.As(err, &newer):
		x.find(stateNewer.of("%v", err).next("sam build && sam deploy"))
		return
	case err != nil:
		x.find(stateUnreadable.of("%v", err).next("sam deploy --parameter-overrides StateBucketName=<the bucket that holds the state>"))
		return
	case lock.Fence == 0:
		x.find(neverRan.of("no run has begun to work").next("%s", x.start("{}")))
		return
	}
	x.last = lastRun{lock.Run, map[string]ledger.Since{}}
	for _, s := range states {
		x.last.verdicts[s.Account] = s.Summary.Verdict
	}
	switch {
	case lock.Phase != ledger.Released:
		x.held(ctx, lock)
	case known && rep.Verdict == report.Failed:
		x.reported = failure{rep.Run, rep.Error}
	case known && rep.Verdict == report.Frozen:
		x.frozen = rep
	}
	if lock.Phase == ledger.Released {
		x.leases(states)
	}
}

// incomplete says what the last run could not read, if not all of that is in accounts that are not active.
func (x *examination) incomplete() {
	r, accounts, cells := x.frozen, 0, 0
	for _, a := range r.Accounts {
		if a.State == kind.Complete || slices.Contains(x.inactive, a.ID) {
			continue
		}
		accounts++
		for state, n := range a.Cells {
			if state != kind.Complete {
				cells += n
			}
		}
	}
	if accounts+len(r.Blocks) > 0 {
		x.find(runIncomplete.of("run %s ended %s: %d of %d accounts, %d of their cells and %d blocks of the mapping were not read in full",
			r.Run, r.Ended.UTC().Format(time.RFC3339), accounts, len(r.Accounts), cells, len(r.Blocks)).
			next("%s", x.start(`{"retry": "`+r.Run+`"}`)))
	}
}

// held tells a run that is at work from one that left its lock.
func (x *examination) held(ctx context.Context, lock ledger.Lock) {
	until := lock.Until.UTC().Format(time.RFC3339)
	running := x.Now().Before(lock.Until)
	if !running && lock.Execution != "" {
		out, err := sfn.NewFromConfig(x.Hub).DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &lock.Execution}, atHome(lock.Execution))
		running = err == nil && out.Status == "RUNNING"
	}
	if running {
		x.find(runUnderWay.of("run %s has the lock until %s or longer, in the phase %s", lock.Run, until, lock.Phase))
		return
	}
	x.find(lockLeft.of("run %s had the lock until %s and does not go on", lock.Run, until).next("%s", x.start("{}")))
}

// leases looks for what is at work although no run is.
func (x *examination) leases(states []ledger.State) {
	n, until := 0, time.Time{}
	for _, s := range states {
		if s.Live(x.Now()) {
			n++
			if s.Lease.Until.After(until) {
				until = s.Lease.Until
			}
		}
	}
	if n > 0 {
		x.find(leaseLive.of("%d accounts may still be written until %s", n, until.UTC().Format(time.RFC3339)))
	}
}

// start is the command that starts a run.
func (x *examination) start(input string) string {
	if x.Machine == "" {
		return "make try APPLY=1"
	}
	return "aws stepfunctions start-execution --state-machine-arn " + x.Machine + " --input '" + input + "'"
}
