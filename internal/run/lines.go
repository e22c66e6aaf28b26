package run

import (
	"fmt"
	"regexp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// A log in Port is for people: Port keeps the newest lines, and the report has all there is to know.
const (
	maxLines    = 300
	linesAtOnce = 100 // Ocean's number
)

// secrets are what messages of AWS and Port never need to hold: access keys, tokens, and what calls itself a secret.
var secrets = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{12,}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]+` +
	`|(?i:bearer\s+)[\w.~+/-]{8,}=*|(?i:(?:secret|password|passwd|token|api_?key)["']?\s*[=:]\s*["']?)[^\s"',;&]{4,}`)

func masked(message string) string { return secrets.ReplaceAllString(message, "***") }

// plannedLines are about what is known when a run begins.
func (f feedback) plannedLines() (lines []port.Log) {
	lines = append(lines, f.line("INFO", "run "+f.Run+" begins", nil))
	for _, act := range f.Setup {
		lines = append(lines, f.line("INFO", "set up: "+act, nil))
	}
	for _, b := range f.Frozen {
		lines = append(lines, f.line("ERROR", fmt.Sprintf("not applied, and what it yielded stays as it is: %s: %s", b.Reason, b.Message),
			map[string]any{"resource_kind": b.Kind, "index": b.Block}))
	}
	for _, w := range f.mapping.Warnings {
		lines = append(lines, f.line("WARNING", w.String(), nil))
	}
	for _, w := range f.Warnings {
		lines = append(lines, f.line("WARNING", w, nil))
	}
	return lines[:min(len(lines), linesAtOnce)]
}

// endedLines say what a run did and what it could not, the whole first and the most important next.
func (f feedback) endedLines(r *report.Report) []port.Log {
	lines := []port.Log{f.line(ending(r))}
	for _, a := range r.Accounts {
		if !hidden(a) {
			continue
		}
		lines = append(lines, f.line("WARNING", fmt.Sprintf("account %s (%s) could not be read in full, and nothing of what was not "+
			"read changes: %s %s: %s", a.ID, a.Name, a.State, a.Reason, a.Message), map[string]any{"account": a.ID, "etl_phase": "extract"}))
	}
	if n := len(r.Held); n > 0 {
		lines = append(lines, f.line("WARNING", fmt.Sprintf("%d deletes are held back: the report of run %s says why, and "+
			`{"approve": %q} lets them go`, n, r.Run, r.Run), map[string]any{"etl_phase": "reconciliation"}))
	}
	for _, a := range r.Accounts {
		for _, c := range a.Frozen {
			lines = append(lines, f.line("WARNING", fmt.Sprintf("account %s: %s in %s: %s %s: %s", a.ID, c.Kind, c.Region, c.State, c.Reason,
				c.Message), map[string]any{"account": a.ID, "resource_kind": c.Kind, "etl_phase": "extract"}))
		}
		for _, p := range a.Problems {
			lines = append(lines, f.line("ERROR", problemText(a.ID, p), map[string]any{
				"account": a.ID, "resource_kind": p.Kind, "index": f.blockOf(p.Kind), "etl_phase": "load",
			}))
		}
	}
	if n := len(lines); n > maxLines {
		lines = append(lines[:maxLines-1], f.line("WARNING", fmt.Sprintf("and %d more lines: the report of run %s has all", n-maxLines+1, r.Run), nil))
	}
	return lines
}

func ending(r *report.Report) (level, message string, extra map[string]any) {
	sum := r.Total()
	text := fmt.Sprintf("run %s: %s: %d accounts; %d entities created, %d updated, %d as they were, %d not taken by Port, %d deleted",
		r.Run, r.Verdict, len(r.Accounts), sum.Created, sum.Updated, sum.Unchanged, sum.Refused+sum.Failed, len(r.Deleted))
	switch r.Verdict {
	case report.Failed:
		return "ERROR", text + ": " + r.Error, nil
	case report.Frozen:
		return "WARNING", text, nil
	}
	return "INFO", text, nil
}

func problemText(account string, p report.Problem) string {
	text := fmt.Sprintf("account %s: %s: %s%s", account, p.Reason, p.Resource, p.Entity)
	if p.Path != "" {
		text += " (" + p.Path + ")"
	}
	return text + ": " + p.Message
}

// blockOf is the index of the first block of a kind.
func (f feedback) blockOf(name string) int {
	for _, b := range f.mapping.Blocks {
		if b.Kind == name {
			return b.Index
		}
	}
	return 0
}
