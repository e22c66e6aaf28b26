package collect

import "github.com/port-aws-sync/port-aws-sync/internal/kind"

// Beyond is the reason of items that are there and were not read, since they are beyond the bound that
// was asked for. They spoil nothing.
const Beyond = "BeyondBound"

var beyond = kind.Verdict{State: kind.Unread, Reason: Beyond, Message: "beyond the bound of the selector"}

// part parts items into those to read and those beyond the bound.
func (c *cell) part(items []kind.Item) (within, rest []kind.Item) {
	h := c.Kind.History
	if h == nil || c.Bound == (kind.Bound{}) {
		return items, nil
	}
	for _, it := range items {
		old := h.Before(c.Bound, it.Properties)
		if h.Of != nil && c.Bound.Newest > 0 {
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
