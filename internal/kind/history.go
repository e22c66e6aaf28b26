package kind

import "time"

// History says how the items of a kind that only grows in number can be bounded.
type History struct {
	At string // the key of Properties with the time it began
	// Of names what an item is of: a project, a pipeline. Within one of these AWS lists the newest item
	// first. nil where AWS promises no order: then age bounds alone.
	Of func(Item) string
}

// Bound is how much of a history is read. The zero Bound is all of it.
type Bound struct {
	Newest int       // of each thing that has a history; 0 = all
	Since  time.Time // zero = whenever
}

// Before says that the history of properties began before the bound.
func (h *History) Before(b Bound, properties map[string]any) bool {
	at, _ := properties[h.At].(string)
	t, err := time.Parse(time.RFC3339, at)
	return err == nil && t.Before(b.Since)
}
