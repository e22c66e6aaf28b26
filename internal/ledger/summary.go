package ledger

import (
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// Summary is what the last commit says of an account: all that a run's end needs to know without
// reading the manifest.
type Summary struct {
	Run       string             `json:"run"`            // the run that the figures are of
	Done      bool               `json:"done,omitempty"` // the run has finished with the account
	Seconds   float64            `json:"seconds,omitempty"`
	Entered   bool               `json:"entered,omitempty"`  // its role let us in, or none was needed
	Refreshed time.Time          `json:"refreshed,omitzero"` // when it was last compared with Port
	Verdict   Since              `json:"verdict"`
	Cells     map[kind.State]int `json:"cells,omitempty"` // cells the run asked for, by state
	Extent    Extent             `json:"extent,omitzero"`

	Frozen     []FrozenCell      `json:"frozen,omitempty"`  // the first MaxListed of the cells that are not complete
	Entries    map[string]int    `json:"entries,omitempty"` // by blueprint
	Born       int               `json:"born,omitempty"`    // of them, first named in this run
	Candidates int               `json:"candidates,omitempty"`
	Writes     map[string]Writes `json:"writes,omitempty"` // by blueprint
	Calls      map[string]int    `json:"calls,omitempty"`  // AWS requests, by service:Operation
	Throttled  int               `json:"throttled,omitempty"`
	PortCalls  int               `json:"portCalls,omitempty"`
	Problems   []Problem         `json:"problems,omitempty"` // the first MaxListed
	Trouble    int               `json:"trouble,omitempty"`  // how many there were

	Blocks map[ID]BlockCount `json:"blocks,omitempty"` // by the ids of the mapping's blocks
	Hidden map[string]int    `json:"hidden,omitempty"` // cells that were not read in full, by kind
}

// BlockCount is what a block of the mapping has of an account.
type BlockCount struct {
	Resources int `json:"resources"` // that yield something
	Entities  int `json:"entities"`
	Refused   int `json:"refused,omitempty"` // of them, by Port
}

// Plus is the sum of both.
func (c BlockCount) Plus(o BlockCount) BlockCount {
	return BlockCount{c.Resources + o.Resources, c.Entities + o.Entities, c.Refused + o.Refused}
}

// Extent is how much of an account a run saw of what it asked for.
type Extent struct {
	Read       []string `json:"read,omitempty"`       // regions in which some kind was listed to its end
	Denied     []string `json:"denied,omitempty"`     // regions in which AWS refused, and none was
	NotEnabled []string `json:"notEnabled,omitempty"` // regions that the account has not enabled
	Asked      int      `json:"asked,omitempty"`      // kinds
	Complete   int      `json:"complete,omitempty"`   // kinds that were read in full, wherever they were asked for
}

// MaxListed bounds the lists of a summary, and maxMessage the messages in them: the heads of all
// accounts are in memory at once when a run ends.
const (
	MaxListed  = 20
	maxMessage = 240
)

// Shorten leaves out the middle of a long message: what happened is at its beginning, and the ARN of the
// policy that forbids it at its end.
func Shorten(s string) string {
	r := []rune(s)
	if len(r) <= maxMessage {
		return s
	}
	return string(r[:maxMessage/2]) + " … " + string(r[len(r)-maxMessage/2:])
}

// Since is a verdict with the time since when it holds.
type Since struct {
	kind.Verdict
	Since time.Time `json:"since,omitzero"`
}

// FrozenCell is a cell that was not read in full in this run, and why.
type FrozenCell struct {
	Region string `json:"region"`
	Kind   string `json:"kind"`
	Since
}

// Writes counts what became of the entities of one blueprint.
type Writes struct {
	Created   int `json:"created,omitempty"`
	Updated   int `json:"updated,omitempty"`
	Unchanged int `json:"unchanged,omitempty"`
	Refused   int `json:"refused,omitempty"` // by Port, for what they are
	Failed    int `json:"failed,omitempty"`  // not answered, to be sent again
}

// Problem is one thing that went wrong with one resource or entity.
type Problem struct {
	Kind     string `json:"kind"`
	Region   string `json:"region,omitempty"`
	Resource string `json:"resource,omitempty"`
	Entity   string `json:"entity,omitempty"`
	Path     string `json:"path,omitempty"` // in the mapping
	Reason   string `json:"reason"`
	Message  string `json:"message,omitempty"`
}

// AddWrites adds to the figures of Writes.
func (s *Summary) AddWrites(more map[string]*Writes) {
	if s.Writes == nil {
		s.Writes = map[string]Writes{}
	}
	for blueprint, w := range more {
		t := s.Writes[blueprint]
		t.Add(*w)
		s.Writes[blueprint] = t
	}
}

// Add adds the figures of another.
func (w *Writes) Add(o Writes) {
	w.Created += o.Created
	w.Updated += o.Updated
	w.Unchanged += o.Unchanged
	w.Refused += o.Refused
	w.Failed += o.Failed
}

// Total counts the entries of all blueprints.
func (s *Summary) Total() (n int) {
	for _, e := range s.Entries {
		n += e
	}
	return n
}

// Written counts the entities that were created or updated.
func (s *Summary) Written() (n int) {
	for _, w := range s.Writes {
		n += w.Created + w.Updated
	}
	return n
}
