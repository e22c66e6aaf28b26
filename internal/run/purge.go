package run

import (
	"fmt"
	"maps"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// mayPurge wants a purge to name the integration, so that whoever mistakes one stack for another is told so.
func (e *Engine) mayPurge(o ledger.Options) error {
	if o.Purge != "" && o.Purge != e.Identifier {
		return &Error{"OptionsInvalid", fmt.Sprintf("purge: what is written here belongs to the integration %q, and not to %q",
			e.Identifier, o.Purge), nil}
	}
	return nil
}

// purge plans a run that reads nothing: no account is to be synced, and of none that the ledger knows anything
// stays. All of it is held until a person approves; then the rules of a delete hold for it as for any other.
func (p *planning) purge() {
	for _, id := range slices.Sorted(maps.Keys(p.lost())) {
		p.plan.Absent = append(p.plan.Absent, ledger.Absent{
			ID: id, Reason: notAsked, Message: "the run removes what Port has of it, and reads nothing", Gone: purged,
		})
	}
}
