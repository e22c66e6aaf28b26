package run

import (
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// exhausted says of which blueprints every cell that could yield an entity was read in full in this run, and
// what was not.
func (s *sweep) exhausted() (may func(blueprint string) bool, why string) {
	hiding, nobody := map[string]bool{}, false
	hide := func(account string, kinds ...string) {
		for _, k := range kinds {
			hiding[k] = true
		}
		if nobody = nobody || len(kinds) == 0; why == "" {
			why = "account " + account + " was not read in full"
		}
	}
	states := map[string]ledger.Summary{}
	for _, state := range s.states {
		states[state.Account] = state.Summary
	}
	for _, a := range s.members {
		switch sum := states[a.ID]; {
		case sum.Run != s.work.Run, !sum.Done, !sum.Entered:
			hide(a.ID)
		default:
			more := -len(sum.Frozen) // than are listed
			for state, n := range sum.Cells {
				if state != kind.Complete {
					more += n
				}
			}
			if more > 0 {
				hide(a.ID)
			}
			for _, f := range sum.Frozen {
				if f.State != kind.Unsupported || f.Reason == access.RegionNotEnabled {
					hide(a.ID, f.Kind)
				}
			}
		}
	}
	unread := slices.Clone(s.work.Inactive)
	for _, a := range s.work.Absent {
		unread = append(unread, ledger.Account{ID: a.ID})
	}
	for _, a := range unread { // what it has is known, if it was ever read
		if states[a.ID].Run == "" {
			hide(a.ID)
		}
	}
	return func(blueprint string) bool {
		return !slices.ContainsFunc(s.work.mapping.Blocks, func(b *mapping.Block) bool {
			yields := len(b.Blueprints) == 0 || slices.Contains(b.Blueprints, blueprint)
			frozen := slices.ContainsFunc(s.work.Frozen, func(f ledger.FrozenBlock) bool { return f.Block == b.Index })
			return yields && (nobody || hiding[b.Kind] || frozen)
		})
	}, why
}
