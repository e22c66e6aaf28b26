// Package whole_test tests the whole system: the stack of template.yaml in the lab.
package whole_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/lab"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// whole is the whole system, deployed by its template.
type whole struct {
	*testing.T
	*lab.Lab
	ctx context.Context
}

// TestTheWholeSystem starts the lab once. Its parts go on from one another, and each ends with a catalog
// that is exactly what the world has.
func TestTheWholeSystem(t *testing.T) {
	watch(t)
	opened, err := lab.Open(t.Context(), "../../..", func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := opened.Close(); err != nil {
			t.Error(err)
		}
	})
	w := whole{t, opened, t.Context()}
	// Short, so that what dies keeps others waiting for less than a minute.
	w.must(w.Deploy(w.ctx, map[string]string{"FunctionTimeout": "10"}))
	for _, part := range []struct {
		name string
		act  func(whole)
	}{
		{"a first run by hand fills the catalog", whole.first},
		{"the doctor finds nothing where all is well, and what is withheld", whole.examined},
		{"alarms wait for what runs give", whole.watched},
		{"a run on somebody's own machine knows what this one wrote, and says what it would do", whole.local},
		{"accounts of a list are read in place of the organization", whole.listed},
		{"a service account's token opens the roles, as the docs say", whole.byToken},
		{"a tick that is delivered twice is one run", whole.deliveredTwice},
		{"Port's resync button begins one run", whole.button},
		{"of two executions at once one is busy", whole.twoAtOnce},
		{"where Lambda has room for two, the others wait", whole.crowded},
		{"an account that takes longer than an invocation is read in several", whole.timeOut},
		{"a sync whose process is killed goes on", whole.killed},
		{"an execution that is aborted is closed", whole.aborted},
		{"through throttles, errors and lost answers it converges", whole.roughWeather},
		{"through seeded campaigns it converges", whole.campaigns},
		{"what cannot work has an error with a name", whole.refused},
		{"the member role is what the kinds need, and each kind fails without any of its actions", whole.leastPrivilege},
		{"the stack is updated in place while a run goes on, and rolled back", whole.updated},
		{"two hubs live in one account, and one goes without the other", whole.beside},
		{"a new stack goes on with the bucket of one that was deleted, with the rights that the mapping needs", whole.anew},
		{"a purge removes what we wrote, once it is approved, and the next run writes it anew", whole.purged},
		{"an account that has left keeps its entities for its grace", whole.left},
		{"no function has a right that it never uses", whole.noIdleRights},
	} {
		ok := t.Run(part.name, func(t *testing.T) {
			w := whole{t, opened, t.Context()}
			t.Cleanup(func() {
				if t.Failed() {
					t.Log(opened.Lambda.Logs(lab.Discover), opened.Lambda.Logs(lab.Sync), opened.Lambda.Logs(lab.Sweep))
				}
			})
			part.act(w)
			w.converged()
		})
		if !ok {
			break // the others would only say the same
		}
	}
}

func (w whole) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start starts an execution by hand.
func (w whole) start(options string) string {
	w.Helper()
	arn, err := w.Execute(w.ctx, options)
	w.must(err)
	return arn
}

// ends waits for an execution to end with a status.
func (w whole) ends(arn, status string) lab.Execution {
	w.Helper()
	x, err := w.Wait(w.ctx, arn)
	w.must(err)
	if x.Status != status {
		w.Fatalf("execution %s is %s, want %s: %s %s", arn, x.Status, status, x.Error, x.Cause)
	}
	return x
}

// run carries out a run by hand, which must succeed.
func (w whole) run(options string) *report.Report {
	w.Helper()
	w.Port.ResetStats()
	return w.reported(w.ends(w.start(options), "SUCCEEDED").ARN)
}

// reported is the report of the run of an execution.
func (w whole) reported(arn string) *report.Report {
	w.Helper()
	r, err := w.ReadReport(w.ctx, lab.RunOf(arn))
	w.must(err)
	return r
}

// converged demands that Port holds what the world has, and that its rules were kept.
func (w whole) converged() {
	w.Helper()
	got, err := lab.Held(w.Port)
	w.must(err)
	if diff := w.World.Catalog().Diff(got); diff != "" {
		w.Errorf("what Port holds (- is missing, + should not be there):\n%s", diff)
	}
	if misuse := w.Port.Stats().Misuse; len(misuse) > 0 {
		w.Errorf("Port was misused: %q", misuse)
	}
}

// wroteNothing demands that no entity was sent since the counters were reset.
func (w whole) wroteNothing() {
	w.Helper()
	if s := w.Port.Stats(); len(s.Upserts)+len(s.Deletes) > 0 {
		w.Errorf("nothing has changed, and these were written: %v upserts, %v deletes", s.Upserts, s.Deletes)
	}
}

