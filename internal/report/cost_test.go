package report_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// TestTheReceiptIsWhatItsPartsCost has a thousand accounts of a minute, and the sums that a person would come to.
func TestTheReceiptIsWhatItsPartsCost(t *testing.T) {
	r := &report.Report{Began: time.Unix(0, 0), Ended: time.Unix(900, 0)}
	for range 1000 {
		r.Accounts = append(r.Accounts, report.Account{Verdict: kind.Verdict{State: kind.Complete}, Seconds: 60})
	}
	r.Accounts = append(r.Accounts, report.Account{Verdict: kind.Verdict{State: kind.Unread}}) // costs nothing
	want := report.Cost{USD: 0.9950, Charges: []report.Charge{
		{"GB-seconds of functions", 60_900, 0.8120}, {"invocations of functions", 1002, 0.0002},
		{"transitions of the state machine", 6010, 0.1503}, {"writes and lists of S3", 6010, 0.0301}, {"reads of S3", 6015, 0.0024},
	}}
	got := r.Price()
	if got.Prices == "" {
		t.Error("it does not say by which prices")
	}
	got.Prices = ""
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 0.0001)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
