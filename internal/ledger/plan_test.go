package ledger_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func fullPlan() (ledger.Plan, []ledger.Account) {
	at := time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)
	return ledger.Plan{
			Run: "20261124T220000Z", Fence: 7, Trigger: "schedule", Time: at, PortTime: at.Add(time.Second),
			Options: ledger.Options{Accounts: []string{account}, Kinds: []string{"AWS::SNS::Topic"},
				Regions: []string{"eu-west-1"}, DryRun: true},
			Mapping: json.RawMessage(`{"resources":[]}`),
			Blueprints: []ledger.Blueprint{{Identifier: "topic", CreatedAt: at, UpdatedAt: at.Add(time.Hour),
				Relations: map[string]string{"account": "awsAccount"}}},
			Frozen: []ledger.FrozenBlock{{Block: 3, Kind: "AWS::SNS::Topic", Reason: "BlueprintMissing",
				Message: "there is no topic"}},
			Inactive: []ledger.Account{{ID: "999900001111", Name: "old", State: "SUSPENDED"}},
			Width:    10,
		}, []ledger.Account{
			{ID: account, Name: "prod", Role: "arn:aws:iam::" + account + ":role/read", Partition: "aws",
				Joined: at.AddDate(-1, 0, 0)},
		}
}

// samePlan compares plans; which name the list of accounts has is nobody's business.
func samePlan(t *testing.T, what string, want, got ledger.Plan, wantAccounts, gotAccounts []ledger.Account) {
	t.Helper()
	if !strings.Contains(got.AccountsKey, "/"+got.Run+"/accounts-") {
		t.Errorf("%s: the accounts are at %q", what, got.AccountsKey)
	}
	got.AccountsKey, want.Format = "", ledger.Format
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
	if diff := cmp.Diff(wantAccounts, gotAccounts); diff != "" {
		t.Errorf("accounts of %s (-want +got):\n%s", what, diff)
	}
}

func (w *world) readPlan(run string) (ledger.Plan, []ledger.Account, error) {
	p, err := w.ledger().ReadPlan(w.Context(), run)
	if err != nil {
		return p, nil, err
	}
	accounts, err := w.ledger().ReadAccounts(w.Context(), p)
	return p, accounts, err
}

func TestPlanIsReadAsItWasWritten(t *testing.T) {
	w := newWorld(t, newMemory())
	p, accounts := fullPlan()
	got, gotAccounts, err := w.ledger().WritePlan(t.Context(), p, accounts)
	w.must(err)
	samePlan(t, "plan as written", p, got, accounts, gotAccounts)
	got, gotAccounts, err = w.readPlan(p.Run)
	w.must(err)
	samePlan(t, "plan as read", p, got, accounts, gotAccounts)
	data, _, err := w.store.Get(t.Context(), got.AccountsKey)
	w.must(err)
	// A state machine iterates over it.
	if text := string(data); !strings.HasPrefix(text, `[{"id":"111122223333"`) {
		t.Errorf("accounts are stored as %s", text)
	}
}

func TestARepeatedTriggerGetsTheFirstPlanWithItsAccounts(t *testing.T) {
	w := newWorld(t, newMemory())
	p, accounts := fullPlan()
	_, _, err := w.ledger().WritePlan(t.Context(), p, accounts)
	w.must(err)
	late := ledger.Plan{Run: p.Run, Fence: 9, Trigger: "manual", Width: 3}
	got, gotAccounts, err := w.ledger().WritePlan(t.Context(), late, []ledger.Account{{ID: "000000000001"}})
	w.must(err)
	samePlan(t, "second delivery's plan", p, got, accounts, gotAccounts)
	got, gotAccounts, err = w.readPlan(p.Run)
	w.must(err)
	samePlan(t, "plan as read", p, got, accounts, gotAccounts)
}

func TestAPlanWhoseWritingFailedAnywhereCanBeWrittenAgain(t *testing.T) {
	for name, crash := range crashes {
		for k := 1; k <= 2; k++ {
			m := newMemory()
			w := newWorld(t, m)
			s := &watched{Store: m}
			crash(s, k)
			p, accounts := fullPlan()
			_, _, first := w.through(s).WritePlan(t.Context(), p, accounts)
			if _, _, err := w.readPlan(p.Run); err != nil &&
				!errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("%s call %d (%v): %v", name, k, first, err)
			}
			_, _, err := w.ledger().WritePlan(t.Context(), p, accounts)
			w.must(err)
			got, gotAccounts, err := w.readPlan(p.Run)
			w.must(err)
			samePlan(t, name, p, got, accounts, gotAccounts)
		}
	}
}

