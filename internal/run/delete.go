package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// doomed is an entry about to be deleted in Port.
type doomed struct {
	candidate
	entry *ledger.Entry
	words string // why Port did not delete it
}

// delete removes entities of one account from Port, chunk by chunk while there is time. It journals
// them, looks at each in Port once more, and forgets an entry only once Port has answered that the
// entity is gone, or is not ours.
func (t *turn) delete(ctx context.Context, all []candidate) (done bool, err error) {
	var going []doomed
	for _, c := range all {
		e := t.stillGone(c)
		switch {
		case e != nil:
			going = append(going, doomed{candidate: c, entry: e})
		case t.find(c) == nil && !t.mentioned(c):
			t.Deleted = append(t.Deleted, c.departure("Deleted", "by an invocation that did not live to say so"))
		}
	}
	for len(going) > 0 {
		select {
		case <-t.act.stop:
			return false, nil
		default:
		}
		n := 1 // a run of one blueprint, as much as one chunk holds
		for n < len(going) && n < ledger.ChunkSize && going[n].Blueprint == going[0].Blueprint {
			n++
		}
		if err := t.deleteChunk(ctx, going[:n]); err != nil {
			return false, err
		}
		going = going[n:]
	}
	return true, nil
}

// mentioned says whether an earlier invocation has said what became of a candidate.
func (t *turn) mentioned(c candidate) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	is := func(d report.Departure) bool { return d.Blueprint == c.Blueprint && d.Identifier == c.Identifier }
	o := t.progress.Outcome
	return slices.ContainsFunc(o.Deleted, is) || slices.ContainsFunc(o.Released, is)
}

func (t *turn) deleteChunk(ctx context.Context, going []doomed) error {
	list := make([]ledger.Written, len(going))
	for i, d := range going {
		list[i] = ledger.Written{Entity: d.Entity, Region: d.Region, Kind: d.Kind, Resource: d.Resource, Blocks: d.entry.Blocks}
	}
	if err := t.Journal(ctx, ledger.Delete, t.engine.Port.Now(), list); err != nil {
		return err
	}
	going, err := t.recheck(ctx, going)
	// An entity that others of the same blueprint refer to can go once these are gone.
	for again := true; again && len(going) > 0 && err == nil; {
		before := len(going)
		going, err = t.deleteOnce(ctx, going)
		again = len(going) < before
	}
	if err != nil {
		return err
	}
	for _, d := range going {
		t.Stayed = append(t.Stayed, d.departure("Blocked", d.words))
	}
	return nil
}

func identifiers(list []doomed) []string {
	ids := make([]string, len(list))
	for i, d := range list {
		ids[i] = d.Identifier
	}
	return ids
}

// recheck keeps those that are still ours and that nobody has touched since the run began.
func (t *turn) recheck(ctx context.Context, all []doomed) (going []doomed, err error) {
	blueprint, ids := all[0].Blueprint, identifiers(all)
	var there, owned map[string]port.Entity
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { there, err = t.engine.Port.Find(gctx, blueprint, ids); return err })
	g.Go(func() (err error) { owned, err = t.engine.Port.Owned(gctx, blueprint, ids); return err })
	// Without its blueprint an entity is gone.
	if err := g.Wait(); err != nil && !errors.Is(err, port.ErrBlueprintMissing) {
		return nil, named("look up entities before their deletion", err)
	} else if err != nil {
		there = nil
	}
	for _, d := range all {
		found, exists := there[d.Identifier]
		_, stamped := owned[d.Identifier]
		switch {
		case !exists:
			t.Remove(d.entry)
			t.Deleted = append(t.Deleted, d.departure("AlreadyGone", ""))
		case !stamped:
			t.Remove(d.entry)
			t.Released = append(t.Released, d.departure("WrittenByOthers", "somebody else wrote it last"))
		case !ours(d.entry.Birth, found.CreatedAt):
			t.Remove(d.entry)
			t.disowned = append(t.disowned, ledger.Disowned{Entity: d.Entity, Created: found.CreatedAt.UnixMilli()})
			made := found.CreatedAt.UTC().Format(time.RFC3339)
			t.Released = append(t.Released, d.departure("MadeByOthers", "it was made at "+made+", and not by us"))
		case touched(d.entry, found, t.work.PortTime):
			t.Stayed = append(t.Stayed, d.departure("Touched", "it was written since the run began"))
		default:
			going = append(going, d)
		}
	}
	return going, nil
}

// deleteOnce deletes what Port lets it delete, and returns the rest, each with Port's words.
func (t *turn) deleteOnce(ctx context.Context, going []doomed) (blocked []doomed, err error) {
	results, err := t.engine.Port.Delete(ctx, going[0].Blueprint, identifiers(going))
	var silent []doomed
	for i, d := range going {
		switch r := results[i]; {
		case r.Deleted:
			t.Remove(d.entry)
			t.Deleted = append(t.Deleted, d.departure("Deleted", ""))
		case r.Err == nil:
			silent = append(silent, d)
		case err == nil:
			d.words = r.Err.Error()
			blocked = append(blocked, d)
		}
	}
	if err != nil {
		return nil, named("delete entities", err)
	}
	if len(silent) == 0 {
		return blocked, nil
	}
	// Port did not name them: an earlier sending took them, or they are still there.
	there, err := t.engine.Port.Find(ctx, silent[0].Blueprint, identifiers(silent))
	if err != nil && !errors.Is(err, port.ErrBlueprintMissing) {
		return nil, named("look up entities after their deletion", err)
	}
	for _, d := range silent {
		if _, exists := there[d.Identifier]; exists {
			d.words = "Port did not delete it and did not say why"
			blocked = append(blocked, d)
			continue
		}
		t.Remove(d.entry)
		t.Deleted = append(t.Deleted, d.departure("Deleted", ""))
	}
	return blocked, nil
}
