package run

import (
	"slices"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// Why an entry may go.
const (
	gone              = "gone"               // the resource is not in the list, or the service says so
	noLongerSelected  = "no longer selected" // the selector does not take it any more
	identifierChanged = "identifier changed" // it yields another identifier
	blueprintChanged  = "blueprint changed"  // it yields another blueprint
	mappingChanged    = "mapping changed"    // what yielded it is no longer in the mapping

	kindUnmapped      = "kind no longer mapped"
	regionUnmapped    = "region no longer mapped"
	accountUnselected = "account no longer selected"
	accountGone       = "account left the organization"
	accountMoved      = "account out of scope"

	purged   = "purged"    // a person wants all that we wrote to go
	leftOver = "left over" // it carries our datasource, nothing yields it and nothing refers to it
)

// byConfiguration says that a person's settings, and not AWS, are why an entry may go. However often that
// is proved, it may be a mistake.
func byConfiguration(reason string) bool {
	switch reason {
	case mappingChanged, kindUnmapped, regionUnmapped, accountUnselected, purged:
		return true
	}
	return false
}

var reasons = map[ledger.Mark]string{
	ledger.Gone: gone, ledger.NotMine: noLongerSelected, ledger.Renamed: identifierChanged,
	ledger.Moved: blueprintChanged, ledger.Unmapped: mappingChanged,
}

// departed is the rule of proof: why an entry may go, or "". It may only if its cell was listed to
// its end in this run, and its resource either was not in the list or was read in full and no longer
// yields it. A resource that could not be read or mapped protects its entries, and nothing else.
// Otherwise it may if the mapping no longer asks for its cell, in an account that let us in; and if
// its account is retired. What is left over in Port may where this run has found it so. A purge lets all go.
func (w *work) departed(account string, sum *ledger.Summary, e *ledger.Entry, c *ledger.Cell) string {
	if w.Options.Purge != "" {
		return purged
	}
	if account == leftovers {
		if e.Fence == w.Fence && w.Options.Refresh {
			return leftOver
		}
		return ""
	}
	if account == coverage {
		return w.faded(e, c)
	}
	if reason := w.retired(account); reason != "" {
		return reason
	}
	if c.Run != w.Run || !c.Verdict.State.Ended() {
		if sum.Run == w.Run && sum.Entered {
			return w.unasked(c)
		}
		return ""
	}
	if e.Fence != w.Fence {
		return gone
	}
	return reasons[e.Mark]
}

// unasked says why the mapping no longer asks for a cell, or "". What only the run's options leave out is
// asked for, and so is what a block that cannot be carried out names.
func (w *work) unasked(c *ledger.Cell) string {
	if w.Options.Retry != "" || !w.Options.Takes(c.Kind) || !w.Options.In(c.Region) {
		return ""
	}
	reason := kindUnmapped
	for _, b := range w.mapping.Blocks {
		switch {
		case b.Kind != c.Kind:
		case c.Region == kind.GlobalRegion || b.Regions.Allows(c.Region):
			return ""
		default:
			reason = regionUnmapped
		}
	}
	return reason
}

const clockSlack = ledger.ClockSlack

// ours says that we made the entity: we adopted it, which holds if it is still the one, and no claim of ours
// had met it before the run that did, nor sent a write that may have; or Port created it by the write that Port said had created it, or by one
// whose answer nobody read. An entity that was written within the slack before a run is not adopted by it.
func ours(b ledger.Birth, created time.Time) bool {
	within := func(from, to int64) bool {
		return !created.Before(time.UnixMilli(from).Add(-clockSlack)) && !created.After(time.UnixMilli(to).Add(clockSlack))
	}
	early := b.Since - clockSlack.Milliseconds()
	met := b.Met != 0 && b.Met < early || slices.ContainsFunc(b.Sent, func(s ledger.Span) bool { return s.From < early })
	switch {
	case b.Own == ledger.Created && within(b.From, b.To):
		return true
	case b.Own == ledger.Adopted && within(b.From, b.To) && !met:
		return true
	}
	return slices.ContainsFunc(b.Sent, func(s ledger.Span) bool { return within(s.From, s.Until) })
}

// touched says that somebody wrote the entity since the run began, and that it was not the last write
// of ours that Port confirmed.
func touched(e *ledger.Entry, found port.Entity, began time.Time) bool {
	return !found.UpdatedAt.Before(began.Add(-clockSlack)) && found.UpdatedAt.After(time.UnixMilli(e.At).Add(clockSlack))
}

// guard bounds what one run may delete of an account's blueprint: more than these two together needs
// a second proof.
const (
	guardEntries = 20
	guardShare   = 0.30
)

// guarded says whether so many candidates of so many entries are held.
func guarded(candidates, entries int) bool {
	return candidates > guardEntries && float64(candidates) > guardShare*float64(entries)
}

// hides says that a verdict leaves something of the estate unseen. A service that a region does not
// have hides nothing.
func hides(v kind.Verdict) bool { return !v.State.Ended() && v.State != kind.Unsupported }
