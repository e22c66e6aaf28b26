package report_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

var update = flag.Bool("update", false, "write the golden files; the diff is the review")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// rich is a run in which everything happened that can.
func rich() *report.Report {
	began := time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)
	since := began.AddDate(0, 0, -3)
	scp := kind.Verdict{State: kind.Denied, Reason: "SCP",
		Message: "User: arn:aws:sts::444455556666:assumed-role/port-read/run is not authorized to perform: sns:ListTopics\n" +
			"with an explicit deny in a service control policy: arn:aws:organizations::999900001111:policy/o-1/service_control_policy/p-1"}
	denied := kind.Verdict{State: kind.Denied, Reason: "RoleDenied",
		Message: "the role does not exist, or does not trust us"}
	r := &report.Report{
		Format: report.Version, Run: "20261124T220000Z", Trigger: "schedule", Narrow: true,
		Began: began, Ended: began.Add(83*time.Second + 456*time.Millisecond), Verdict: report.Frozen,
		Accounts: []report.Account{
			{ID: "111122223333", Name: "prod", Verdict: kind.Verdict{State: kind.Complete}, Since: since,
				Cells: map[kind.State]int{kind.Complete: 12}, Entities: 1042, Seconds: 41.5},
			{ID: "444455556666", Name: "staging", Verdict: kind.Verdict{State: kind.Denied, Reason: "SCP",
				Message: "2 of its cells"}, Since: since,
				Cells: map[kind.State]int{kind.Complete: 9, kind.Listed: 1, kind.Denied: 1,
					kind.Throttled: 1}, Entities: 208, Seconds: 12,
				Frozen: []report.Cell{
					{Region: "eu-west-1", Kind: "AWS::SNS::Topic", Verdict: scp, Since: since},
					{Region: "us-east-1", Kind: "AWS::ECS::Cluster", Since: began,
						Verdict: kind.Verdict{State: kind.Throttled, Reason: "ThrottlingException",
							Message: "Rate exceeded"}},
				},
				Problems: []report.Problem{
					{Kind: "AWS::S3::Bucket", Region: "global", Resource: "logs", Reason: "Denied",
						Message: "s3:GetBucketTagging"},
					{Kind: "AWS::SNS::Topic", Region: "eu-west-1",
						Resource: "arn:aws:sns:eu-west-1:444455556666:t", Entity: "t",
						Path: "resources[2].port.entity.mappings.title", Reason: "Refused",
						Message: "title must be a string"},
				}, Trouble: 3},
			{ID: "777788889999", Name: "sandbox", Verdict: denied, Since: since, Entities: 17,
				Cells: map[kind.State]int{kind.Denied: 24}, Frozen: frozen(24, denied)},
			{ID: "999900001111", Verdict: kind.Verdict{State: kind.Unread, Reason: "NotListed",
				Message: "it is no longer among the accounts of the run; its entities stay as they are"},
				Entities: 3},
		},
		Blueprints: map[string]report.Blueprint{
			"topic":  {Entities: 1200, Created: 3, Updated: 14, Unchanged: 1183, Deleted: 2},
			"bucket": {Entities: 70, Created: 1, Unchanged: 60, Refused: 1, Failed: 8},
		},
		Blocks: []report.Block{{Block: 4, Kind: "AWS::ECS::Cluster", Reason: "BlueprintMissing",
			Message: "resources[4]: Port has no blueprint cluster"}},
		Warnings: []string{"resources[1].selector.query: the program uses now"}, Error: "it has not: this is an example",
		Candidates: 31, Recorded: 1268,
		Deleted:  []report.Departure{gone("topic", "old-1"), gone("topic", "old-2")},
		Held:     []report.Departure{with(gone("bucket", "held"), "Guard", "")},
		Released: []report.Departure{with(gone("topic", "theirs"), "NotOurs", "its datasource is another's")},
		Stayed: []report.Departure{with(gone("topic", "blocked"), "Blocked",
			"subscription s refers to it"), with(gone("topic", "back"), "SeenAgain", "")},
		Calls: report.Calls{AWS: 391, Throttled: 5, Port: 66,
			ByAction: map[string]int{"sns:ListTopics": 12, "s3:ListBuckets": 3}},
	}
	r.Cost = r.Price()
	return r
}

func gone(blueprint, identifier string) report.Departure {
	return report.Departure{Account: "111122223333", Region: "eu-west-1", Kind: "AWS::SNS::Topic",
		Blueprint:  blueprint,
		Identifier: identifier, Reason: "gone", Outcome: "Deleted"}
}

func with(d report.Departure, outcome, message string) report.Departure {
	d.Outcome, d.Message = outcome, message
	return d
}

func frozen(n int, v kind.Verdict) (cells []report.Cell) {
	for i := range n {
		cells = append(cells, report.Cell{Region: fmt.Sprintf("region-%d", i), Kind: "AWS::SNS::Topic",
			Verdict: v})
	}
	return cells
}

