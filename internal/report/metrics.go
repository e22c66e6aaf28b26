package report

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// Namespace is that of our metrics in CloudWatch. Their one dimension is Integration: accounts are no
// dimension, since every value of one is a metric that is paid for.
const Namespace = "PortAwsSync"

// Figures are metrics by name. Names that end in Seconds are in seconds, all others are counts.
type Figures map[string]float64

// TickSkipped is that of a tick for which no run was started.
func TickSkipped() Figures { return Figures{"TicksSkipped": 1} }

// NotBegun are those of a run that failed before it had a plan.
func NotBegun() Figures { return Figures{"RunsFailed": 1} }

// Figures are those of a run.
func (r *Report) Figures() Figures {
	sum := r.Total()
	f := Figures{
		"RunSeconds": r.Ended.Sub(r.Began).Seconds(), "Accounts": float64(len(r.Accounts)),
		"AccountsNotComplete": 0, "CellsFrozen": 0, "Entities": float64(sum.Entities),
		"EntitiesCreated": float64(sum.Created), "EntitiesUpdated": float64(sum.Updated), "EntitiesRefused": float64(sum.Refused),
		"EntitiesNotAnswered": float64(sum.Failed), "EntitiesDeleted": float64(len(r.Deleted)), "EntitiesHeld": float64(len(r.Held)),
		"AwsCalls": float64(r.Calls.AWS), "AwsCallsThrottled": float64(r.Calls.Throttled),
		"PortCalls": float64(r.Calls.Port), "CostUsd": r.Cost.USD, "RunsComplete": 0, "RunsFailed": 0, "FrozenDays": 0,
	}
	for _, a := range r.Accounts {
		if a.State != kind.Complete {
			f["AccountsNotComplete"]++
		}
		f["CellsFrozen"] += float64(len(a.Frozen))
		if a.shut() {
			f["FrozenDays"] = max(f["FrozenDays"], r.Ended.Sub(a.Since).Hours()/24)
		}
	}
	if r.Verdict == Failed {
		f["RunsFailed"] = 1
	} else if !r.Narrow {
		f["RunsComplete"] = 1
	}
	if r.Verdict == Failed || r.Narrow { // what it did not look at may be as bad as before
		delete(f, "FrozenDays")
		delete(f, "EntitiesRefused")
	}
	return f
}

// shut says that nothing of an account can be read, for a reason that somebody has to mend. An account of which
// a policy hides a service or a region is not: that may be meant, and can last for ever.
func (a *Account) shut() bool {
	return !a.Since.IsZero() && slices.Contains([]kind.State{kind.Denied, kind.Throttled, kind.Failed}, a.State) &&
		a.Cells[kind.Complete]+a.Cells[kind.Listed] == 0
}

// Metrics is a line in CloudWatch's embedded metric format, without its end.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
func (f Figures) Metrics(integration string, at time.Time) string {
	type metric struct{ Name, Unit string }
	var metrics []metric
	line := map[string]any{"Integration": integration}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		unit := "Count"
		if strings.HasSuffix(name, "Seconds") {
			unit = "Seconds"
		}
		metrics = append(metrics, metric{name, unit})
		line[name] = f[name]
	}
	line["_aws"] = map[string]any{"Timestamp": at.UnixMilli(), "CloudWatchMetrics": []any{map[string]any{
		"Namespace": Namespace, "Dimensions": [][]string{{"Integration"}}, "Metrics": metrics,
	}}}
	b, err := json.Marshal(line)
	if err != nil {
		panic(err) // figures are neither NaN nor infinite
	}
	return string(b)
}
