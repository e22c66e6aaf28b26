package report_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// TestMetricsAreInTheEmbeddedFormat has the rules of CloudWatch's specification that a reader of the
// golden file would not see: one line, at most 100 metrics, and a value for each.
func TestMetricsAreInTheEmbeddedFormat(t *testing.T) {
	r := rich()
	r.Narrow = false
	line := []byte(r.Figures().Metrics("aws-test", r.Ended))
	var root map[string]any
	if err := json.Unmarshal(line, &root); err != nil {
		t.Fatal(err)
	}
	var emf struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal(line, &emf); err != nil {
		t.Fatal(err)
	}
	one := emf.AWS.CloudWatchMetrics[0]
	if bytes.ContainsRune(line, '\n') || len(one.Metrics) > 100 || len(one.Metrics)+2 != len(root) || one.Namespace != report.Namespace {
		t.Errorf("%d metrics, %d members of the root: %s", len(one.Metrics), len(root), line)
	}
	for _, m := range one.Metrics {
		if _, ok := root[m.Name].(float64); !ok {
			t.Errorf("%s has no value", m.Name)
		}
	}
	for name, want := range map[string]float64{
		"RunSeconds": 83.456, "Accounts": 4, "AccountsNotComplete": 3, "CellsFrozen": 26, "EntitiesCreated": 4,
		"EntitiesDeleted": 2, "EntitiesRefused": 1, "EntitiesNotAnswered": 8, "PortCalls": 66, "RunsFailed": 0,
	} {
		if root[name] != want {
			t.Errorf("%s is %v, want %v", name, root[name], want)
		}
	}
	if len(one.Dimensions) != 1 || len(one.Dimensions[0]) != 1 || root[one.Dimensions[0][0]] != "aws-test" {
		t.Errorf("dimensions: %v", one.Dimensions)
	}
	r.Verdict = report.Failed
	if f := r.Figures(); f["RunsFailed"] != 1 || f["RunsComplete"] != 0 {
		t.Errorf("a failed run: %v", f)
	}
}

// TestAnAccountThatIsShutIsCountedByItsAge: one in which a policy hides a service, perhaps for ever, is not, nor one
// that nobody meant to read.
func TestAnAccountThatIsShutIsCountedByItsAge(t *testing.T) {
	r := rich()
	if _, said := r.Figures()["FrozenDays"]; said {
		t.Error("a narrow run says how long accounts have been frozen, and would end the alarm")
	}
	r.Narrow = false
	if days := r.Figures()["FrozenDays"]; days < 3 || days > 3.01 {
		t.Errorf("%v days, want 3: the role of sandbox has been denied since", days)
	}
	r.Accounts = []report.Account{r.Accounts[0], r.Accounts[1], r.Accounts[3]}
	if days := r.Figures()["FrozenDays"]; days != 0 {
		t.Errorf("%v days where every account that was to be read lets us in", days)
	}
}
