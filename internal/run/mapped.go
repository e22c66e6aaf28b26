package run

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// mapped is what the blocks make of one resource.
type mapped struct {
	*collect.Resource
	id       ledger.ID
	entities []made
	err      *mapping.ItemError // of a block, if one failed: then the list may lack some
}

// made is an entity as the blocks that yield it have merged it.
type made struct {
	ledger.Entity
	blocks  []ledger.ID
	body    json.RawMessage
	hash    ledger.Hash
	partial bool            // it lacks something that could not be read
	targets []ledger.Entity // of its relations, which Port may create bare
}

func resourceID(key string) (id ledger.ID) {
	sum := sha256.Sum256([]byte(key))
	copy(id[:], sum[:])
	return id
}

// mapOne runs the blocks on a resource, each on what it asked for, and merges what they agree on.
func (in *intake) mapOne(ctx context.Context, r *collect.Resource) mapped {
	m := mapped{Resource: r, id: resourceID(r.Key)}
	if r.Gone || r.Whole.State != kind.Complete {
		return m
	}
	byEntity := map[ledger.Entity][]mapping.Entity{}
	blocks := map[ledger.Entity][]ledger.ID{}
	var order []ledger.Entity
	for _, b := range in.blocks {
		object, unread := r.View(b.Options)
		outcome := b.Map(ctx, object, unread)
		if outcome.Err != nil && m.err == nil {
			m.err = outcome.Err
		}
		in.note(r, outcome.Entities)
		for i, e := range outcome.Entities {
			key := ledger.Entity{Blueprint: e.Blueprint, Identifier: e.Identifier}
			if e.Search {
				key.Identifier = fmt.Sprint(searchPrefix, b.ID, " ", i)
			}
			if byEntity[key] == nil {
				order = append(order, key)
			}
			byEntity[key] = append(byEntity[key], e)
			if id := ledger.ID(b.ID); !slices.Contains(blocks[key], id) {
				blocks[key] = append(blocks[key], id)
			}
		}
	}
	for _, key := range order {
		in.merge(&m, key, byEntity[key], blocks[key])
	}
	return m
}

func (in *intake) merge(m *mapped, key ledger.Entity, entities []mapping.Entity, blocks []ledger.ID) {
	e := entities[0]
	if len(entities) > 1 {
		var conflicts []mapping.Conflict
		e, conflicts = mapping.Merge(entities)
		for _, c := range conflicts {
			p := in.problem(m.Key, "BlocksDiffer", "two blocks give differing values; the later one's counts")
			p.Path, p.Entity = c.Path, key.Blueprint+"/"+key.Identifier
			in.report(p)
		}
	}
	body, hash, err := e.Encode()
	if err != nil {
		m.err = &mapping.ItemError{Reason: err.Error(), Err: err}
		return
	}
	m.entities = append(m.entities, made{Entity: key, blocks: blocks, body: body, hash: ledger.Hash(hash), partial: len(e.Unread) > 0, targets: in.targets(e)})
}

// note reports what a program could not do that costs no entity, once for each program of the cell.
func (in *intake) note(r *collect.Resource, entities []mapping.Entity) {
	for _, e := range entities {
		for _, n := range e.Notes {
			reason := "ProgramFailed"
			if n.Encoded {
				reason = "IdentifierEncoded"
			}
			in.writer.mu.Lock()
			if at := n.Path + reason; !in.noted[at] {
				in.noted[at] = true
				p := in.problem(r.Key, reason, n.Reason+", in `"+n.Program+"`")
				p.Path, p.Entity = n.Path, e.Blueprint+"/"+e.Identifier
				in.writer.report(p)
			}
			in.writer.mu.Unlock()
		}
	}
}

// targets are the entities that Port creates for the relations of e where they are missing.
func (in *intake) targets(e mapping.Entity) (targets []ledger.Entity) {
	w := in.writer.sync.work
	relations, _ := e.Body["relations"].(map[string]any)
	if !w.mapping.CreateMissingRelatedEntities || len(relations) == 0 {
		return nil
	}
	blueprints := w.relations(e.Blueprint)
	for name, value := range relations {
		list, many := value.([]any)
		if !many {
			list = []any{value}
		}
		for _, id := range list {
			if id, ok := id.(string); ok && blueprints[name] != "" {
				targets = append(targets, ledger.Entity{Blueprint: blueprints[name], Identifier: id})
			}
		}
	}
	return targets
}
