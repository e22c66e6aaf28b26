package run

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// doomed is an entry about to be deleted in Port.
type doomed struct {
	candidate
	entry *ledger.Entry
	words string // why Port did not delete it
}

// delete removes entities of one account from Port. It journals them, looks at each in Port once
// more, and forgets an entry only once Port has answered that the entity is gone, or is not ours.
func (s *sweep) delete(ctx context.Context, h *ledger.Holder, all []candidate) error {
	var going []doomed
	for _, c := range all {
		if e := s.stillGone(h, c); e != nil {
			going = append(going, doomed{candidate: c, entry: e})
		}
	}
	for len(going) > 0 {
		n := 1 // a run of one blueprint, as much as one chunk holds
		for n < len(going) && n < ledger.ChunkSize && going[n].Blueprint == going[0].Blueprint {
			n++
		}
		if err := s.deleteSome(ctx, h, going[:n]); err != nil {
			return err
		}
		going = going[n:]
	}
	return nil
}

func (s *sweep) deleteSome(ctx context.Context, h *ledger.Holder, going []doomed) error {
	list := make([]ledger.Written, len(going))
	for i, d := range going {
		list[i] = ledger.Written{Entity: d.Entity, Region: d.Region, Kind: d.Kind, Resource: d.Resource, Blocks: d.entry.Blocks}
	}
	if err := h.Journal(ctx, s.engine.Port.Now(), list); err != nil {
		return err
	}
	going, err := s.recheck(ctx, h, going)
	if err != nil {
		return err
	}
	// An entity that others of the same blueprint refer to can go once these are gone.
	for again := true; again && len(going) > 0; {
		before := len(going)
		if going, err = s.deleteOnce(ctx, h, going); err != nil {
			return err
		}
		again = len(going) < before
	}
	for _, d := range going {
		s.note(&s.progress.Outcome.Stayed, d.candidate, "Blocked", d.words)
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
func (s *sweep) recheck(ctx context.Context, h *ledger.Holder, all []doomed) (going []doomed, err error) {
	blueprint, ids := all[0].Blueprint, identifiers(all)
	var there, owned map[string]port.Entity
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { there, err = s.engine.Port.Find(gctx, blueprint, ids); return err })
	g.Go(func() (err error) { owned, err = s.engine.Port.Owned(gctx, blueprint, ids); return err })
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
			h.Remove(d.entry)
			s.note(&s.progress.Outcome.Deleted, d.candidate, "AlreadyGone", "")
		case !stamped:
			h.Remove(d.entry)
			s.note(&s.progress.Outcome.Released, d.candidate, "WrittenByOthers", "somebody else wrote it last")
		case !ours(d.entry.Own, d.entry.From, d.entry.To, found.CreatedAt):
			h.Remove(d.entry)
			s.note(&s.progress.Outcome.Released, d.candidate, "MadeByOthers",
				fmt.Sprintf("it was made at %s, and not by us", found.CreatedAt.UTC().Format("2006-01-02T15:04:05Z")))
		case touched(d.entry, found, s.work.PortTime):
			s.note(&s.progress.Outcome.Stayed, d.candidate, "Touched", "it was written since the run began")
		default:
			going = append(going, d)
		}
	}
	return going, nil
}

// deleteOnce deletes what Port lets it delete, and returns the rest, each with Port's words.
func (s *sweep) deleteOnce(ctx context.Context, h *ledger.Holder, going []doomed) (blocked []doomed, err error) {
	results, err := s.engine.Port.Delete(ctx, going[0].Blueprint, identifiers(going))
	var silent []doomed
	for i, d := range going {
		switch r := results[i]; {
		case r.Deleted:
			h.Remove(d.entry)
			s.note(&s.progress.Outcome.Deleted, d.candidate, "Deleted", "")
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
	there, err := s.engine.Port.Find(ctx, silent[0].Blueprint, identifiers(silent))
	if err != nil && !errors.Is(err, port.ErrBlueprintMissing) {
		return nil, named("look up entities after their deletion", err)
	}
	for _, d := range silent {
		if _, exists := there[d.Identifier]; exists {
			d.words = "Port did not delete it and did not say why"
			blocked = append(blocked, d)
			continue
		}
		h.Remove(d.entry)
		s.note(&s.progress.Outcome.Deleted, d.candidate, "Deleted", "")
	}
	return blocked, nil
}
