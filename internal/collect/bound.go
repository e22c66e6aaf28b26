package collect

import (
	"encoding/json"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// Beyond is the reason of items that are there and were not read, since they are beyond the bound that
// was asked for. They spoil nothing.
const Beyond = "BeyondBound"

var beyond = kind.Verdict{State: kind.Unread, Reason: Beyond, Message: "beyond the bound of the selector"}

// place is the cursor of a listing whose items are counted: how many there were before it is in it.
type place struct {
	Cursor  string         `json:"cursor"`
	Counted map[string]int `json:"counted"`
}

// counts says that the newest items of each thing are asked for.
func (c *cell) counts() bool {
	return c.Kind.History != nil && c.Kind.History.Of != nil && c.Bound.Newest > 0
}

// begin is the kind's cursor in the one that the listing goes on from.
func (c *cell) begin() string {
	if !c.counts() || c.Cursor == "" {
		return c.Cursor
	}
	var p place
	if json.Unmarshal([]byte(c.Cursor), &p) != nil || p.Counted == nil {
		return "" // nothing that place made: all is listed again
	}
	c.counted = p.Counted
	return p.Cursor
}

// place is the cursor for the kind's, and for what was counted up to there.
func (c *cell) place(cursor string) string {
	if !c.counts() || cursor == "" {
		return cursor
	}
	text, _ := json.Marshal(place{cursor, c.counted}) // never fails: strings and numbers
	return string(text)
}

// part parts items into those to read and those beyond the bound.
func (c *cell) part(items []kind.Item) (within, rest []kind.Item) {
	h := c.Kind.History
	if h == nil || c.Bound == (kind.Bound{}) {
		return items, nil
	}
	for _, it := range items {
		old := h.Before(c.Bound, it.Properties)
		if c.counts() {
			of := h.Of(it)
			c.counted[of]++
			old = old || c.counted[of] > c.Bound.Newest
		}
		if old {
			rest = append(rest, it)
		} else {
			within = append(within, it)
		}
	}
	return within, rest
}

// bound adds those that were not read to those that were, and finds which of these turned out too old.
func (c *cell) bound(read []Resource, rest []kind.Item) []Resource {
	h := c.Kind.History
	if h == nil || c.Bound == (kind.Bound{}) {
		return read
	}
	for i := range read {
		for _, p := range read[i].parts {
			if h.Before(c.Bound, p.answer) {
				read[i].Whole = beyond
			}
		}
	}
	for _, it := range rest {
		read = append(read, Resource{Item: it, Site: c.site, kind: c.Kind, Whole: beyond})
	}
	return read
}
