package whole_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

// updated has one function at a time, and slow ones, so that the run outlives the update.
func (w whole) updated() {
	slow := w.AWS.Fault(lab.Rule{Function: lab.Sync, Operation: "DescribeInstances", Do: lab.Slow{By: 3 * time.Second}})
	w.Lambda.Limit(1)
	defer w.Lambda.Limit(1000)
	w.Port.ResetStats()
	arn := w.start(`{}`)
	for strings.Count(w.Lambda.Logs(lab.Sync), lab.RunOf(arn)) == 0 {
		time.Sleep(50 * time.Millisecond)
	}
	w.must(w.Deploy(w.ctx, map[string]string{"MaxConcurrentAccounts": "3", "Schedule": "rate(1 hour)"}))
	if w.closing(arn) != nil {
		w.Error("the run did not outlive the update")
	}
	slow()
	w.Lambda.Limit(1000)
	w.readInFull(w.reported(w.ends(arn, "SUCCEEDED").ARN))
	w.wroteNothing()
	w.must(w.DeployRelease(w.ctx))
	w.readInFull(w.run(`{}`))
	w.wroteNothing()
	w.must(w.Deploy(w.ctx, map[string]string{"MaxConcurrentAccounts": "10", "Schedule": "rate(6 hours)"}))
	w.readInFull(w.run(`{}`))
	w.wroteNothing()
}

// watched demands that each alarm of ours waits for a metric that the last run has given, with its dimensions.
func (w whole) watched() {
	type metric struct{ Namespace, Name, Dimension, Value string }
	given := map[metric]bool{}
	for line := range strings.Lines(w.Lambda.Logs(lab.Sweep)) {
		var emf struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
			Integration string
		}
		if json.Unmarshal([]byte(line), &emf) != nil {
			continue
		}
		for _, m := range emf.AWS.CloudWatchMetrics {
			for _, one := range m.Metrics {
				given[metric{m.Namespace, one.Name, m.Dimensions[0][0], emf.Integration}] = true
			}
		}
	}
	alarms, err := w.Alarms(w.ctx)
	w.must(err)
	ours := 0
	for _, a := range alarms {
		if a.Namespace != "AWS/Lambda" {
			ours++
			if !given[metric{a.Namespace, a.Metric, a.Dimension, a.Value}] {
				w.Errorf("alarm %s waits for what no run has given: %+v", a.Name, a)
			}
		}
	}
	if ours != 4 || len(alarms) != 5 {
		w.Errorf("%d alarms, %d of metrics of ours", len(alarms), ours)
	}
}

func (w whole) beside() {
	w.must(w.DeployBeside(w.ctx, "second-hub"))
	w.run(`{}`) // the other's state bucket is a bucket, too
	w.converged()
	w.must(w.DeleteBeside(w.ctx, "second-hub"))
	w.readInFull(w.run(`{}`))
	w.wroteNothing()
}

func (w whole) anew() {
	bucket, err := w.Output(w.ctx, "StateBucketName")
	w.must(err)
	w.must(w.DeleteStack(w.ctx))
	w.must(w.Deploy(w.ctx, map[string]string{"StateBucketName": bucket, "ReadActions": w.told()}))
	r := w.run(`{}`)
	w.readInFull(r)
	w.wroteNothing()
	idle, err := w.Unused(w.ctx, w.MemberRole(w.World.Account("payments").ID))
	w.must(err)
	idle = slices.DeleteFunc(idle, func(a string) bool { return slices.Contains(access.RegionActions, a) })
	if len(idle) > 0 {
		w.Errorf("the member role may %v, which the mapping does not need", idle)
	}
	if n := r.Blueprints["snsTopic"]; n.Unchanged != n.Entities {
		w.Errorf("it does not know what it wrote: %+v", n)
	}
}

func (w whole) purged() {
	held := w.run(`{"purge": "northwind"}`)
	w.wroteNothing()
	if len(held.Held) == 0 || len(held.Deleted) != 0 {
		w.Errorf("%d held, %d deleted", len(held.Held), len(held.Deleted))
	}
	r := w.run(fmt.Sprintf(`{"purge": "northwind", "approve": %q}`, held.Run))
	left, err := lab.Held(w.Port)
	w.must(err)
	if len(left) > 0 || len(r.Deleted) != len(held.Held) {
		w.Errorf("%d of %d deleted, and Port still has %v", len(r.Deleted), len(held.Held), left)
	}
	if x := w.ends(w.start(`{"purge": "southwind"}`), "FAILED"); x.Error != "OptionsInvalid" {
		w.Errorf("a purge of somebody else's: %+v", x)
	}
	w.must(w.Lambda.Settle(w.ctx))
	w.readInFull(w.run(`{}`))
	w.converged()
	w.run(`{}`)
	w.wroteNothing()
}