// readInFull demands that a run read all of every active account.
func (w whole) readInFull(r *report.Report) {
	w.Helper()
	for _, a := range r.Accounts {
		if a.State != "complete" && a.Reason != "Suspended" {
			w.Errorf("account %s: %+v", a.Name, a.Verdict)
		}
	}
}

func (w whole) first() {
	r := w.run(`{}`)
	w.readInFull(r)
	if r.Trigger != "manual" || r.Blueprints["ec2Instance"].Created == 0 {
		w.Errorf("%+v", r)
	}
	w.run(`{"kinds": ["AWS::SNS::Topic"], "regions": ["us-east-1"]}`)
	w.wroteNothing()
}

func (w whole) deliveredTwice() {
	before, err := w.Executions(w.ctx)
	w.must(err)
	w.Port.ResetStats()
	at := time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)
	for range 2 {
		w.must(w.Tick(w.ctx, at))
	}
	w.must(w.Lambda.Settle(w.ctx))
	w.must(w.Tick(w.ctx, at)) // and late
	w.must(w.Lambda.Settle(w.ctx))
	arn := w.ExecutionOf("20261124T220000Z")
	w.ends(arn, "SUCCEEDED")
	if r := w.reported(arn); r.Trigger != "schedule" {
		w.Errorf("its trigger is %s", r.Trigger)
	}
	w.must(w.Tick(w.ctx, at)) // and once it is over
	w.must(w.Lambda.Settle(w.ctx))
	after, err := w.Executions(w.ctx)
	w.must(err)
	if len(after) != len(before)+1 {
		w.Errorf("%d executions", len(after)-len(before))
	}
	w.wroteNothing()
}

func (w whole) twoAtOnce() {
	one, other := w.start(`{}`), w.start(`{"dryRun": false}`)
	a, err := w.Wait(w.ctx, one)
	w.must(err)
	b, err := w.Wait(w.ctx, other)
	w.must(err)
	if a.Status != "SUCCEEDED" {
		a, b = b, a
	}
	if a.Status != "SUCCEEDED" || b.Status != "FAILED" || b.Error != "RunBusy" {
		w.Errorf("%+v\n%+v", a, b)
	}
	w.must(w.Lambda.Settle(w.ctx))
	w.run(`{}`)
	w.wroteNothing()
}

func (w whole) crowded() {
	w.Lambda.Limit(2)
	defer w.Lambda.Limit(1000)
	w.readInFull(w.run(`{}`))
	w.wroteNothing()
}

// watch ends a part that hangs, with what there is to see, before go test does.
func watch(t *testing.T) {
	slow := time.AfterFunc(8*time.Minute+time.Duration(*campaigns)*30*time.Second, func() { panic(fmt.Sprint(t.Name(), " hangs")) })
	t.Cleanup(func() { slow.Stop() })
}

// local is the run that make try does.
func (w whole) local() {
	w.Port.ResetStats()
	var said strings.Builder
	w.must(w.Lab.Run(w.ctx, &said))
	w.wroteNothing()
	for _, want := range []string{"dry run", "Suspended"} {
		if !strings.Contains(said.String(), want) {
			w.Errorf("it does not say %q:\n%s", want, said.String())
		}
	}
	said.Reset()
	w.must(w.Lab.Run(w.ctx, &said, "APPLY=1", "REGIONS=global", "REFRESH=1"))
	w.wroteNothing()
	// It has a state of its own, so to the stack it is another writer.
	if x := w.ends(w.start(`{}`), "FAILED"); x.Error != "AnotherWriter" {
		w.Errorf("after it an execution ended with %s: %s", x.Error, x.Cause)
	}
	w.must(w.Lambda.Settle(w.ctx))
	w.run(`{"adopt": true}`)
	w.wroteNothing()
}

func (w whole) button() {
	before, err := w.Executions(w.ctx)
	w.must(err)
	w.must(w.PressResync())
	for range 2 {
		w.must(w.Poll(w.ctx))
		w.must(w.Lambda.Settle(w.ctx))
	}
	after, err := w.Executions(w.ctx)
	w.must(err)
	if len(after) != len(before)+1 {
		w.Fatalf("%d executions", len(after)-len(before))
	}
	for _, arn := range after {
		if strings.Contains(arn, ":resync-") {
			w.ends(arn, "SUCCEEDED")
			if r := w.reported(arn); r.Trigger != "resync" {
				w.Errorf("its trigger is %s", r.Trigger)
			}
		}
	}
	w.wroteNothing()
}
