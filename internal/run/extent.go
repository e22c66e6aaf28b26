package run

import (
	"maps"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// extent is how much of the cells of an account a run saw.
func extent(w *work, cells []ledger.Cell) ledger.Extent {
	read, denied, off := map[string]bool{}, map[string]bool{}, map[string]bool{}
	kinds, partial := map[string]bool{}, map[string]bool{}
	for _, c := range cells {
		if c.Run != w.Run {
			continue
		}
		kinds[c.Kind] = true
		if c.Verdict.State != kind.Complete && c.Verdict.State != kind.Unsupported {
			partial[c.Kind] = true
		}
		switch v := c.Verdict; {
		case c.Region == kind.GlobalRegion:
		case v.State.Ended():
			read[c.Region] = true
		case v.State == kind.Denied:
			denied[c.Region] = true
		case v.Reason == access.RegionNotEnabled:
			off[c.Region] = true
		}
	}
	for region := range read {
		delete(denied, region)
	}
	return ledger.Extent{
		Read: slices.Sorted(maps.Keys(read)), Denied: slices.Sorted(maps.Keys(denied)), NotEnabled: slices.Sorted(maps.Keys(off)),
		Asked: len(kinds), Complete: len(kinds) - len(partial),
	}
}
