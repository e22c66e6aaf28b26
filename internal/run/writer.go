package run

import (
	"context"
	"encoding/json"
	"errors"
	"sync"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

const (
	// journalAt is how many entities wait before a journal chunk is written while more may come: with
	// fewer, an account of ordinary size would pay a request for a handful of entities.
	journalAt = 40
	// maxWaiting bounds the entities between listing and Port, and so the memory they take. It is
	// well above what can lie in batches that are not full yet.
	maxWaiting = 4000
)

// writer brings the entities of one account to Port, in the one order that no crash can harm:
// journal, write, manifest. Its lock also guards the manifest while cells are listed.
type writer struct {
	ctx    context.Context // of the invocation: what is on its way outlives the listing
	sync   *accountSync
	upsert func(blueprint string, entities []json.RawMessage) []port.Result

	waiting chan struct{} // one for each entity on its way

	mu         sync.Mutex
	idle       *sync.Cond // something has ended
	fresh      []*write   // not journaled yet
	journaling bool
	flushing   bool
	batches    map[string]*batch // by blueprint
	inFlight   int
	retry      []*write         // whose relation targets were missing
	dead       map[string]error // blueprints that Port does not have
	failed     error            // ends the invocation
	tally      map[string]*ledger.Writes
	troubles   []ledger.Problem
	trouble    int
}

// write is one entity on its way to Port.
type write struct {
	ledger.Entity
	cell     int
	resource ledger.ID
	blocks   []ledger.ID
	body     json.RawMessage
	hash     ledger.Hash
	from     int64 // Port's time of its journal chunk
	second   bool  // sent once already, its relation targets were missing then
}

type batch struct {
	port.Batch
	writes []*write
}

func newWriter(ctx context.Context, s *accountSync) *writer {
	w := &writer{
		ctx: ctx, sync: s, waiting: make(chan struct{}, maxWaiting), batches: map[string]*batch{},
		dead: map[string]error{}, tally: map[string]*ledger.Writes{},
	}
	w.idle = sync.NewCond(&w.mu)
	m := s.work.mapping
	options := port.UpsertOptions{Merge: m.EnableMergeEntity, CreateMissing: m.CreateMissingRelatedEntities, Run: s.work.Run}
	w.upsert = func(blueprint string, entities []json.RawMessage) []port.Result {
		return s.engine.Port.Upsert(ctx, blueprint, entities, options)
	}
	if s.work.Options.DryRun {
		w.upsert = func(_ string, entities []json.RawMessage) []port.Result {
			return make([]port.Result, len(entities))
		}
	}
	return w
}

// add takes entities to be written. It waits while too many are on their way.
func (w *writer) add(ctx context.Context, writes []*write) error {
	for range writes {
		select {
		case w.waiting <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fresh = append(w.fresh, writes...)
	w.kick()
	return w.failed
}

// kick begins to journal what waits for it, if there is enough of it. w.mu is held.
func (w *writer) kick() {
	if w.journaling || w.failed != nil || len(w.fresh) == 0 || len(w.fresh) < journalAt && !w.flushing {
		return
	}
	n := min(len(w.fresh), ledger.ChunkSize)
	chunk := w.fresh[:n:n]
	w.fresh = w.fresh[n:]
	w.journaling = true
	go func() {
		err := w.journal(chunk)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.journaling = false
		if err != nil {
			w.fail(err)
		} else {
			for _, one := range chunk {
				w.pack(one)
			}
		}
		w.kick()
		w.idle.Broadcast()
	}()
}

// journal records what is about to be written. A dry run writes nothing, so it has nothing to record.
func (w *writer) journal(chunk []*write) error {
	at := w.sync.engine.Port.Now()
	list := make([]ledger.Written, len(chunk))
	w.mu.Lock()
	for i, one := range chunk {
		c := w.sync.holder.Cells[one.cell]
		list[i] = ledger.Written{Entity: one.Entity, Region: c.Region, Kind: c.Kind, Resource: one.resource, Blocks: one.blocks}
		one.from = at.UnixMilli()
		if e := w.sync.holder.Find(one.cell, one.resource, one.Entity); e.From == 0 {
			e.From = one.from
		}
	}
	w.mu.Unlock()
	if w.sync.work.Options.DryRun {
		return nil
	}
	return w.sync.holder.Journal(w.ctx, at, list)
}

// pack puts a journaled entity into the batch of its blueprint and sends that once it is full. w.mu
// is held.
func (w *writer) pack(one *write) {
	b := w.batches[one.Blueprint]
	if b == nil {
		b = &batch{}
		w.batches[one.Blueprint] = b
	}
	if err := port.Fits(one.body); err != nil {
		w.settle([]*write{one}, []port.Result{{Err: err}})
		return
	}
	if !b.Add(one.body) {
		w.send(one.Blueprint, b)
		b.Add(one.body)
	}
	if b.writes = append(b.writes, one); b.Len() == port.MaxUpsert {
		w.send(one.Blueprint, b)
	}
}

// send writes a batch to Port. w.mu is held.
func (w *writer) send(blueprint string, b *batch) {
	bodies, writes := b.Take(), b.writes
	b.writes = nil
	if len(writes) == 0 {
		return
	}
	if err := w.dead[blueprint]; err != nil || w.failed != nil {
		results := make([]port.Result, len(writes))
		for i := range results {
			results[i].Err = errors.Join(err, w.failed)
		}
		w.settle(writes, results)
		return
	}
	w.inFlight++
	go func() {
		results := w.upsert(blueprint, bodies)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.inFlight--
		w.settle(writes, results)
		w.idle.Broadcast()
	}()
}

// flush brings everything to Port that was added, and waits for it. Entities whose relation targets
// were missing are sent once more at last, when the others are in.
func (w *writer) flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.flushing = true
	defer func() { w.flushing = false }()
	for w.failed == nil {
		switch {
		case w.journaling || len(w.fresh) > 0:
			w.kick()
		case w.sendAll():
		case w.inFlight > 0:
		case len(w.retry) > 0:
			again := w.retry
			w.retry = nil
			for _, one := range again {
				w.pack(one)
			}
			continue
		default:
			return nil
		}
		if w.journaling || w.inFlight > 0 {
			w.idle.Wait()
		}
	}
	for w.journaling || w.inFlight > 0 { // nothing of ours may run on after we have returned
		w.idle.Wait()
	}
	return w.failed
}

// sendAll sends the batches that are not full and says whether there were any. w.mu is held.
func (w *writer) sendAll() (any bool) {
	for blueprint, b := range w.batches {
		any = any || b.Len() > 0
		w.send(blueprint, b)
	}
	return any
}

// fail ends the invocation with err. w.mu is held.
func (w *writer) fail(err error) {
	if w.failed == nil {
		w.failed = err
	}
	w.sync.act.halt()
}
