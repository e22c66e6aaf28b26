package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// place is one source of an entity: an entry of an account's manifest.
type place struct {
	Account string `json:"account"`
	ledger.Entity
	Region   string    `json:"region"`
	Kind     string    `json:"kind"`
	Resource ledger.ID `json:"k"`
}

func (p place) order() string {
	return p.Account + "\x00" + p.Region + "\x00" + p.Kind + "\x00" + string(p.Resource[:])
}

// candidate is an entry that may go.
type candidate struct {
	place
	Reason string       `json:"reason"`
	Birth  ledger.Birth `json:"birth"`

	shifted bool
	hold    *ledger.Hold
}

// decisions are what a sweep has decided to do, stored before it does any of it. Their order is the
// order in which they are carried out.
type decisions struct {
	Format  int         `json:"format"`
	Marks   []mark      `json:"marks,omitempty"`   // other claims: their hash becomes unknown
	Drops   []candidate `json:"drops,omitempty"`   // forgotten, because other claims stay
	Holds   []hold      `json:"holds,omitempty"`   // kept back
	Deletes []candidate `json:"deletes,omitempty"` // dependents first

	Entries    int     `json:"entries"`          // recorded when the run began
	Candidates int     `json:"candidates"`       // of them, entities that nobody claims any more
	Shares     []share `json:"shares,omitempty"` // what the guard reckoned with
}

// mark is a claim that stays while another is dropped.
type mark struct {
	place
	Birth ledger.Birth `json:"birth"` // what the dropped claims know
}

// Why a candidate is kept back.
const (
	heldByGuard     = "Guard"                   // too large a share of its account and blueprint
	heldByShift     = "ListShifted"             // an item came twice: others may not have come at all
	heldByThreshold = "EntityDeletionThreshold" // the mapping's own bound for the whole run
	heldByShrinking = "AccountsShrunk"          // so many accounts are missing that it may be a mistake
	heldByPurge     = "Purge"                   // nobody has seen yet what a purge would remove
)

type hold struct {
	candidate
	Because string `json:"because"`
}

// share is how much of a blueprint one account would lose.
type share struct {
	Account    string `json:"account"`
	Blueprint  string `json:"blueprint"`
	Candidates int    `json:"candidates"`
	Entries    int    `json:"entries"`
	Held       bool   `json:"held,omitempty"`
}

// claims gathers, for the entities that have a candidate, who else claims them.
type claims struct {
	mu         sync.Mutex
	candidates map[ledger.Entity][]candidate // sorted by account
	stay       map[ledger.Entity][]place
	entries    map[[2]string]int // by account and blueprint
}

// entriesAtOnce bounds the entries of the manifests that are in memory at once; accountEntries is what an
// account counts for at least.
const entriesAtOnce, accountEntries = 300_000, 10_000

// each calls f for the accounts that want it, several at once.
func each(ctx context.Context, states []ledger.State, wants func(ledger.State) bool, f func(context.Context, string) error) error {
	room := semaphore.NewWeighted(entriesAtOnce)
	g, gctx := errgroup.WithContext(ctx)
	for _, s := range states {
		if !wants(s) {
			continue
		}
		weight := min(max(int64(s.Summary.Total()), accountEntries), entriesAtOnce)
		if room.Acquire(gctx, weight) != nil {
			break // g knows why
		}
		g.Go(func() error {
			defer room.Release(weight)
			return f(gctx, s.Account)
		})
	}
	return errors.Join(g.Wait(), ctx.Err())
}

// gather decides what goes. Nobody writes meanwhile. Manifests are read a few at a time, and only where
// there is something to decide: memory grows with the candidates alone.
func (w *work) gather(ctx context.Context, states []ledger.State, secondProof time.Duration) (decisions, error) {
	c := claims{
		candidates: map[ledger.Entity][]candidate{}, stay: map[ledger.Entity][]place{}, entries: map[[2]string]int{},
	}
	d := decisions{Format: ledger.Format}
	for _, s := range states { // what is left over is recorded, too, if only now
		d.Entries += s.Summary.Total()
		if s.Summary.Run == w.Run {
			d.Entries -= s.Summary.Born
		}
	}
	err := each(ctx, states, func(s ledger.State) bool {
		return s.Summary.Run == w.Run && s.Summary.Candidates > 0 || s.Account == coverage || w.retired(s.Account) != "" && (s.Summary.Total() > 0 || s.Loose)
	}, func(ctx context.Context, account string) error { return w.candidates(ctx, account, &c) })
	if err != nil || len(c.candidates) == 0 {
		return d, err
	}
	for _, all := range c.candidates {
		slices.SortFunc(all, func(a, b candidate) int { return strings.Compare(a.order(), b.order()) })
	}
	err = each(ctx, claimants(states), func(s ledger.State) bool { return s.Summary.Total() > 0 || s.Loose },
		func(ctx context.Context, account string) error { return w.others(ctx, account, &c) })
	if err != nil {
		return d, err
	}
	approvals, err := w.approvals(ctx)
	if err == nil {
		w.decide(&c, &d, secondProof, approvals)
	}
	return d, err
}

func (w *work) candidates(ctx context.Context, account string, c *claims) error {
	m, sum, err := w.ledger.Read(ctx, account)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m.All(func(e *ledger.Entry) bool {
		cell := &m.Cells[e.Cell]
		c.entries[[2]string{account, e.Blueprint}]++
		if reason := w.departed(account, &sum, e, cell); reason != "" {
			one := candidate{
				place:  place{account, e.Entity, cell.Region, cell.Kind, e.Resource},
				Reason: reason, Birth: e.Birth, shifted: cell.Shifted && reason != purged, hold: e.Hold,
			}
			c.candidates[w.key(one.place)] = append(c.candidates[w.key(one.place)], one)
		}
		return true
	})
	return nil
}

// key is what claims of the same entity share. An entity found by a search has no other claims: which
// one it is only Port knows.
func (w *work) key(p place) ledger.Entity {
	if bySearch(p.Entity) {
		p.Identifier += fmt.Sprint(p.Account, p.Kind, p.Region, p.Resource)
	}
	return p.Entity
}

func (w *work) others(ctx context.Context, account string, c *claims) error {
	m, sum, err := w.ledger.Read(ctx, account)
	if err != nil {
		return err
	}
	m.All(func(e *ledger.Entry) bool {
		if len(c.candidates[e.Entity]) > 0 && w.departed(account, &sum, e, &m.Cells[e.Cell]) == "" {
			cell := m.Cells[e.Cell]
			c.mu.Lock()
			defer c.mu.Unlock()
			c.stay[e.Entity] = append(c.stay[e.Entity], place{account, e.Entity, cell.Region, cell.Kind, e.Resource})
		}
		return true
	})
	return nil
}
