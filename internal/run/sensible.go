package run

import (
	"fmt"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// sensible refuses options that name what the run could not ask for: a run that does nothing looks like one
// that found nothing.
func (e *Engine) sensible(o ledger.Options, m *mapping.Mapping, frozen []ledger.FrozenBlock) error {
	invalid := func(format string, a ...any) error { return &Error{"OptionsInvalid", fmt.Sprintf(format, a...), nil} }
	// asks says whether a cell of a kind in one of some regions would be asked for; "" is any kind.
	asks := func(name string, regions []string) bool {
		return slices.ContainsFunc(m.Blocks, func(b *mapping.Block) bool {
			k, known := e.serve(b.Kind)
			left := slices.ContainsFunc(frozen, func(f ledger.FrozenBlock) bool { return f.Block == b.Index })
			if !known || left || name != "" && name != b.Kind || !o.Takes(b.Kind) {
				return false
			}
			return len(regions) == 0 || slices.ContainsFunc(regions, func(region string) bool {
				global := region == kind.GlobalRegion
				return global == (k.Scope != kind.Regional) && (global || b.Regions.Allows(region))
			})
		})
	}
	for i, name := range o.Kinds {
		at := slices.IndexFunc(frozen, func(f ledger.FrozenBlock) bool { return f.Kind == name })
		switch {
		case !slices.ContainsFunc(m.Blocks, func(b *mapping.Block) bool { return b.Kind == name }):
			return invalid("kinds[%d]: the mapping does not name %s", i, name)
		case !asks(name, nil) && at >= 0:
			return invalid("kinds[%d]: %s", i, frozen[at].Message)
		case !asks(name, o.Regions):
			return invalid("kinds[%d]: the mapping asks for no %s in these regions (what is not regional is in the region %q)",
				i, name, kind.GlobalRegion)
		}
	}
	for i, region := range o.Regions {
		if !asks("", []string{region}) {
			return invalid("regions[%d]: the mapping asks for nothing in %s", i, region)
		}
	}
	return nil
}
