package house_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// emitted are the names of our metrics, which the package report alone gives.
func emitted() []string {
	all := (&report.Report{}).Figures()
	maps.Copy(all, report.TickSkipped())
	maps.Copy(all, report.NotBegun())
	return slices.Sorted(maps.Keys(all))
}

func TestMetricsAreMadeInReportOnly(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.room == "report" {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok {
				if typ, ok := lit.Type.(*ast.SelectorExpr); ok && typ.Sel.Name == "Figures" {
					t.Errorf("%s makes figures of its own, which no test compares with the alarms", s.path)
				}
			}
			return true
		})
	}
}

// alarms are those of the template by name.
func alarms(t *testing.T) map[string]node {
	all := map[string]node{}
	for k, r := range load(t, template).at("Resources").pairs {
		if r.at("Type").text() == "AWS::CloudWatch::Alarm" {
			all[k.Value] = r.at("Properties")
		}
	}
	return all
}

type widget struct {
	Properties struct {
		Title, Query string
		Alarms       []string
		Metrics      [][]any
	}
}

// dashboard is the body of the dashboard, with what CloudFormation fills in named as in the template.
func dashboard(t *testing.T) []widget {
	t.Helper()
	sub := load(t, template).at("Resources", "Dashboard", "Properties", "DashboardBody").list()[0]
	var body struct{ Widgets []widget }
	text := strings.ReplaceAll(sub.Content[0].Value, "${Alarms}", "[]")
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatal(err)
	}
	return body.Widgets
}

// TestAlarmsAndDashboardNameTheMetricsThatThereAre, and the dashboard all of them: one that nobody looks at is paid
// for in vain.
func TestAlarmsAndDashboardNameTheMetricsThatThereAre(t *testing.T) {
	shown := map[string]bool{}
	for _, w := range dashboard(t) {
		for _, m := range w.Properties.Metrics {
			switch {
			case m[0] == report.Namespace && m[2] == "Integration" && m[3] == "${Integration}":
				shown[m[1].(string)] = true
			case m[0] != "AWS/Lambda":
				t.Errorf("%s: nobody gives %v", w.Properties.Title, m)
			}
		}
	}
	if diff := cmp.Diff(emitted(), slices.Sorted(maps.Keys(shown))); diff != "" {
		t.Errorf("-report +dashboard\n%s", diff)
	}
	for name, a := range alarms(t) {
		ours := a.at("Namespace").text() == report.Namespace
		if metric := a.at("MetricName").text(); ours && !slices.Contains(emitted(), metric) {
			t.Errorf("%s waits for %s, which nobody gives", name, metric)
		}
	}
}

// TestNoAccountIsADimension: each value of a dimension is a metric that is paid for.
func TestNoAccountIsADimension(t *testing.T) {
	for name, a := range alarms(t) {
		dimensions := a.at("Dimensions").list()
		if len(dimensions) != 1 {
			t.Errorf("%s has %d dimensions", name, len(dimensions))
		}
		want := map[string]string{report.Namespace: "Integration", "AWS/Lambda": "FunctionName"}[a.at("Namespace").text()]
		if got := dimensions[0].at("Name").text(); got != want {
			t.Errorf("%s has the dimension %q, want %q", name, got, want)
		}
	}
}

// TestAnAlarmStaysUntilARunSaysOtherwise: metrics come once in hours, and what is missing in between says nothing,
// but for runs that do not come at all.
func TestAnAlarmStaysUntilARunSaysOtherwise(t *testing.T) {
	want := map[string]string{
		"RunFailedAlarm": "RunsFailed ignore", "NoCompleteRunAlarm": "RunsComplete breaching",
		"AccountFrozenAlarm": "FrozenDays ignore", "PortRefusesAlarm": "EntitiesRefused ignore",
		"TickLostAlarm": "AsyncEventsDropped notBreaching", // Lambda gives no zeroes
	}
	got := map[string]string{}
	for name, a := range alarms(t) {
		got[name] = fmt.Sprint(a.at("MetricName").text(), " ", a.at("TreatMissingData").text())
		for _, action := range []string{"AlarmActions", "OKActions"} {
			if to := a.at(action).refers(); !slices.Contains(to, "AlarmTopic") || !slices.Contains(to, "AlarmTopicArn") {
				t.Errorf("%s: %s go to %v", name, action, to)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +template\n%s", diff)
	}
	if c := load(t, template).at("Resources", "NoCompleteRunAlarm", "Condition").text(); c != "RunsBySchedule" {
		t.Errorf("without a schedule somebody would be told all the time: %q", c)
	}
}

// TestTheDashboardShowsEveryAlarm and the logs of every function that runs go through.
func TestTheDashboardShowsEveryAlarm(t *testing.T) {
	body := load(t, template).at("Resources", "Dashboard", "Properties", "DashboardBody")
	refers := body.refers()
	for name := range alarms(t) {
		if !slices.Contains(refers, name) {
			t.Errorf("it does not show %s", name)
		}
	}
	for function := range contracts {
		name := strings.ToUpper(function[:1]) + function[1:]
		if !slices.Contains(refers, name) || !slices.Contains(refers, name+"Logs") {
			t.Errorf("it does not show %s and its logs", name)
		}
	}
}
