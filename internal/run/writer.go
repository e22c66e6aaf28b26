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
	// chunksAtOnce is how many chunks of one account are on their way to the journal at once.
	chunksAtOnce = 4
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

	mu         sync.Mutex
	idle       *sync.Cond // something has ended
	onTheWay   int        // entities between listing and Port's answer
	fresh      []*write   // not journaled yet
	journaling int        // chunks on their way
	flushing   bool
	batches    map[string]*batch // by blueprint
	ready      []batch
	ahead      int // entities that are to be in Port before any others are sent, and one while these are listed
	inFlight   int
	retry      []*write         // whose relation targets were missing
	dead       map[string]error // blueprints that Port does not have
	pages      int              // taken in
	unsent     map[int]bool     // cells with entities that Port was too busy for
	failed     error            // ends the invocation
	refresh    bool             // entities are compared with what Port has
	disowned   map[ledger.Disowned]bool
	tally      map[string]*ledger.Writes
	foreseen   []foreseen // in a dry run
	troubles   []ledger.Problem
	trouble    int
}

// write is one entity on its way to Port.
type write struct {
	made
	cell     int
	resource ledger.ID
	chunk    int64 // Port's time of its journal chunk
	why      string
	known    bool  // Port confirmed it, as far as we remember
	turned   bool  // what Port confirmed lacked something and this does not, or the other way round
	compared bool  // with what Port has
	exists   *bool // Port has it, as far as somebody looked
	first    bool  // others of the account refer to it
	second   bool  // sent once already, its relation targets were missing then
}

// batch is entities of one blueprint for one request: while it grows in Batch, then in bodies.
type batch struct {
	blueprint string
	port.Batch
	bodies []json.RawMessage
	writes []*write
}

func newWriter(ctx context.Context, s *accountSync) *writer {
	w := &writer{
		ctx: ctx, sync: s, refresh: s.refreshes(), batches: map[string]*batch{},
		dead: map[string]error{}, unsent: map[int]bool{}, tally: map[string]*ledger.Writes{},
	}
	w.idle = sync.NewCond(&w.mu)
	m := s.work.mapping
	options := port.UpsertOptions{Merge: m.EnableMergeEntity, CreateMissing: m.CreateMissingRelatedEntities, Event: s.work.event()}
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
func (w *writer) add(writes []*write) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range writes {
		for w.onTheWay >= maxWaiting && w.failed == nil {
			// Where nothing is under way all of them are in batches that are not full.
			if w.push() || w.sendAll() && w.inFlight > 0 {
				w.idle.Wait()
			}
		}
		if w.failed != nil {
			return w.failed
		}
		w.onTheWay++
		w.fresh = append(w.fresh, one)
	}
	w.kick(journalAt)
	return w.failed
}

// push sees to it that something is under way that makes room, and says whether there is. w.mu is held.
func (w *writer) push() bool {
	w.kick(1)
	return w.journaling+w.inFlight > 0
}

// kick begins to journal what waits for it, if that is at least so much. w.mu is held.
func (w *writer) kick(enough int) {
	if w.flushing {
		enough = 1
	}
	if w.journaling == chunksAtOnce || w.failed != nil || len(w.fresh) < enough {
		return
	}
	n := min(len(w.fresh), ledger.ChunkSize)
	chunk := w.fresh[:n:n]
	w.fresh = w.fresh[n:]
	w.journaling++
	go func() {
		chunk, err := w.compare(chunk)
		if err == nil {
			err = w.journal(chunk)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.journaling--
		if err != nil {
			w.fail(err)
		} else {
			for _, one := range chunk {
				w.pack(one)
			}
		}
		w.kick(journalAt)
		w.idle.Broadcast()
	}()
}

// journal records what is about to be written. A dry run writes nothing, so it has nothing to record.
func (w *writer) journal(chunk []*write) error {
	at := w.sync.engine.Port.Now()
	span := w.sync.holder.Span(at)
	list := make([]ledger.Written, len(chunk))
	w.mu.Lock()
	for i, one := range chunk {
		c := w.sync.holder.Cells[one.cell]
		list[i] = ledger.Written{Entity: one.Entity, Region: c.Region, Kind: c.Kind, Resource: one.resource, Blocks: one.blocks}
		one.chunk = span.From
		e := w.sync.holder.Find(one.cell, one.resource, one.Entity)
		if e.Own == ledger.Adopted { // once it is written Port says no more that it was ours
			list[i].Birth = e.Birth
		}
		e.Send(span)
		w.sync.work.stubs.name(one.targets, one.chunk)
	}
	w.mu.Unlock()
	if w.sync.work.Options.DryRun || len(chunk) == 0 {
		return nil
	}
	return w.sync.holder.Journal(w.ctx, ledger.Upsert, at, list)
}

// pack puts a journaled entity into the batch of its blueprint and sends that once it is full. What
// goes first goes alone and at once. w.mu is held.
func (w *writer) pack(one *write) {
	if err := port.Fits(one.body); err != nil {
		w.settle([]*write{one}, []port.Result{{Err: err}})
		return
	}
	if one.first {
		w.send(batch{blueprint: one.Blueprint, bodies: []json.RawMessage{one.body}, writes: []*write{one}})
		return
	}
	b := w.batches[one.Blueprint]
	if b == nil {
		b = &batch{blueprint: one.Blueprint}
		w.batches[one.Blueprint] = b
	}
	if !b.Add(one.body) {
		w.seal(b)
		b.Add(one.body)
	}
	if b.writes = append(b.writes, one); b.Len() == port.MaxUpsert {
		w.seal(b)
	}
	w.dispatch()
}

// seal makes a batch ready to be sent and begins the next one. w.mu is held.
func (w *writer) seal(b *batch) {
	if b.Len() > 0 {
		w.ready = append(w.ready, batch{blueprint: b.blueprint, bodies: b.Take(), writes: b.writes})
		b.writes = nil
	}
}

// dispatch sends what is ready, unless what goes first is still on its way. w.mu is held.
func (w *writer) dispatch() {
	for w.ahead == 0 && len(w.ready) > 0 {
		b := w.ready[0]
		w.ready = w.ready[1:]
		w.send(b)
	}
}

// send writes a batch to Port. w.mu is held.
func (w *writer) send(b batch) {
	if w.sync.act.over(w.sync.engine.Now()) {
		w.fail(context.DeadlineExceeded)
	}
	if err := w.dead[b.blueprint]; err != nil || w.failed != nil {
		results := make([]port.Result, len(b.writes))
		for i := range results {
			results[i].Err = errors.Join(err, w.failed)
		}
		w.settle(b.writes, results)
		return
	}
	w.inFlight++
	go func() {
		results := w.upsert(b.blueprint, b.bodies)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.inFlight--
		w.settle(b.writes, results)
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
		case w.journaling > 0 || len(w.fresh) > 0:
			w.kick(1)
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
		if w.journaling+w.inFlight > 0 {
			w.idle.Wait()
		}
	}
	for w.journaling+w.inFlight > 0 { // nothing of ours may run on after we have returned
		w.idle.Wait()
	}
	return w.failed
}

// sendAll sends the batches that are not full, too, and says whether that has begun anything. w.mu is
// held.
func (w *writer) sendAll() bool {
	for _, b := range w.batches {
		w.seal(b)
	}
	begun := w.ahead == 0 && len(w.ready) > 0
	w.dispatch()
	return begun
}

// fail ends the invocation with err. w.mu is held.
func (w *writer) fail(err error) {
	if w.failed == nil {
		w.failed = err
	}
	w.sync.act.halt()
	w.idle.Broadcast()
}
