package run

import "github.com/port-aws-sync/port-aws-sync/internal/ledger"

// yields counts what the blocks of the mapping have of an account.
type yields struct {
	blocks    map[ledger.ID]ledger.BlockCount
	resources map[yield]bool
}

// yield is a resource that a block makes something of.
type yield struct{ block, resource ledger.ID }

func newYields() yields {
	return yields{map[ledger.ID]ledger.BlockCount{}, map[yield]bool{}}
}

// count counts an entry for each of its blocks, and its resource once for each.
func (y yields) count(e *ledger.Entry) {
	for _, id := range e.Blocks {
		n := y.blocks[id]
		n.Entities++
		if !e.Refused.IsZero() {
			n.Refused++
		}
		if at := (yield{id, e.Resource}); !y.resources[at] {
			y.resources[at] = true
			n.Resources++
		}
		y.blocks[id] = n
	}
}
