// Package report says what a run did, for people and for machines.
package report

import (
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// Version is the version of the report's JSON. It grows when a field changes its meaning or goes.
const Version = 1

// Document is the name of the report among the documents of its run.
const Document = "report.json"

// Verdict is the verdict of a run.
type Verdict string

const (
	Complete Verdict = "complete"
	Frozen   Verdict = "complete with frozen cells" // done, but part of the estate could not be read or applied
	Failed   Verdict = "failed"
)

// Report is the outcome of one run.
type Report struct {
	Format  int       `json:"format"` // Version
	Run     string    `json:"run"`
	Trigger string    `json:"trigger"`
	DryRun  bool      `json:"dryRun,omitempty"`
	Narrow  bool      `json:"narrow,omitempty"` // options left out part of the estate
	Began   time.Time `json:"began"`
	Ended   time.Time `json:"ended"`
	Verdict Verdict   `json:"verdict"`
	Error   string    `json:"error,omitempty"` // why it failed

	Accounts   []Account            `json:"accounts"`
	Blueprints map[string]Blueprint `json:"blueprints"`
	Blocks     []Block              `json:"frozenBlocks,omitempty"` // of the mapping
	Warnings   []string             `json:"warnings,omitempty"`     // what in the mapping is most likely not meant
	Setup      []string             `json:"setup,omitempty"`        // what was done to integration and blueprints; in a dry run: what would be

	Candidates int         `json:"candidates"`         // entities that nothing yields any more
	Recorded   int         `json:"recorded"`           // entries known when the run began
	Written    []Departure `json:"written,omitempty"`  // only of a dry run: what would be created or updated, at most 10,000
	Deleted    []Departure `json:"deleted,omitempty"`  // in a dry run: what would be
	Held       []Departure `json:"held,omitempty"`     // kept back: Outcome says by what
	Released   []Departure `json:"released,omitempty"` // left to others, and forgotten
	Stayed     []Departure `json:"stayed,omitempty"`   // for the next run to look at again

	Calls Calls `json:"calls"`
	Cost  Cost  `json:"cost"`
}

// Calls counts requests, retries included.
type Calls struct {
	AWS       int            `json:"aws"` // with member credentials
	Throttled int            `json:"throttled,omitempty"`
	ByAction  map[string]int `json:"byAction,omitempty"`
	Port      int            `json:"port"` // until the report was written
}

// Account is what became of one account.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	kind.Verdict
	Since    time.Time          `json:"since,omitzero"`
	Cells    map[kind.State]int `json:"cells,omitempty"`
	Frozen   []Cell             `json:"frozen,omitempty"`
	Entities int                `json:"entities"`
	Seconds  float64            `json:"seconds,omitempty"`
	Problems []Problem          `json:"problems,omitempty"`
	Trouble  int                `json:"trouble,omitempty"` // how many problems there were
}

// Cell is a (region, kind) of an account that proves nothing in this run.
type Cell struct {
	Region string `json:"region"`
	Kind   string `json:"kind"`
	kind.Verdict
	Since time.Time `json:"since,omitzero"`
}

// Problem is one thing that went wrong with one resource or entity.
type Problem struct {
	Kind     string `json:"kind"`
	Region   string `json:"region,omitempty"`
	Resource string `json:"resource,omitempty"`
	Entity   string `json:"entity,omitempty"`
	Path     string `json:"path,omitempty"`
	Reason   string `json:"reason"`
	Message  string `json:"message,omitempty"`
}

// Blueprint counts what became of its entities.
type Blueprint struct {
	Entities  int `json:"entities"` // recorded, when the run ended
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Deleted   int `json:"deleted"`
	Refused   int `json:"refused,omitempty"`
	Failed    int `json:"failed,omitempty"`
}

// Total counts what became of the entities of all blueprints.
func (r *Report) Total() (sum Blueprint) {
	for _, b := range r.Blueprints {
		sum.Entities += b.Entities
		sum.Created += b.Created
		sum.Updated += b.Updated
		sum.Unchanged += b.Unchanged
		sum.Deleted += b.Deleted
		sum.Refused += b.Refused
		sum.Failed += b.Failed
	}
	return sum
}

// Block is a block of the mapping that the run left alone.
type Block struct {
	Block   int    `json:"block"`
	Kind    string `json:"kind"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Departure is an entity that may go, or in a dry run would come or change: why, and what became of it.
type Departure struct {
	Account    string `json:"account"`
	Region     string `json:"region"`
	Kind       string `json:"kind"`
	Blueprint  string `json:"blueprint"`
	Identifier string `json:"identifier"`
	Reason     string `json:"reason"`
	Outcome    string `json:"outcome"`
	Message    string `json:"message,omitempty"`
}

// ResyncStatus is Port's word for the verdict.
func (r *Report) ResyncStatus() string {
	if r.Verdict == Failed {
		return "failed"
	}
	return "completed"
}
