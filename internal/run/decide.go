package run

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// decide turns candidates and claims into what is to be done, in a stable order.
func (w *work) decide(c *claims, d *decisions, secondProof time.Duration, approvals map[string]bool) {
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
	held := w.holds(c, d, unclaimed, secondProof, approvals)
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
			m.Birth.Join(c.Birth)
		}
		d.Marks = append(d.Marks, m)
	}
}

// holds says which unclaimed entities are kept back, and why.
func (w *work) holds(c *claims, d *decisions, unclaimed []ledger.Entity, secondProof time.Duration, approvals map[string]bool) map[ledger.Entity]string {
	held, shifted := map[ledger.Entity]string{}, map[ledger.Entity]bool{}
	losing := map[[2]string]map[ledger.Entity]bool{}
	for _, key := range unclaimed {
		for _, one := range c.candidates[key] {
			shifted[key] = shifted[key] || one.shifted
			if w.Shrunk && w.retired(one.Account) != "" {
				held[key] = heldByShrinking
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
	if t := w.mapping.EntityDeletionThreshold; float64(len(unclaimed)) > t*float64(d.Entries) {
		for _, key := range unclaimed {
			held[key] = heldByThreshold
		}
	}
	for _, key := range unclaimed {
		if w.Options.Purge != "" {
			held[key] = heldByPurge
		}
		switch {
		case shifted[key]: // no proof, whoever approves it
			held[key] = heldByShift
		case approved(c.candidates[key], approvals):
			delete(held, key)
		}
	}
	return held
}

// provenTwice says that the guard held all of an entity's candidates in an earlier run, that this one
// began long enough after, and that AWS, not a changed mapping, is the proof.
func (w *work) provenTwice(all []candidate, secondProof time.Duration) bool {
	return !slices.ContainsFunc(all, func(c candidate) bool {
		return byConfiguration(c.Reason) || c.hold == nil || c.hold.Reason != heldByGuard || byConfiguration(c.hold.Of) || w.Time.Sub(c.hold.Since) < secondProof
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
	blueprints := slices.Sorted(maps.Keys(referrers)) // a circle must be cut at the same place each time
	for _, from := range blueprints {
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
	for _, b := range blueprints {
		rank(b)
	}
	return ranks
}
