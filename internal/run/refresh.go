package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// refreshes says that this sync compares entities with what Port has, rather than with what we remember:
// because a person asks for it, because it is the account's turn, or because nothing is remembered.
func (s *accountSync) refreshes() bool {
	last := s.holder.Summary.Refreshed
	switch {
	case s.work.Options.Refresh || s.work.Adopts || s.work.Repairs:
		return true
	case s.work.Fence == 1: // Port had nothing of ours when this began
		return false
	case last.IsZero():
		return true
	}
	every := s.engine.RefreshEvery
	return every > 0 && !s.work.Options.Narrow() && !s.work.Time.Before(last.Add(turnOf(s.account.ID, every)))
}

// turnOf is after how long an account is refreshed: never later than every, and each at its own time.
func turnOf(account string, every time.Duration) time.Duration {
	h := fnv.New32a()
	h.Write([]byte(account))
	return every/2 + time.Duration(float64(every/2)*float64(h.Sum32())/(1<<32))
}

// compare drops those writes that would change nothing in Port, and adopts what has been ours there
// before we ever wrote it. Outside of a refresh it looks only at what we have never written: Port may have it
// from before our time, or from a relation of ours; and at what could not be read in full before, or cannot now, which
// has not changed for that.
func (w *writer) compare(chunk []*write) ([]*write, error) {
	ids := map[string][]string{}
	w.mu.Lock()
	for _, one := range chunk {
		if !bySearch(one.Entity) && (w.refresh || one.turned || w.strange(one)) {
			ids[one.Blueprint] = append(ids[one.Blueprint], one.Identifier)
			one.compared = true
		}
	}
	w.mu.Unlock()
	found := map[ledger.Entity]port.Entity{}
	for blueprint, list := range ids {
		owned, err := w.sync.engine.Port.Owned(w.ctx, blueprint, list)
		var busy *port.BusyError
		if errors.As(err, &busy) {
			chunk = w.leave(chunk, blueprint, err)
			continue
		}
		if err != nil && !errors.Is(err, port.ErrBlueprintMissing) { // written unseen, it could never be told whose it is
			return nil, named("look up entities before they are written", err)
		}
		for id, e := range owned {
			found[ledger.Entity{Blueprint: blueprint, Identifier: id}] = e
		}
	}
	return w.foresee(w.differing(chunk, found)), nil
}

// leave leaves entities of a blueprint that Port is too busy to be asked about to the next invocation.
func (w *writer) leave(chunk []*write, blueprint string, busy error) (others []*write) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range chunk {
		if one.compared && one.Blueprint == blueprint {
			w.settle([]*write{one}, []port.Result{{Err: busy}})
		} else {
			others = append(others, one)
		}
	}
	return others
}

// strange says that no write of ours has met an entity yet, as far as its entry knows, and that Port may all
// the same have it with our datasource.
func (w *writer) strange(one *write) bool {
	e := w.sync.holder.Find(one.cell, one.resource, one.Entity)
	return e.At == 0 && len(e.Sent) == 0 && e.Own == ledger.Unsettled && (w.sync.work.Fence > 1 || w.sync.work.Adopts)
}

// differing are those writes that would change what was found in Port.
func (w *writer) differing(chunk []*write, found map[ledger.Entity]port.Entity) (differ []*write) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range chunk {
		e := w.sync.holder.Find(one.cell, one.resource, one.Entity)
		have, there := found[one.Entity]
		if there {
			w.adopt(e, have)
		}
		if there && equal(one.body, have) || one.known && !one.compared {
			w.confirmSame(e, one)
			continue
		}
		if there {
			one.exists = &there
		}
		differ = append(differ, one)
	}
	return differ
}

// foresee lets a dry run know which of the writes would create an entity: those of which Port has none.
func (w *writer) foresee(chunk []*write) []*write {
	if !w.sync.work.Options.DryRun {
		return chunk
	}
	ids := map[string][]string{}
	for _, one := range chunk {
		if one.exists == nil && !bySearch(one.Entity) {
			ids[one.Blueprint] = append(ids[one.Blueprint], one.Identifier)
		}
	}
	for blueprint, list := range ids {
		found, err := w.sync.engine.Port.Find(w.ctx, blueprint, list)
		if err != nil {
			continue // then what is remembered has to do
		}
		for _, one := range chunk {
			if _, there := found[one.Identifier]; one.Blueprint == blueprint && one.exists == nil {
				one.exists = &there
			}
		}
	}
	return chunk
}

// adopt notes that an entity is ours if it was so before this run and no write of ours has met it yet.
func (w *writer) adopt(e *ledger.Entry, have port.Entity) {
	began, at := w.sync.work.PortTime, have.CreatedAt.UnixMilli()
	switch {
	case len(e.Sent) > 0:
		e.Meet(began.UnixMilli())
	case e.Own == ledger.Unsettled && e.At == 0 && have.UpdatedAt.Before(began.Add(-clockSlack)) &&
		!w.disowned[ledger.Disowned{Entity: e.Entity, Created: at}]:
		e.Own, e.From, e.To, e.Since = ledger.Adopted, at, at, began.UnixMilli()
	}
}

// confirmSame records that Port has an entity as it is to be. w.mu is held.
func (w *writer) confirmSame(e *ledger.Entry, one *write) {
	e.Hash, e.Refused, e.Partial = one.hash, ledger.Hash{}, one.partial
	if e.At == 0 {
		e.At = w.sync.work.PortTime.UnixMilli()
	}
	w.count(one.Blueprint).Unchanged++
	w.onTheWay--
	if one.first {
		one.first = false
		w.pass()
	}
}

// equal says that what a write would set, Port has. What it leaves out Port keeps.
func equal(body json.RawMessage, have port.Entity) bool {
	var want struct {
		Title, Icon, Team     any
		Properties, Relations map[string]any
	}
	if json.Unmarshal(body, &want) != nil {
		return false
	}
	var given map[string]json.RawMessage
	_ = json.Unmarshal(body, &given) // it has just been read
	for name, pair := range map[string][2]any{
		"title": {want.Title, have.Title}, "icon": {want.Icon, have.Icon}, "team": {asSet(want.Team), asSet(have.Team)},
	} {
		if _, set := given[name]; set && !reflect.DeepEqual(pair[0], pair[1]) {
			return false
		}
	}
	for key, v := range want.Properties {
		if !reflect.DeepEqual(v, have.Properties[key]) {
			return false
		}
	}
	for key, v := range want.Relations {
		if !reflect.DeepEqual(asSet(v), asSet(have.Relations[key])) {
			return false
		}
	}
	return true
}

// asSet makes one form of the ways to write a relation's or a team's names; their order says nothing.
func asSet(v any) []string {
	var all []string
	switch v := v.(type) {
	case nil:
	case []any:
		for _, one := range v {
			all = append(all, fmt.Sprint(one))
		}
	default:
		all = []string{fmt.Sprint(v)}
	}
	slices.Sort(all)
	return all
}
