package ledger

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// ID is 8 bytes of a hash: a resource key's or a block's.
type ID [8]byte

// Hash is 16 bytes of a content's hash. The zero Hash stands for "unknown".
type Hash [16]byte

func (i ID) MarshalText() ([]byte, error)    { return hex.AppendEncode(nil, i[:]), nil }
func (i *ID) UnmarshalText(t []byte) error   { return unhex(i[:], t) }
func (h Hash) MarshalText() ([]byte, error)  { return hex.AppendEncode(nil, h[:]), nil }
func (h *Hash) UnmarshalText(t []byte) error { return unhex(h[:], t) }
func (h Hash) IsZero() bool                  { return h == Hash{} }

func unhex(to, text []byte) error {
	if n, err := hex.Decode(to, text); err != nil || n != len(to) {
		return fmt.Errorf("%q is not the hex form of %d bytes", text, len(to))
	}
	return nil
}

// Entity is the key of an entity in Port.
type Entity struct {
	Blueprint  string `json:"b"`
	Identifier string `json:"i"`
}

// Mark says what a run found out about an entry's resource.
type Mark uint8

const (
	NoMark   Mark = iota
	Seen          // the resource yields the entity
	Unread        // the resource is there, but could not be read or mapped: it protects its entries
	Gone          // the service said of the one listed resource that it does not exist
	NotMine       // read in full, and its selector no longer takes it
	Renamed       // read in full, and it yields another identifier
	Moved         // read in full, and it yields another blueprint
	Unmapped      // read in full, but the mapping that yielded the entity is no longer there
)

// Hold keeps back an entry that may go, until it is proven again or approved.
type Hold struct {
	Run    string    `json:"run"`
	Reason string    `json:"reason"`
	Of     string    `json:"of"` // why the entry may go
	Since  time.Time `json:"since"`
}

// Entry says that a resource yields, or once yielded, an entity.
type Entry struct {
	Entity
	Cell     int   `json:"c"` // index in the manifest's cells
	Resource ID    `json:"k"`
	Blocks   []ID  `json:"s"`
	Hash     Hash  `json:"h,omitzero"`  // what Port confirmed; zero = unknown
	Refused  Hash  `json:"r,omitzero"`  // what Port refused, not to be sent again as it is
	Partial  bool  `json:"p,omitempty"` // Hash is of what lacked something that could not be read
	Fence    int64 `json:"f,omitempty"` // the run that Mark is of
	First    int64 `json:"n,omitempty"` // the run that first named it
	Mark     Mark  `json:"m,omitempty"`
	Birth
	At   int64 `json:"at,omitempty"` // Port's time of the last answer to a write of ours, ms; 0 = none yet
	Hold *Hold `json:"hold,omitempty"`

	next    int32 // the next entry of the same resource, +1
	removed bool
}

// Cell is what is known of one (region, kind) of an account.
type Cell struct {
	Region   string       `json:"region"`
	Kind     string       `json:"kind"`
	Verdict  kind.Verdict `json:"verdict"`
	Run      string       `json:"run"`                // the run that gave the verdict
	Fence    int64        `json:"fence,omitempty"`    // that run's number
	Since    time.Time    `json:"since,omitzero"`     // since when the verdict has been this one
	Heard    time.Time    `json:"heard,omitzero"`     // when AWS last said so itself
	Shifted  bool         `json:"shifted,omitempty"`  // an item came twice: the list changed while it was read
	Cursor   string       `json:"cursor,omitempty"`   // where an unfinished listing goes on, in the same run
	Restarts int          `json:"restarts,omitempty"` // how often that listing began anew
	Unread   kind.Verdict `json:"unread,omitzero"`    // of the first item that it could not read
}

// BlueprintAt dates a blueprint as the hashes of a manifest know it.
type BlueprintAt struct {
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

// Manifest is everything known of one account. It is not safe for concurrent use.
type Manifest struct {
	Account    string
	Cells      []Cell
	Blueprints map[string]BlueprintAt

	entries  []Entry
	cells    map[cellKey]int
	resource map[resourceKey]int32 // the first entry of a resource, +1
	removed  int
}

type cellKey struct{ region, kind string }

type resourceKey struct {
	cell int
	id   ID
}

// NewManifest returns the manifest of an account of which nothing is known.
func NewManifest(account string) *Manifest {
	return &Manifest{
		Account: account, Blueprints: map[string]BlueprintAt{},
		cells: map[cellKey]int{}, resource: map[resourceKey]int32{},
	}
}

// Cell returns the index of a cell in Cells, which it joins if it is new.
func (m *Manifest) Cell(region, kindName string) int {
	k := cellKey{region, kindName}
	i, ok := m.cells[k]
	if !ok {
		i = len(m.Cells)
		m.cells[k] = i
		m.Cells = append(m.Cells, Cell{Region: region, Kind: kindName, Verdict: kind.Verdict{State: kind.Unread, Reason: "NeverRead"}})
	}
	return i
}

// Judge sets the verdict of a cell. Since moves only when state or reason change.
func (m *Manifest) Judge(cell int, run string, v kind.Verdict, now time.Time) {
	c := &m.Cells[cell]
	if c.Verdict.State != v.State || c.Verdict.Reason != v.Reason || c.Since.IsZero() {
		c.Since = now.UTC().Truncate(time.Second)
	}
	c.Verdict, c.Run = v, run
}

// Add appends an entry. The pointer is good until the next Add.
func (m *Manifest) Add(e Entry) *Entry {
	k := resourceKey{e.Cell, e.Resource}
	e.next = m.resource[k]
	m.entries = append(m.entries, e)
	m.resource[k] = int32(len(m.entries))
	return &m.entries[len(m.entries)-1]
}

// Of calls f for every entry of a resource.
func (m *Manifest) Of(cell int, resource ID, f func(*Entry)) {
	for i := m.resource[resourceKey{cell, resource}]; i != 0; i = m.entries[i-1].next {
		if e := &m.entries[i-1]; !e.removed {
			f(e)
		}
	}
}

// Find returns the entry of an entity and its source, or nil.
func (m *Manifest) Find(cell int, resource ID, entity Entity) (found *Entry) {
	m.Of(cell, resource, func(e *Entry) {
		if e.Entity == entity {
			found = e
		}
	})
	return found
}

// All calls f for every entry until it returns false.
func (m *Manifest) All(f func(*Entry) bool) {
	for i := range m.entries {
		if !m.entries[i].removed && !f(&m.entries[i]) {
			return
		}
	}
}

// Remove forgets an entry.
func (m *Manifest) Remove(e *Entry) {
	if !e.removed {
		e.removed = true
		m.removed++
	}
}

// Counts counts the entries of each blueprint.
func (m *Manifest) Counts() map[string]int {
	n := map[string]int{}
	m.All(func(e *Entry) bool {
		n[e.Blueprint]++
		return true
	})
	return n
}

// Len counts the entries.
func (m *Manifest) Len() int { return len(m.entries) - m.removed }
