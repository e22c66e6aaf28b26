package run

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// leftovers is an account of the ledger alone: its entries are the entities in Port that carry our
// datasource and that no account yields. So they are held, journaled, looked at again and deleted like any.
const leftovers = "leftovers"

// accountsOf are the states of accounts of AWS.
func accountsOf(states []ledger.State) []ledger.State {
	return slices.DeleteFunc(claimants(states), func(s ledger.State) bool { return s.Account == coverage })
}

// claimants are the states of the accounts whose entries claim an entity.
func claimants(states []ledger.State) []ledger.State {
	return slices.DeleteFunc(slices.Clone(states), func(s ledger.State) bool { return s.Account == leftovers })
}

// findLeftovers finds, in a run that a person has asked to refresh, what carries our datasource in Port, no
// manifest knows and nothing refers to. It may only be gone where every cell that could yield it was read in
// full.
func (s *sweep) findLeftovers(ctx context.Context) error {
	if !s.work.Options.Refresh || s.work.Options.Narrow() {
		return nil
	}
	unknown, err := s.unknown(ctx)
	found := map[ledger.Entity]time.Time{}
	for _, blueprint := range slices.Sorted(maps.Keys(unknown)) {
		if err == nil {
			err = s.unreferred(ctx, blueprint, unknown[blueprint], found)
		}
	}
	var busy *port.BusyError
	if err != nil && (fatal(err) || ctx.Err() != nil || errors.As(err, &busy)) {
		return err
	}
	if err != nil { // a run is not worth failing for what may as well go later
		s.engine.Log.WarnContext(ctx, "leftovers not found", "run", s.work.Run, "err", err)
		s.unsearched = append(s.unsearched, "What is left over in Port was not looked for: "+err.Error())
		return nil
	}
	if len(found) == 0 && !slices.ContainsFunc(s.states, func(state ledger.State) bool { return state.Account == leftovers }) {
		return nil
	}
	if err := s.record(ctx, found); err != nil {
		return err
	}
	s.states, err = s.work.ledger.States(ctx)
	return err
}

// unknown are the entities that carried our datasource before the run, are in no manifest, and could be in
// none.
func (s *sweep) unknown(ctx context.Context) (map[string][]string, error) {
	may, why, err := s.exhausted(ctx)
	if err != nil {
		return nil, err
	}
	if why != "" {
		s.unsearched = append(s.unsearched, "What is left over in Port was looked for only where nothing could hide it: "+why)
	}
	seed, known, mu := maphash.MakeSeed(), map[uint64]bool{}, sync.Mutex{}
	hash := func(e ledger.Entity) uint64 { return maphash.Comparable(seed, e) } // two that share one are both known
	err = each(ctx, claimants(s.states), func(ledger.State) bool { return true }, func(ctx context.Context, account string) error {
		m, _, err := s.work.ledger.Read(ctx, account)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		m.All(func(e *ledger.Entry) bool { known[hash(e.Entity)] = true; return true })
		return nil
	})
	found := map[string][]string{}
	for from := ""; err == nil; {
		var page port.SearchPage
		if page, err = s.engine.Port.DatasourceEntities(ctx, s.work.PortTime.Add(-clockSlack), from); err != nil {
			break
		}
		for _, e := range page.Entities {
			if may(e.Blueprint) && !known[hash(ledger.Entity{Blueprint: e.Blueprint, Identifier: e.Identifier})] {
				found[e.Blueprint] = append(found[e.Blueprint], e.Identifier)
			}
		}
		if from = page.Next; from == "" {
			break
		}
	}
	return found, err
}

// unreferred adds to found what of a blueprint is ours and nothing refers to, with when it was made.
func (s *sweep) unreferred(ctx context.Context, blueprint string, identifiers []string, found map[ledger.Entity]time.Time) error {
	theirs, err := s.work.ledger.ReadDisowned(ctx)
	if err != nil {
		return err
	}
	owned, err := s.engine.Port.Owned(ctx, blueprint, identifiers)
	if err != nil {
		return err
	}
	for _, from := range s.work.Blueprints {
		if !slices.Contains(slices.Collect(maps.Values(from.Relations)), blueprint) {
			continue
		}
		err := s.engine.Port.Related(ctx, from.Identifier, blueprint, identifiers, func(e port.Entity) {
			for name, target := range e.Relations {
				for _, id := range asSet(target) {
					if from.Relations[name] == blueprint {
						delete(owned, id)
					}
				}
			}
		})
		if err != nil && !errors.Is(err, port.ErrBlueprintMissing) {
			return fmt.Errorf("look for what refers to entities of %s: %w", blueprint, err)
		}
	}
	for id, e := range owned {
		one := ledger.Entity{Blueprint: blueprint, Identifier: id}
		if !theirs[ledger.Disowned{Entity: one, Created: e.CreatedAt.UnixMilli()}] {
			found[one] = e.CreatedAt
		}
	}
	return nil
}

// record makes what was found the entries of the leftovers. One that was held keeps its hold.
func (s *sweep) record(ctx context.Context, found map[ledger.Entity]time.Time) error {
	w := s.work
	h, err := w.ledger.Take(ctx, leftovers, s.engine.lease(w, s.act), w.phase(ledger.Sweeping))
	if err != nil {
		return err
	}
	if !w.Options.DryRun {
		if err := h.Tidy(ctx); err != nil {
			return errors.Join(err, s.act.release(ctx, h))
		}
	}
	holds := map[ledger.Entity]*ledger.Hold{}
	h.All(func(e *ledger.Entry) bool {
		holds[e.Entity] = e.Hold
		h.Remove(e)
		return true
	})
	cell := h.Cell(kind.GlobalRegion, leftovers)
	h.Judge(cell, w.Run, kind.Verdict{State: kind.Complete}, s.engine.Now())
	for one, made := range found {
		at := made.UnixMilli()
		h.Add(ledger.Entry{
			Entity: one, Cell: cell, Resource: resourceID(one.Blueprint + "/" + one.Identifier), First: w.Fence, Fence: w.Fence,
			Birth: ledger.Birth{Own: ledger.Adopted, From: at, To: at, Since: w.PortTime.UnixMilli()}, Hold: holds[one],
		})
	}
	sum := ledger.Summary{Run: w.Run, Done: true, Entered: true, Entries: h.Counts(), Candidates: len(found)}
	return h.Commit(ctx, sum)
}
