package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// The kinds of our own: what could be seen of each account, and each run. They are mapped like any other
// kind. What they say is known at the end of a run, so that is when they are read.
const (
	AccountCoverage = "PortAwsSync::Account"
	RunCoverage     = "PortAwsSync::Run"
)

// coverage is an account of the ledger alone, whose resources are those of our own kinds.
const coverage = "coverage"

// keptRuns is for how many runs the entity of a run stays.
const keptRuns = 10

// coveragePage is how many accounts are one page.
const coveragePage = 500

// OwnKinds are the kinds that are not AWS's.
func OwnKinds() []kind.Kind {
	return []kind.Kind{{Name: AccountCoverage, Scope: kind.Hub}, {Name: RunCoverage, Scope: kind.Hub}}
}

// own says that a kind is one of ours.
func own(name string) bool { return name == AccountCoverage || name == RunCoverage }

// cover brings what a report says into the catalog, as the mapping has it. It is a sync of an account of
// which only the ledger knows, in the phase in which nobody else syncs.
func (s *sweep) cover(ctx context.Context, r *report.Report) (Progress, error) {
	e, w := s.engine, *s.work
	w.kinds, w.Options, w.stubs = nil, ledger.Options{Refresh: w.Options.Refresh}, newStubs()
	for _, a := range s.work.own {
		a.List = func(_ context.Context, _ aws.Config, _ kind.Site, cursor string) (kind.Page, error) {
			if a.Name == RunCoverage {
				return kind.Page{Items: []kind.Item{{Key: r.Run, Properties: runProperties(r)}}}, nil
			}
			return s.accountPage(r, cursor)
		}
		if a.Name == RunCoverage || !r.Narrow { // what was not asked about has not changed
			w.kinds = append(w.kinds, a)
		}
	}
	if len(w.kinds) == 0 || s.work.Options.DryRun || s.work.Options.Purge != "" {
		return Progress{}, nil
	}
	h, err := w.ledger.Take(ctx, coverage, e.lease(&w, s.act), ledger.Sweeping)
	if err != nil {
		return Progress{}, err
	}
	as := &accountSync{engine: e, work: &w, account: ledger.Account{ID: coverage}, act: s.act, holder: h,
		pacer: collect.NewPacer(e.Pool), toPort: s.toPort}
	err = as.read(ctx, func() entry {
		return entry{role: kind.Verdict{State: kind.Complete}, region: kind.Verdict{State: kind.Complete}}
	})
	var busy *port.BusyError
	if errors.As(err, &busy) {
		return Progress{More: true, WaitUntil: busy.Until}, s.yield(ctx, busy.Until)
	}
	if err != nil {
		return Progress{}, fmt.Errorf("bring coverage into the catalog: %w", err)
	}
	if as.again {
		return Progress{More: true, WaitUntil: as.wait}, s.yield(ctx, as.wait)
	}
	return Progress{}, nil
}

// faded says why an entry of our own kinds may go: it is not what the last run to list them found.
func (w *work) faded(e *ledger.Entry, c *ledger.Cell) string {
	reason := w.unasked(c)
	switch {
	case w.Options.Narrow():
		return ""
	case reason != "":
		return reason
	case !c.Verdict.State.Ended():
		return ""
	case e.Fence == c.Fence:
		return reasons[e.Mark]
	case c.Kind == RunCoverage && e.Fence+keptRuns > w.Fence:
		return ""
	}
	return gone
}

func (s *sweep) accountPage(r *report.Report, cursor string) (page kind.Page, err error) {
	from := 0
	if cursor != "" {
		if from, err = strconv.Atoi(cursor); err != nil || from > len(r.Accounts) {
			return page, fmt.Errorf("cursor %q: %w", cursor, err)
		}
	}
	states := map[string]ledger.Summary{}
	for _, state := range s.states {
		states[state.Account] = state.Summary
	}
	held := map[string]int{}
	for _, h := range s.Holds {
		held[h.Account]++
	}
	to := min(from+coveragePage, len(r.Accounts))
	for _, a := range r.Accounts[from:to] {
		page.Items = append(page.Items, kind.Item{Key: a.ID, Properties: accountProperties(a, states[a.ID], held[a.ID])})
	}
	if to < len(r.Accounts) {
		page.Next = strconv.Itoa(to)
	}
	return page, nil
}

// accountProperties change only when what can be seen of an account does.
func accountProperties(a report.Account, sum ledger.Summary, held int) map[string]any {
	return map[string]any{
		"Id": a.ID, "Name": a.Name, "Verdict": string(a.State), "Reason": orNil(a.Reason), "Message": orNil(a.Message),
		"Since": moment(a.Since), "RoleReachable": sum.Entered, "Entities": a.Entities, "Holds": held,
		"RegionsRead": anys(sum.Extent.Read), "RegionsDenied": anys(sum.Extent.Denied), "RegionsNotEnabled": anys(sum.Extent.NotEnabled),
		"KindsAsked": sum.Extent.Asked, "KindsComplete": sum.Extent.Complete,
	}
}

func runProperties(r *report.Report) map[string]any {
	sum := r.Total()
	complete := 0
	for _, a := range r.Accounts {
		if a.State == kind.Complete {
			complete++
		}
	}
	return map[string]any{
		"Id": r.Run, "Trigger": r.Trigger, "Verdict": string(r.Verdict), "Narrow": r.Narrow,
		"Began": moment(r.Began), "Ended": moment(r.Ended), "Seconds": float64(r.Ended.Sub(r.Began).Milliseconds()) / 1000,
		"Accounts": len(r.Accounts), "AccountsComplete": complete, "Entities": sum.Entities, "Created": sum.Created,
		"Updated": sum.Updated, "Unchanged": sum.Unchanged, "Refused": sum.Refused, "Failed": sum.Failed,
		"Deleted": len(r.Deleted), "Held": len(r.Held), "Released": len(r.Released), "Stayed": len(r.Stayed),
		"AwsCalls": r.Calls.AWS, "AwsCallsThrottled": r.Calls.Throttled, "PortCalls": r.Calls.Port, "EstimatedCostUsd": r.Cost.USD,
	}
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func moment(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

func anys(list []string) []any {
	all := []any{}
	for _, s := range slices.Sorted(slices.Values(list)) {
		all = append(all, s)
	}
	return all
}
