package ledger

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// ChunkSize bounds the entries of one journal chunk.
const ChunkSize = 1000

// Written is an entity about to be written to Port, with its source.
type Written struct {
	Entity
	Region   string `json:"region"`
	Kind     string `json:"kind"`
	Resource ID     `json:"k"`
	Blocks   []ID   `json:"s"`
	Birth    Birth  `json:"birth,omitzero"` // what was found out before the write, and cannot be after it
}

// Op is what is about to be done to the entities of a chunk.
type Op string

const (
	Upsert Op = "upsert"
	Delete Op = "delete"
)

// chunkHeader is the first line of a journal chunk.
type chunkHeader struct {
	Format   int    `json:"format"`
	Account  string `json:"account"`
	Run      string `json:"run"`
	Fence    int64  `json:"fence"`
	Op       Op     `json:"op"`
	PortTime int64  `json:"portTime"`        // Port's clock before the first write of the chunk, ms
	Until    int64  `json:"until,omitempty"` // the same, when no write of the chunk is under way any more
}

// Journal records up to ChunkSize entities before they are written to or deleted from Port. at is
// Port's time. Once it has returned without an error, no crash can make us forget them. Calls may
// overlap with each other, but not with Commit, whose manifest has to name their entities.
func (a *Holder) Journal(ctx context.Context, op Op, at time.Time, entries []Written) error {
	if err := a.expired(); err != nil {
		return err
	}
	span := a.Span(at)
	s, err := newShard(chunkHeader{Format, a.head.Account, a.head.Lease.Run, a.head.Lease.Fence, op, span.From, span.Until})
	for i := range entries {
		if err == nil {
			err = s.add(&entries[i])
		}
	}
	var data []byte
	if err == nil {
		data, err = s.close()
	}
	name := fmt.Sprintf("journal/%s.jsonl.gz", a.newName())
	if err == nil {
		_, err = a.ledger.store.Put(ctx, a.ledger.accountKey(a.head.Account, name), data, Condition{})
	}
	if err != nil {
		return fmt.Errorf("journal %d entities of account %s: %w", len(entries), a.head.Account, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.chunks = append(a.chunks, name)
	return nil
}

// Span is when writes that are journaled at a time of Port's may take effect: no later than the lease.
func (a *Holder) Span(at time.Time) Span {
	return Span{at.UnixMilli(), at.Add(a.head.Lease.Until.Sub(a.ledger.now())).UnixMilli()}
}

func (h *chunkHeader) span() Span {
	if h.Until == 0 { // of format 1
		return Span{h.PortTime, h.PortTime + longestInvocation.Milliseconds()}
	}
	return Span{h.PortTime, h.Until}
}

// absorb puts the entities of a journal chunk into the manifest: written, outcome unknown.
func (m *Manifest) absorb(name string, data []byte) error {
	var h chunkHeader
	first := func(line []byte) error { return json.Unmarshal(line, &h) }
	return lines(name, data, first, func(w *Written) error {
		cell := m.Cell(w.Region, w.Kind)
		e := m.Find(cell, w.Resource, w.Entity)
		if e == nil {
			e = m.Add(Entry{Entity: w.Entity, Cell: cell, Resource: w.Resource, Blocks: w.Blocks, First: h.Fence})
		}
		e.Hash = Hash{}
		e.Join(w.Birth)
		if h.Op == Upsert {
			e.Send(h.span())
		}
		return nil
	})
}
