package run

import (
	"context"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// exhausted says of which blueprints every cell that could yield an entity was read in full: in this run, or,
// of accounts that it could not enter, when they were last read. why says what was not.
func (s *sweep) exhausted(ctx context.Context) (may func(blueprint string) bool, why string, err error) {
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
		case !a.Active():
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
				if !none(f.Verdict) {
					hide(a.ID, f.Kind)
				}
			}
		}
	}
	for _, account := range s.outside() {
		m := &ledger.Manifest{}
		if _, known := states[account]; known {
			if m, _, err = s.work.ledger.Read(ctx, account); err != nil {
				return nil, "", err
			}
		}
		for _, k := range s.work.kinds {
			if k.Scope != kind.Hub && !listed(m, k.Name) {
				hide(account, k.Name)
			}
		}
	}
	return func(blueprint string) bool {
		return !slices.ContainsFunc(s.work.mapping.Blocks, func(b *mapping.Block) bool {
			yields := len(b.Blueprints) == 0 || slices.Contains(b.Blueprints, blueprint)
			frozen := slices.ContainsFunc(s.work.Frozen, func(f ledger.FrozenBlock) bool { return f.Block == b.Index })
			return yields && (nobody || hiding[b.Kind] || frozen)
		})
	}, why, nil
}

// outside are the accounts of the organization's, now or before, that this run did not enter.
func (s *sweep) outside() (ids []string) {
	for _, a := range slices.Concat(s.members, s.work.Inactive) {
		if !a.Active() {
			ids = append(ids, a.ID)
		}
	}
	for _, a := range s.work.Absent {
		ids = append(ids, a.ID)
	}
	return ids
}

// listed says that the last word on a kind, wherever it was asked for, was that it was listed to its end:
// then a manifest has all that the account may own of it, though this run did not look.
func listed(m *ledger.Manifest, name string) bool {
	some := false
	for _, c := range m.Cells {
		if c.Kind != name {
			continue
		}
		if some = true; c.Verdict.State != kind.Complete && !none(c.Verdict) {
			return false
		}
	}
	return some
}

// none says that there is nothing of a kind in a region, since AWS does not offer it there.
func none(v kind.Verdict) bool {
	return v.State == kind.Unsupported && v.Reason != access.RegionNotEnabled
}
