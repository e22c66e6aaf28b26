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
)

var reasons = map[ledger.Mark]string{
	ledger.Gone: gone, ledger.NotMine: noLongerSelected, ledger.Renamed: identifierChanged,
	ledger.Moved: blueprintChanged, ledger.Unmapped: mappingChanged,
}

// departed is the rule of proof: why an entry may go, or "". It may only if its cell was listed to
// its end in this run, and its resource either was not in the list or was read in full and no longer
// yields it. A resource that could not be read or mapped protects its entries, and nothing else.
func departed(e *ledger.Entry, c *ledger.Cell, run string, fence int64) string {
	if c.Run != run || !c.Verdict.State.Ended() {
		return ""
	}
	if e.Fence != fence {
		return gone
	}
	return reasons[e.Mark]
}

// clockSlack is how far Port's clock may be from what we take it to be: its Date has whole seconds.
const clockSlack = 2 * time.Second

// longestInvocation is how long after its journal chunk a write can have taken effect.
const longestInvocation = 20 * time.Minute

// ours says that we made the entity: we adopted it, or Port created it by the write that Port said had
// created it, or by one whose answer nobody read.
func ours(b ledger.Birth, created time.Time) bool {
	within := func(from, to int64) bool {
		return !created.Before(time.UnixMilli(from).Add(-clockSlack)) && !created.After(time.UnixMilli(to).Add(clockSlack))
	}
	return b.Own == ledger.Adopted || b.Own == ledger.Created && within(b.From, b.To) ||
		slices.ContainsFunc(b.Sent, func(at int64) bool { return within(at, at+longestInvocation.Milliseconds()) })
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
