package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	Reason string     `json:"reason"`
	Own    ledger.Own `json:"o,omitempty"`
	From   int64      `json:"from,omitempty"`
	To     int64      `json:"to,omitempty"`

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
	Own  ledger.Own `json:"o,omitempty"` // of the dropped claim
	From int64      `json:"from,omitempty"`
	To   int64      `json:"to,omitempty"`
}

// Why a candidate is kept back.
const (
	heldByGuard     = "Guard"                   // too large a share of its account and blueprint
	heldByShift     = "ListShifted"             // an item came twice: others may not have come at all
	heldByThreshold = "EntityDeletionThreshold" // the mapping's own bound for the whole run
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

// readers is how many manifests are in memory at once.
const readers = 8

// each calls f for the accounts that want it, several at once.
func each(ctx context.Context, states []ledger.State, wants func(ledger.State) bool, f func(context.Context, string) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(readers)
	for _, s := range states {
		if wants(s) {
			g.Go(func() error { return f(ctx, s.Account) })
		}
	}
	return g.Wait()
}

// gather decides what goes. Nobody writes meanwhile. Manifests are read one at a time, and only where
// there is something to decide: memory grows with the candidates alone.
func (w *work) gather(ctx context.Context, states []ledger.State, secondProof time.Duration) (decisions, error) {
	c := claims{
		candidates: map[ledger.Entity][]candidate{}, stay: map[ledger.Entity][]place{}, entries: map[[2]string]int{},
	}
	d := decisions{Format: ledger.Format}
	for _, s := range states {
		d.Entries += s.Summary.Total()
		if s.Summary.Run == w.Run {
			d.Entries -= s.Summary.Born
		}
	}
	err := each(ctx, states, func(s ledger.State) bool {
		return s.Summary.Run == w.Run && s.Summary.Candidates > 0
	}, func(ctx context.Context, account string) error { return w.candidates(ctx, account, &c) })
	if err != nil || len(c.candidates) == 0 {
		return d, err
	}
	for _, all := range c.candidates {
		slices.SortFunc(all, func(a, b candidate) int { return strings.Compare(a.order(), b.order()) })
	}
	err = each(ctx, states, func(s ledger.State) bool { return s.Summary.Total() > 0 || s.Loose },
		func(ctx context.Context, account string) error { return w.others(ctx, account, &c) })
	if err != nil {
		return d, err
	}
	w.decide(&c, &d, secondProof)
	return d, nil
}

func (w *work) candidates(ctx context.Context, account string, c *claims) error {
	m, _, err := w.ledger.Read(ctx, account)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	m.All(func(e *ledger.Entry) bool {
		cell := &m.Cells[e.Cell]
		c.entries[[2]string{account, e.Blueprint}]++
		if reason := departed(e, cell, w.Run, w.Fence); reason != "" {
			one := candidate{
				place:  place{account, e.Entity, cell.Region, cell.Kind, e.Resource},
				Reason: reason, Own: e.Own, From: e.From, To: e.To, shifted: cell.Shifted, hold: e.Hold,
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
	m, _, err := w.ledger.Read(ctx, account)
	if err != nil {
		return err
	}
	m.All(func(e *ledger.Entry) bool {
		if len(c.candidates[e.Entity]) > 0 && departed(e, &m.Cells[e.Cell], w.Run, w.Fence) == "" {
			cell := m.Cells[e.Cell]
			c.mu.Lock()
			defer c.mu.Unlock()
			c.stay[e.Entity] = append(c.stay[e.Entity], place{account, e.Entity, cell.Region, cell.Kind, e.Resource})
		}
		return true
	})
	return nil
}

// decide turns candidates and claims into what is to be done, in a stable order.
func (w *work) decide(c *claims, d *decisions, secondProof time.Duration) {
	var keys []ledger.Entity
	for key := range c.candidates {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b ledger.Entity) int {
		return strings.Compare(a.Blueprint+"\x00"+a.Identifier, b.Blueprint+"\x00"+b.Identifier)
	})
	var unclaimed []ledger.Entity
	for _, key := range keys {
		switch stay := c.stay[key]; {
		case bySearch(key):
			d.Drops = append(d.Drops, c.candidates[key]...)
		case len(stay) > 0:
			slices.SortFunc(stay, func(a, b place) int { return strings.Compare(a.order(), b.order()) })
			d.leave(c.candidates[key], stay)
		default:
			unclaimed = append(unclaimed, key)
		}
	}
	d.Candidates = len(unclaimed)
	held := w.holds(c, d, unclaimed, secondProof)
	for _, key := range unclaimed {
		all := c.candidates[key]
		if because := held[key]; because != "" {
			for _, one := range all {
				d.Holds = append(d.Holds, hold{one, because})
			}
			continue
		}
		// Let go by several: one of them deletes, the others are dropped before.
		last := all[len(all)-1]
		if len(all) > 1 {
			d.leave(all[:len(all)-1], []place{last.place})
		}
		d.Deletes = append(d.Deletes, last)
	}
	ranks := w.ranks(d.Deletes)
	slices.SortStableFunc(d.Deletes, func(a, b candidate) int {
		if r := ranks[a.Blueprint] - ranks[b.Blueprint]; r != 0 {
			return r
		}
		return strings.Compare(a.Account, b.Account)
	})
}

// leave drops claims of an entity that others keep. These inherit that we made it.
func (d *decisions) leave(dropped []candidate, stay []place) {
	d.Drops = append(d.Drops, dropped...)
	for _, p := range stay {
		m := mark{place: p}
		for _, c := range dropped {
			m.Own, m.From, m.To = inherit(m.Own, m.From, m.To, c.Own, c.From, c.To)
		}
		d.Marks = append(d.Marks, m)
	}
}

// inherit is what two claims of one entity know together of how it came to be: the surest of them,
// and where neither knows, the time that both were about.
func inherit(own ledger.Own, from, to int64, other ledger.Own, otherFrom, otherTo int64) (ledger.Own, int64, int64) {
	switch {
	case otherFrom == 0 && other == ledger.Unsettled:
		return own, from, to
	case other > own || from == 0:
		return other, otherFrom, otherTo
	case own > other:
		return own, from, to
	}
	if from > otherFrom {
		from = otherFrom
	}
	return own, from, max(to, otherTo)
}

// holds says which unclaimed entities are kept back, and why.
func (w *work) holds(c *claims, d *decisions, unclaimed []ledger.Entity, secondProof time.Duration) map[ledger.Entity]string {
	held := map[ledger.Entity]string{}
	losing := map[[2]string]map[ledger.Entity]bool{}
	for _, key := range unclaimed {
		for _, one := range c.candidates[key] {
			if one.shifted {
				held[key] = heldByShift
			}
			at := [2]string{one.Account, one.Blueprint}
			if losing[at] == nil {
				losing[at] = map[ledger.Entity]bool{}
			}
			losing[at][key] = true
		}
	}
	for at, entities := range losing {
		s := share{at[0], at[1], len(entities), c.entries[at], guarded(len(entities), c.entries[at])}
		d.Shares = append(d.Shares, s)
		if !s.Held {
			continue
		}
		for key := range entities {
			if !w.provenTwice(c.candidates[key], secondProof) {
				held[key] = heldByGuard
			}
		}
	}
	slices.SortFunc(d.Shares, func(a, b share) int { return strings.Compare(a.Account+a.Blueprint, b.Account+b.Blueprint) })
	if t := w.mapping.EntityDeletionThreshold; t == 0 || float64(len(unclaimed)) > t*float64(d.Entries) {
		for _, key := range unclaimed {
			held[key] = heldByThreshold
		}
	}
	return held
}

// provenTwice says that the guard held all of an entity's candidates in an earlier run, that this one
// began long enough after, and that AWS, not a changed mapping, is the proof.
func (w *work) provenTwice(all []candidate, secondProof time.Duration) bool {
	return !slices.ContainsFunc(all, func(c candidate) bool {
		return c.Reason == mappingChanged || c.hold == nil || c.hold.Reason != heldByGuard || c.hold.Run == w.Run || w.Time.Sub(c.hold.Since) < secondProof
	})
}

// ranks orders blueprints so that what refers to others is deleted before them.
func (w *work) ranks(deletes []candidate) map[string]int {
	referrers := map[string][]string{} // blueprint → those that refer to it
	for _, one := range deletes {
		if referrers[one.Blueprint] == nil {
			referrers[one.Blueprint] = []string{}
		}
	}
	for from := range referrers {
		for _, to := range w.relations(from) {
			if _, ok := referrers[to]; ok && to != from && !slices.Contains(referrers[to], from) {
				referrers[to] = append(referrers[to], from)
			}
		}
	}
	ranks, visiting := map[string]int{}, map[string]bool{}
	var rank func(string) int
	rank = func(b string) int {
		if r, ok := ranks[b]; ok || visiting[b] { // a circle has no right order
			return r
		}
		visiting[b] = true
		r := 0
		for _, from := range referrers[b] {
			r = max(r, rank(from)+1)
		}
		ranks[b] = r
		return r
	}
	for b := range referrers {
		rank(b)
	}
	return ranks
}