func TestARunWithoutAPlanIsNotFound(t *testing.T) {
	_, err := newWorld(t, newMemory()).ledger().ReadPlan(t.Context(), "none")
	if !errors.Is(err, ledger.ErrNotFound) || !strings.Contains(err.Error(), "none") {
		t.Error(err)
	}
}

// decided is a document whose absent parts are left out of it.
type decided struct {
	Format int            `json:"format"`
	Drops  []string       `json:"drops,omitempty"`
	Holds  []hold         `json:"holds,omitempty"`
	Counts map[string]int `json:"counts,omitempty"`
}

type hold struct {
	Key string `json:"key"`
	Why string `json:"why,omitempty"`
}

func TestWriteOnceKeepsTheFirstAndShowsNothingOfTheSecond(t *testing.T) {
	l := newWorld(t, newMemory()).ledger()
	first := decided{Format: ledger.Format, Holds: []hold{{Key: "a"}}, Counts: map[string]int{"a": 1}}
	second := decided{Format: ledger.Format, Drops: []string{"x"},
		Holds: []hold{{Key: "b", Why: "w"}, {Key: "c"}}, Counts: map[string]int{"b": 1}}
	for _, d := range []decided{first, second} {
		if err := l.WriteOnce(t.Context(), "run1", "decisions.json", &d); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, d); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	var read decided
	if known, err := l.ReadOnce(t.Context(), "run1", "decisions.json", &read); err != nil || !known {
		t.Error(known, err)
	}
	if diff := cmp.Diff(first, read); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	if known, err := l.ReadOnce(t.Context(), "run2", "decisions.json", &read); err != nil || known {
		t.Error("another run's document:", known, err)
	}
}

func TestAReportForPeopleReplacesItself(t *testing.T) {
	l := newWorld(t, newMemory()).ledger()
	for _, d := range []decided{{Format: 1, Drops: []string{"x"}}, {Format: 1}} {
		if err := l.WriteDocument(t.Context(), "run1", "report.json", d); err != nil {
			t.Fatal(err)
		}
	}
	var read decided
	if known, err := l.ReadOnce(t.Context(), "run1", "report.json", &read); err != nil || !known ||
		read.Drops != nil {
		t.Error(known, err, read)
	}
}

func TestOptionsNarrowARun(t *testing.T) {
	var all ledger.Options
	if !all.Takes("AWS::SNS::Topic") || !all.In("eu-west-1") || all.Narrow() {
		t.Error("the zero options leave something out")
	}
	some := ledger.Options{Kinds: []string{"AWS::SNS::Topic"}, Regions: []string{"eu-west-1", "global"}}
	if !some.Takes("AWS::SNS::Topic") || some.Takes("AWS::S3::Bucket") || !some.In("global") ||
		some.In("us-east-1") {
		t.Error("the options take what they do not name, or leave out what they do")
	}
	for _, o := range []ledger.Options{{Accounts: []string{account}}, {Kinds: []string{"x"}},
		{Regions: []string{"x"}}} {
		if !o.Narrow() {
			t.Errorf("%+v is not narrow", o)
		}
	}
	if (ledger.Options{DryRun: true}).Narrow() {
		t.Error("a dry run of everything is narrow")
	}
}

func TestLedgersOfOtherIntegrationsAreApart(t *testing.T) {
	m := newMemory()
	names := [][3]string{{"org", "aws-v3", "a"}, {"org", "aws-v3", "b"}, {"org", "aws", "a"},
		{"org2", "aws-v3", "a"}}
	for _, n := range names {
		l := ledger.New(m, n[0], n[1], n[2], time.Now)
		seen, err := l.ReadLock(t.Context())
		if err == nil {
			_, err = l.Acquire(t.Context(), seen, plan(1), "", time.Now().Add(time.Hour), gone)
		}
		if err != nil {
			t.Errorf("%q: %v", n, err)
		}
	}
}
