package run

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// searchPrefix marks the entry of an entity that Port finds by a search: its identifier is not known
// to us, and none that Port accepts contains a blank.
const searchPrefix = "search "

// intake takes the pages of one cell into the manifest and hands what changed to the writer.
type intake struct {
	cell
	writer *writer
	seen   map[ledger.ID]bool // resources of this invocation
	noted  map[string]bool    // paths of programs that failed on some item
	more   int                // resources beyond the selector's bound
}

func (w *writer) cell(c cell) *intake {
	return &intake{cell: c, writer: w, seen: map[ledger.ID]bool{}, noted: map[string]bool{}}
}

func (in *intake) manifest() *ledger.Holder { return in.writer.sync.holder }

func (in *intake) cursor() string {
	in.writer.mu.Lock()
	defer in.writer.mu.Unlock()
	return in.manifest().Cells[in.index].Cursor
}

// restart begins the cell anew and says how often that has been done.
func (in *intake) restart() int {
	in.writer.mu.Lock()
	defer in.writer.mu.Unlock()
	m := &in.manifest().Cells[in.index]
	m.Cursor = ""
	m.Restarts++
	m.Unread = kind.Verdict{}
	in.seen = map[ledger.ID]bool{}
	return m.Restarts
}

// end gives the cell its verdict. A cell that was stopped keeps its cursor.
func (in *intake) end(v kind.Verdict, cursor string) {
	in.writer.mu.Lock()
	defer in.writer.mu.Unlock()
	m := &in.manifest().Cells[in.index]
	if v.State == kind.Complete && m.Unread.State != "" {
		v = m.Unread
	}
	if in.more > 0 {
		in.writer.report(in.problem("", collect.Beyond, fmt.Sprintf("%d more exist, beyond the selector's history", in.more)))
		in.more = 0
	}
	m.Cursor, m.Heard = cursor, in.writer.sync.engine.Now().UTC().Truncate(time.Second)
	in.manifest().Judge(in.index, in.writer.sync.work.Run, v, in.writer.sync.engine.Now())
}

// page maps a page and takes it in.
func (in *intake) page(ctx context.Context, page []collect.Resource) error {
	all := make([]mapped, len(page))
	for i := range page {
		all[i] = in.mapOne(ctx, &page[i])
	}
	if err := ctx.Err(); err != nil {
		return err // a program may have been cut short
	}
	w := in.writer
	w.mu.Lock()
	w.pages++
	var writes []*write
	for i := range all {
		writes = in.take(&all[i], writes)
	}
	if in.Scope == kind.Hub {
		for _, one := range writes {
			one.first = true
			w.ahead++
		}
	}
	w.mu.Unlock()
	return w.add(writes)
}

// problem is one with a resource of the cell.
func (in *intake) problem(key, reason, message string) ledger.Problem {
	return ledger.Problem{Kind: in.Name, Region: in.region, Resource: key, Reason: reason, Message: message}
}

func (in *intake) report(p ledger.Problem) {
	in.writer.mu.Lock()
	defer in.writer.mu.Unlock()
	in.writer.report(p)
}

// take marks the entries of a resource by what was found, and adds the entities to be written to
// writes. writer.mu is held.
func (in *intake) take(m *mapped, writes []*write) []*write {
	h, w := in.manifest(), in.writer
	if in.twice(m.id) {
		h.Cells[in.index].Shifted = true
		return writes
	}
	for _, e := range m.entities {
		if one := in.see(m, e); one != nil {
			writes = append(writes, one)
		}
	}
	mark := ledger.NoMark
	switch {
	case m.Gone:
		mark = ledger.Gone
	case m.Whole.Reason == collect.Beyond:
		mark = ledger.Unread // it is there
		in.more++
	case m.Whole.State != kind.Complete:
		mark = ledger.Unread
		in.spoil(m.Whole.Reason, m.Whole.Message)
		w.report(in.problem(m.Key, m.Whole.Reason, m.Whole.Message))
	case m.err != nil:
		mark = ledger.Unread
		in.spoil("NotMapped", m.err.Error())
		p := in.problem(m.Key, "NotMapped", m.err.Error())
		p.Path = m.err.Path
		w.report(p)
	default:
		for _, v := range m.Resource.Unread() {
			in.spoil(v.Reason, v.Message)
			w.report(in.problem(m.Key, v.Reason, v.Message))
		}
	}
	h.Of(in.index, m.id, func(e *ledger.Entry) {
		if e.Fence == w.sync.work.Fence && e.Mark == ledger.Seen {
			return
		}
		e.Fence, e.Mark = w.sync.work.Fence, mark
		if mark == ledger.Unread {
			e.Hold = nil // it is there: an absence has to be proved anew
		}
		if mark == ledger.NoMark {
			e.Mark = in.departure(e, m)
		}
	})
	return writes
}