func TestText(t *testing.T) {
	r := rich()
	golden(t, "rich.txt", []byte(r.Text()))

	dry := rich()
	dry.DryRun = true
	dry.Released, dry.Stayed = nil, nil
	golden(t, "dry.txt", []byte(dry.Text()))

	quiet := &report.Report{Run: "20261124T220000Z", Began: r.Began, Ended: r.Began.Add(time.Second),
		Verdict:  report.Complete,
		Accounts: r.Accounts[:1], Blueprints: map[string]report.Blueprint{"topic": {Entities: 1,
			Unchanged: 1}}}
	golden(t, "quiet.txt", []byte(quiet.Text()))
}

// TestTextOfALargeOrganizationStaysShort has many of everything.
func TestTextOfALargeOrganizationStaysShort(t *testing.T) {
	r := &report.Report{Run: "r", Verdict: report.Frozen}
	for i := range 300 {
		r.Accounts = append(r.Accounts, report.Account{ID: fmt.Sprintf("%012d", i),
			Verdict: kind.Verdict{State: kind.Complete}})
		r.Accounts = append(r.Accounts, report.Account{ID: fmt.Sprintf("9%011d", i),
			Verdict: kind.Verdict{State: kind.Denied, Reason: "RoleDenied",
				Message: strings.Repeat("long ", 100)}})
		r.Deleted = append(r.Deleted, gone("topic", fmt.Sprint(i)))
		r.Held = append(r.Held, gone("topic", fmt.Sprint(i)))
	}
	first := &r.Accounts[0]
	first.State = kind.Throttled
	first.Cells = map[kind.State]int{kind.Complete: 5, kind.Listed: 5, kind.Throttled: 100}
	first.Frozen = frozen(50, kind.Verdict{State: kind.Throttled, Reason: "x", Message: "y"})
	first.Trouble = 500
	for range 50 {
		first.Problems = append(first.Problems, report.Problem{Reason: "x"})
	}
	text := r.Text()
	for _, want := range []string{
		"Accounts (600)\n", "and 95 more cells\n", "and 251 more, not complete\n", "and 289 more, complete\n",
		"Deleted (300)\n", "Held back (300)\n", "and 290 more\n", "Problems (500)\n", "and 490 more\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > 400 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
	if lines := strings.Count(text, "\n"); lines > 130 {
		t.Errorf("%d lines:\n%s", lines, text)
	}
}

func TestACellThatOnlyRepeatsItsAccountIsNotListed(t *testing.T) {
	v := kind.Verdict{State: kind.Denied, Reason: "RoleDenied", Message: "no"}
	r := &report.Report{Accounts: []report.Account{
		{ID: "111122223333", Verdict: v, Cells: map[kind.State]int{kind.Denied: 80}, Frozen: frozen(50, v)},
	}}
	if text := r.Text(); strings.Contains(text, "region-") || strings.Contains(text, "more") {
		t.Error(text)
	}
}

// TestExampleIsWhatARunWrites keeps the example of the JSON, which people and programs go by, complete and
// true.
func TestExampleIsWhatARunWrites(t *testing.T) {
	r := rich()
	r.DryRun = true // so that every field is in it
	r.Written = []report.Departure{{Account: "111122223333", Region: "eu-west-1", Kind: "AWS::SNS::Topic", Blueprint: "topic",
		Identifier: "news", Reason: "new", Outcome: "WouldCreate"}}
	r.Setup = []string{"create blueprint snsTopic"}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "example.json", append(data, '\n'))
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	var back report.Report
	if err := d.Decode(&back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, &back); diff != "" {
		t.Errorf("read again (-want +got):\n%s", diff)
	}
	used := map[string]bool{}
	mark(reflect.ValueOf(r), used)
	for field, is := range used {
		if !is {
			t.Errorf("the example has no %s", field)
		}
	}
}

// mark notes which fields of which types have a value somewhere in v.
func mark(v reflect.Value, used map[string]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		mark(v.Elem(), used)
	case reflect.Slice:
		for i := range v.Len() {
			mark(v.Index(i), used)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			mark(v.MapIndex(k), used)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			name := v.Type().String() + "." + v.Type().Field(i).Name
			used[name] = used[name] || !v.Field(i).IsZero()
			mark(v.Field(i), used)
		}
	}
}

func TestARunWithFrozenCellsIsCompletedForPort(t *testing.T) {
	for verdict, want := range map[report.Verdict]string{
		report.Complete: "completed", report.Frozen: "completed", report.Failed: "failed",
	} {
		if got := (&report.Report{Verdict: verdict}).ResyncStatus(); got != want {
			t.Errorf("%s is %q", verdict, got)
		}
	}
}
