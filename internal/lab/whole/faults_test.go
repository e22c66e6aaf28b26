package whole_test

import (
	"net/http"
	"strings"
	"syscall"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/lab"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

func (w whole) timeOut() {
	w.must(w.Crowd(w.ctx))
	// Five pages of topics, of which an invocation of ten seconds reads three at most.
	defer w.AWS.Fault(lab.Rule{Account: w.World.Account("payments").ID, Region: "eu-central-1", Operation: "ListTopics",
		Do: lab.Slow{By: 2 * time.Second}})()
	before := strings.Count(w.Lambda.Logs(lab.Sync), "account goes on")
	r := w.run(`{}`)
	w.readInFull(r)
	if r.Blueprints["snsTopic"].Created != 450 {
		w.Errorf("%+v", r.Blueprints["snsTopic"])
	}
	if strings.Count(w.Lambda.Logs(lab.Sync), "account goes on") == before {
		w.Error("one invocation read all of it")
	}
}

func (w whole) killed() {
	w.must(w.Change(w.ctx))
	kill := w.AWS.Fault(lab.Rule{Function: lab.Sync, Account: w.World.Account("shop-production").ID, After: 10, Times: 1,
		Do: lab.Kill{Signal: syscall.SIGKILL}})
	defer kill()
	r := w.run(`{}`)
	w.readInFull(r)
	if !strings.Contains(w.Lambda.Logs(lab.Sync), "Runtime.ExitError") {
		w.Error("nothing was killed")
	}
	if len(r.Deleted) != 5 {
		w.Errorf("%d deleted", len(r.Deleted))
	}
}

func (w whole) aborted() {
	w.Port.ResetStats()
	slow := w.AWS.Fault(lab.Rule{Function: lab.Sync, Operation: "DescribeInstances", Do: lab.Slow{By: 3 * time.Second}})
	arn := w.start(`{}`)
	for strings.Count(w.Lambda.Logs(lab.Sync), lab.RunOf(arn)) == 0 {
		time.Sleep(50 * time.Millisecond)
	}
	w.must(w.Abort(w.ctx, arn))
	w.ends(arn, "ABORTED")
	slow()
	for w.closing(arn) == nil { // the rule has sweep close it
		time.Sleep(50 * time.Millisecond)
	}
	w.must(w.Lambda.Settle(w.ctx))
	if r := w.closing(arn); r.Verdict != report.Failed || !strings.Contains(r.Error, "ABORTED") {
		w.Errorf("%s: %s", r.Verdict, r.Error)
	}
	w.readInFull(w.run(`{}`))
	w.wroteNothing()
}

// closing is the report of a run that somebody else may have to write yet; nil before.
func (w whole) closing(arn string) *report.Report {
	r, err := w.ReadReport(w.ctx, lab.RunOf(arn))
	if err != nil {
		return nil
	}
	return r
}

func (w whole) roughWeather() {
	calls := []lab.Action{lab.Throttle{}, lab.Fail{Status: 500}, lab.LoseAnswer{}, lab.DropBefore{}, lab.Slow{By: 50 * time.Millisecond}}
	var lifts []func()
	for i, do := range calls {
		for _, function := range []string{lab.Discover, lab.Sync, lab.Sweep} {
			lifts = append(lifts, w.AWS.Fault(lab.Rule{Function: function, Rate: 0.05, Seed: uint64(i), Do: do}))
		}
	}
	lifts = append(lifts,
		w.Port.Fault(porttest.Rule{Rate: 0.1, Seed: 1, Do: porttest.Fail{Status: http.StatusServiceUnavailable}}),
		w.Port.Fault(porttest.Rule{Rate: 0.1, Seed: 2, Do: porttest.LoseAnswer{}}))
	w.must(w.Stir(w.ctx))
	w.ends(w.start(`{}`), "SUCCEEDED")
	for _, lift := range lifts {
		lift()
	}
	w.must(w.Lambda.Settle(w.ctx))
	w.run(`{}`)
	w.converged()
	w.run(`{}`)
	w.wroteNothing()
}

func (w whole) refused() {
	for options, want := range map[string]string{
		`{"dryrun": true}`:                   "OptionsInvalid",
		`{"accounts": ["1"]}`:                "OptionsInvalid",
		`[]`:                                 "OptionsInvalid",
		`{"run": "20261124T220000Z"}`:        "RunSuperseded",
		`{"kinds": ["AWS::Logs::LogGroup"]}`: "OptionsInvalid",
	} {
		x := w.ends(w.start(options), "FAILED")
		if x.Error != want {
			w.Errorf("%s: %s: %s, want %s", options, x.Error, x.Cause, want)
		}
	}
	w.must(w.Lambda.Settle(w.ctx))
	if _, err := w.Invoke(w.ctx, lab.Sync, map[string]string{"runs": "x"}); err == nil || !strings.Contains(err.Error(), "EventInvalid") {
		w.Errorf("an event that nobody knows: %v", err)
	}
}