func (in *intake) spoil(reason, message string) {
	if m := &in.manifest().Cells[in.index]; m.Unread.State == "" {
		m.Unread = kind.Verdict{State: kind.Listed, Reason: reason, Message: message}
	}
}

// twice says whether the cell has given a resource already, and notes that it has now.
func (in *intake) twice(id ledger.ID) (yes bool) {
	if in.seen[id] {
		return true
	}
	in.seen[id] = true
	if in.manifest().Cells[in.index].Restarts > 0 {
		return false // then an earlier invocation may well have met it
	}
	in.manifest().Of(in.index, id, func(e *ledger.Entry) { yes = yes || e.Fence == in.writer.sync.work.Fence })
	return yes
}

// departure says why a resource that was read in full no longer yields an entry's entity.
func (in *intake) departure(e *ledger.Entry, m *mapped) ledger.Mark {
	mapped := slices.ContainsFunc(in.blocks, func(b *mapping.Block) bool { return slices.Contains(e.Blocks, ledger.ID(b.ID)) })
	switch {
	case !mapped:
		return ledger.Unmapped
	case len(m.entities) == 0:
		return ledger.NotMine
	case slices.ContainsFunc(m.entities, func(n made) bool { return n.Blueprint == e.Blueprint }):
		return ledger.Renamed
	}
	return ledger.Moved
}

// see records that a resource yields an entity. It returns what is to be written, if anything is.
func (in *intake) see(m *mapped, made made) *write {
	h, w := in.manifest(), in.writer
	e := h.Find(in.index, m.id, made.Entity)
	why := whyChanged
	switch {
	case e == nil:
		why = whyNew
		e = h.Add(ledger.Entry{Entity: made.Entity, Cell: in.index, Resource: m.id, First: w.sync.work.Fence})
	case e.Hash == made.hash:
		why = whyDrifted
	case e.Hash.IsZero():
		why = whyDoubted
	}
	e.Fence, e.Mark, e.Hold, e.Blocks = w.sync.work.Fence, ledger.Seen, nil, made.blocks
	switch made.hash {
	case e.Hash:
		if w.refresh {
			break
		}
		w.count(made.Blueprint).Unchanged++
		return nil
	case e.Refused:
		w.count(made.Blueprint).Refused++
		w.report(ledger.Problem{Kind: h.Cells[in.index].Kind, Region: h.Cells[in.index].Region,
			Entity: made.Blueprint + "/" + made.Identifier, Path: w.sync.work.pathOf(made.blocks), Reason: "Refused",
			Message: "Port refused it in an earlier run, whose report has Port's words; it is sent again once it or its blueprint changes"})
		return nil
	}
	known, turned := e.Hash == made.hash, !e.Hash.IsZero() && e.Partial != made.partial
	e.Hash = ledger.Hash{} // what Port has is not this any more, and soon not that either
	return &write{made: made, cell: in.index, resource: m.id, known: known, turned: turned, why: why}
}

// bySearch says that Port, not we, knows which entity an entry is of.
func bySearch(e ledger.Entity) bool { return strings.HasPrefix(e.Identifier, searchPrefix) }
