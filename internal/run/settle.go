package run

import (
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// settle records what became of writes. Only an answer that confirms a write makes its hash known.
// w.mu is held.
func (w *writer) settle(writes []*write, results []port.Result) {
	now := w.sync.engine.Port.Now().UnixMilli()
	for i, one := range writes {
		r := results[i]
		if !one.second {
			w.onTheWay--
		}
		if one.first {
			one.first = false
			w.pass()
		}
		if errors.Is(r.Err, port.ErrRelationMissing) && !one.second && len(w.retry) < maxWaiting {
			one.second = true
			w.retry = append(w.retry, one)
			continue
		}
		e := w.sync.holder.Find(one.cell, one.resource, one.Entity)
		if !r.Resent {
			e.Settle(one.chunk) // its outcome is known
		}
		if r.Err == nil {
			w.confirmed(e, one, r, now)
		} else {
			w.refused(e, one, r.Err)
		}
	}
}

// pass lets the others be sent once all that goes first is through. w.mu is held.
func (w *writer) pass() {
	if w.ahead--; w.ahead == 0 {
		w.dispatch()
	}
}

func (w *writer) confirmed(e *ledger.Entry, one *write, r port.Result, now int64) {
	known := e.At != 0
	if r.Created {
		e.Birth = ledger.Birth{Own: ledger.Created, From: one.chunk, To: now}
	} else if at, ok := w.sync.work.stubs.named(one.Entity); ok && !known {
		e.Send(ledger.Span{From: at, Until: now})
	}
	e.Meet(now)
	e.Hash, e.Refused, e.Partial, e.At = one.hash, ledger.Hash{}, one.partial, now
	if one.exists != nil {
		known = *one.exists
	}
	if w.sync.work.Options.DryRun {
		w.foreseen = append(w.foreseen, foreseen{one.Entity, w.sync.holder.Cells[one.cell].Region, w.sync.holder.Cells[one.cell].Kind,
			one.why, !known})
	}
	if t := w.count(one.Blueprint); r.Created || w.sync.work.Options.DryRun && !known {
		t.Created++
	} else {
		t.Updated++
	}
}

func (w *writer) refused(e *ledger.Entry, one *write, err error) {
	var busy *port.BusyError
	var refusal *port.Error
	var large *port.TooLargeError
	p := ledger.Problem{Kind: w.sync.holder.Cells[one.cell].Kind, Region: w.sync.holder.Cells[one.cell].Region,
		Entity: one.Blueprint + "/" + one.Identifier, Reason: "NotWritten", Message: err.Error(),
		Path: w.sync.work.pathOf(one.blocks)}
	e.Hash = ledger.Hash{}
	switch t := w.count(one.Blueprint); {
	case errors.Is(err, port.ErrUnauthorized), errors.Is(err, port.ErrForbidden):
		w.fail(named("write entities", err))
		return
	case errors.As(err, &busy):
		w.sync.wait = later(w.sync.wait, busy.Until)
		w.unsent[one.cell] = true // the next invocation lists its cell again
		w.sync.act.halt()
		return
	case errors.Is(err, port.ErrBlueprintMissing):
		if w.dead[one.Blueprint] != nil {
			t.Failed++
			return // told once
		}
		w.dead[one.Blueprint] = err
		p.Reason = "BlueprintMissing"
		t.Failed++
	case errors.Is(err, port.ErrRelationMissing): // to be sent again: the target may come
		p.Reason = "RelationMissing"
		t.Refused++
	case errors.As(err, &large), errors.As(err, &refusal) && final(refusal.Status):
		e.Refused = one.hash
		p.Reason = "Refused"
		t.Refused++
	default:
		t.Failed++
	}
	w.report(p)
}

// pathOf is where the mapping makes what some blocks yield: the first of them.
func (w *work) pathOf(blocks []ledger.ID) string {
	for _, b := range w.mapping.Blocks {
		if slices.Contains(blocks, ledger.ID(b.ID)) {
			return fmt.Sprintf("resources[%d].port.entity.mappings", b.Index)
		}
	}
	return ""
}

// final says that Port would answer the same payload the same way again.
func final(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

func (w *writer) count(blueprint string) *ledger.Writes {
	t := w.tally[blueprint]
	if t == nil {
		t = &ledger.Writes{}
		w.tally[blueprint] = t
	}
	return t
}

func (w *writer) report(p ledger.Problem) {
	p.Message = ledger.Shorten(p.Message)
	if w.trouble++; len(w.troubles) < ledger.MaxListed {
		w.troubles = append(w.troubles, p)
	}
}
