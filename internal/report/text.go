package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// listed bounds what Text lists of each sort; the JSON has all.
const (
	listed         = 10
	listedAccounts = 50 // that are not complete
)

// Text is the report for people: what could be seen, what changed, what went and why.
func (r *Report) Text() string {
	var b strings.Builder
	what := "run"
	if r.DryRun {
		what = "dry run, nothing was written:"
	}
	fmt.Fprintf(&b, "%s %s: %s, in %s\n\n", what, r.Run, r.Verdict, r.Ended.Sub(r.Began).Round(100*time.Millisecond))
	if r.Verdict == Failed {
		fmt.Fprintf(&b, "It failed: %s\n\n", r.Error)
	}
	for _, act := range r.Setup {
		verb := "Set up in Port"
		if r.DryRun {
			verb = "Would be set up in Port"
		}
		fmt.Fprintf(&b, "%s: %s\n", verb, act)
	}
	if len(r.Setup) > 0 {
		fmt.Fprintln(&b)
	}
	r.accounts(&b)
	r.blueprints(&b)
	would := func(outcome string) []Departure {
		return slices.DeleteFunc(slices.Clone(r.Written), func(d Departure) bool { return d.Outcome != outcome })
	}
	departures(&b, "Created", "Would be created", r.DryRun, would("WouldCreate"), false)
	departures(&b, "Updated", "Would be updated", r.DryRun, would("WouldUpdate"), false)
	departures(&b, "Deleted", "Would be deleted", r.DryRun, r.Deleted, false)
	departures(&b, "Held back", "Would be held back", r.DryRun, r.Held, true)
	departures(&b, "Not ours, left alone and forgotten", "", false, r.Released, true)
	departures(&b, "Left to the next run", "", false, r.Stayed, true)
	for _, f := range r.Blocks {
		fmt.Fprintf(&b, "Not applied: %s: %s\n\n", f.Reason, f.Message)
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(&b, "Warning: %s\n", w)
	}
	if len(r.Warnings) > 0 {
		fmt.Fprintln(&b)
	}
	r.problems(&b)
	fmt.Fprintf(&b, "Calls: %d to AWS", r.Calls.AWS)
	if r.Calls.Throttled > 0 {
		fmt.Fprintf(&b, " (%d throttled)", r.Calls.Throttled)
	}
	fmt.Fprintf(&b, ", %d to Port\n", r.Calls.Port)
	r.cost(&b)
	return b.String()
}

func table(w io.Writer, rows [][]string) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(t, "  "+strings.Join(row, "\t"))
	}
	t.Flush()
	fmt.Fprintln(w)
}

func (r *Report) accounts(w io.Writer) {
	fmt.Fprintf(w, "Accounts (%d)\n", len(r.Accounts))
	var rows [][]string
	good, bad := 0, 0
	for _, a := range r.Accounts {
		if a.State == kind.Complete {
			if good++; good > listed {
				continue
			}
		} else if bad++; bad > listedAccounts {
			continue
		}
		rows = append(rows, a.rows()...)
	}
	if bad > listedAccounts {
		rows = append(rows, []string{fmt.Sprintf("and %d more, not complete", bad-listedAccounts)})
	}
	if good > listed {
		rows = append(rows, []string{fmt.Sprintf("and %d more, complete", good-listed)})
	}
	table(w, rows)
}

// rows are the account's line and those of its cells that do not only repeat it.
func (a *Account) rows() [][]string {
	row := []string{a.ID, a.Name, string(a.State), fmt.Sprintf("%d entities", a.Entities)}
	if a.Reason != "" {
		since := ""
		if !a.Since.IsZero() {
			since = ", since " + a.Since.UTC().Format("2006-01-02 15:04")
		}
		row = append(row, a.Reason+since+": "+shortened(a.Message))
	}
	rows := [][]string{row}
	more := -len(a.Frozen) // which are not all there are
	for state, n := range a.Cells {
		if state != kind.Complete {
			more += n
		}
	}
	more = max(0, more)
	for _, c := range a.Frozen {
		switch {
		case c.Verdict == a.Verdict:
		case len(rows) > listed:
			more++
		default:
			rows = append(rows, []string{"", c.Region, string(c.State), c.Kind, c.Reason + ": " + shortened(c.Message)})
		}
	}
	if more > 0 && len(rows) > 1 {
		rows = append(rows, []string{"", "", fmt.Sprintf("and %d more cells", more)})
	}
	return rows
}

func (r *Report) blueprints(w io.Writer) {
	head := []string{"Blueprint", "entities", "created", "updated", "unchanged", "deleted"}
	rows := [][]string{head}
	for _, name := range slices.Sorted(maps.Keys(r.Blueprints)) {
		b := r.Blueprints[name]
		row := []string{name}
		for _, n := range []int{b.Entities, b.Created, b.Updated, b.Unchanged, b.Deleted} {
			row = append(row, fmt.Sprint(n))
		}
		if b.Refused+b.Failed > 0 {
			row = append(row, fmt.Sprintf("(%d refused by Port, %d not answered)", b.Refused, b.Failed))
		}
		rows = append(rows, row)
	}
	table(w, rows)
}

func departures(w io.Writer, title, would string, dry bool, list []Departure, outcome bool) {
	if len(list) == 0 {
		return
	}
	if dry {
		title = would
	}
	fmt.Fprintf(w, "%s (%d)\n", title, len(list))
	var rows [][]string
	for _, d := range list[:min(len(list), listed)] {
		why := d.Reason
		if outcome {
			why += ", " + d.Outcome
		}
		if d.Message != "" {
			why += ": " + shortened(d.Message)
		}
		rows = append(rows, []string{d.Blueprint, d.Identifier, d.Account + " " + d.Region, why})
	}
	if len(list) > listed {
		rows = append(rows, []string{fmt.Sprintf("and %d more", len(list)-listed)})
	}
	table(w, rows)
}

func (r *Report) problems(w io.Writer) {
	var rows [][]string
	total := 0
	for _, a := range r.Accounts {
		total += a.Trouble
		for _, p := range a.Problems {
			if len(rows) < listed {
				rows = append(rows, []string{a.ID + " " + p.Region, p.Kind, cmp.Or(p.Entity, p.Resource), p.Reason + ": " + shortened(p.Message)})
			}
		}
	}
	if total == 0 {
		return
	}
	if total > len(rows) {
		rows = append(rows, []string{fmt.Sprintf("and %d more", total-len(rows))})
	}
	fmt.Fprintf(w, "Problems (%d)\n", total)
	table(w, rows)
}

func (r *Report) cost(w io.Writer) {
	if len(r.Cost.Charges) == 0 {
		return
	}
	fmt.Fprintf(w, "\nCost in the cloud: about $%.4f, an estimate by %s\n", r.Cost.USD, r.Cost.Prices)
	var rows [][]string
	for _, c := range r.Cost.Charges {
		rows = append(rows, []string{fmt.Sprintf("%.0f", c.Quantity), c.For, fmt.Sprintf("$%.4f", c.USD)})
	}
	table(w, rows)
}

// shortened leaves out the middle of a long message: what happened is at its beginning, and the ARN of the
// policy that forbids it at its end.
func shortened(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 260 {
		return string(r[:130]) + " … " + string(r[len(r)-127:])
	}
	return s
}
