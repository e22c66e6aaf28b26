package doctor

import (
	"fmt"
	"strings"
)

// Format is the version of the report's JSON. It grows when a field changes its meaning or goes.
const Format = 1

// Level says how much a finding matters.
type Level string

const (
	Problem Level = "problem" // runs fail, or part of the estate is not read
	Warning Level = "warning" // something may be missing, or could not be looked at
	Note    Level = "note"    // a fact
)

func order(l Level) int {
	return map[Level]int{Problem: 0, Warning: 1, Note: 2}[l]
}

// Finding is one thing that was found.
type Finding struct {
	Level   Level  `json:"level"`
	Name    string `json:"name"`              // one of Findings
	Account string `json:"account,omitempty"` // "" = it is about the hub
	Message string `json:"message"`           // what is known
	Next    string `json:"next,omitempty"`    // the command that mends it, or that shows more
}

// Report is what was found.
type Report struct {
	Format   int       `json:"format"` // of this JSON
	Version  string    `json:"version"`
	Identity string    `json:"identity"` // the ARN of who entered accounts
	Account  string    `json:"account"`  // the hub
	Accounts int       `json:"accounts"` // looked at
	Readable int       `json:"readable"` // of these, without a finding
	Findings []Finding `json:"findings"`
}

// Sound says that there is no Problem.
func (r *Report) Sound() bool {
	for _, f := range r.Findings {
		if f.Level == Problem {
			return false
		}
	}
	return true
}

// Text is the report for people, a line for each finding.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "port-aws-sync %s, as %s\n", r.Version, r.Identity)
	for _, f := range r.Findings {
		b.WriteString(f.String() + "\n")
	}
	fmt.Fprintf(&b, "accounts: %d looked at, %d of them can be read in full\n", r.Accounts, r.Readable)
	if r.Sound() {
		b.WriteString("no problem was found\n")
	}
	return b.String()
}

func (f Finding) String() string {
	where := ""
	if f.Account != "" {
		where = " account " + f.Account
	}
	line := fmt.Sprintf("%-7s %s%s: %s", f.Level, f.Name, where, strings.Join(strings.Fields(f.Message), " "))
	if f.Next != "" {
		line += " -> " + f.Next
	}
	return line
}
