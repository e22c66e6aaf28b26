package run

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

const (
	// patience is how long a run waits at most for Port to take what is only for people's eyes.
	patience = 5 * time.Second
	// beatEvery is how often a run says that it is at work, as Ocean does.
	beatEvery = 10 * time.Second
)

// feedback is what Port is told of a run beside its state.
type feedback struct {
	*work
	engine *Engine
}

// event is the run's id in the form that Ocean gives its resyncs, a UUID.
func (w *work) event() string {
	id := sha256.Sum256([]byte(w.Run))
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: of our own making
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// tell does what is worth no run, all at once, and not for long.
func (f feedback) tell(ctx context.Context, acts ...func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var g errgroup.Group
	g.SetLimit(8)
	for _, act := range acts {
		g.Go(func() error {
			if err := act(ctx); err != nil {
				f.engine.Log.DebugContext(ctx, "port was not told", "run", f.Run, "err", err)
			}
			return nil
		})
	}
	_ = g.Wait() // it has no errors
}

// begin tells that the run has begun, and what it will not do.
func (f feedback) begin(ctx context.Context) {
	f.tell(ctx, f.logs(f.plannedLines()), func(ctx context.Context) error {
		if f.Metrics == "" {
			return nil
		}
		parts := []port.KindSync{{Event: f.event(), Kind: "__runtime__", State: "syncing"}}
		for _, b := range f.mapping.Blocks {
			parts = append(parts, f.part(b, "pending"))
		}
		return f.engine.Port.BeginSyncs(ctx, f.Metrics, parts)
	})
}

// end tells how the run has ended.
func (f feedback) end(ctx context.Context, r *report.Report, status string, states []ledger.State) {
	acts := []func(context.Context) error{}
	for lines := range slices.Chunk(f.endedLines(r), linesAtOnce) {
		acts = append(acts, f.logs(lines))
	}
	for _, k := range f.parts(r, status, states) {
		acts = append(acts, func(ctx context.Context) error {
			if f.Metrics == "" {
				return nil
			}
			return f.engine.Port.ShowSync(ctx, f.Metrics, k)
		})
	}
	f.tell(ctx, acts...)
}

func (f feedback) logs(lines []port.Log) func(context.Context) error {
	return func(ctx context.Context) error {
		if f.Logs == "" || len(lines) == 0 {
			return nil
		}
		return f.engine.Port.SendLogs(ctx, f.Logs, lines)
	}
}

func (f feedback) part(b *mapping.Block, state string) port.KindSync {
	k := port.KindSync{Event: f.event(), Kind: b.Kind, Index: b.Index, State: state}
	if len(b.Blueprints) > 0 {
		k.Blueprint = `"` + b.Blueprints[0] + `"`
	}
	return k
}

// parts are the blocks of the mapping, the deletes and the run as a whole, as they have ended.
func (f feedback) parts(r *report.Report, status string, states []ledger.State) (all []port.KindSync) {
	counts, hidden := map[ledger.ID]ledger.BlockCount{}, map[string]int{}
	for _, state := range states {
		if state.Summary.Run != f.Run {
			continue
		}
		for id, n := range state.Summary.Blocks {
			counts[id] = counts[id].Plus(n)
		}
		for kind, n := range state.Summary.Hidden {
			hidden[kind] += n
		}
	}
	for _, b := range f.mapping.Blocks {
		k, n := f.part(b, status), counts[ledger.ID(b.ID)]
		if slices.ContainsFunc(f.Frozen, func(l ledger.FrozenBlock) bool { return l.Block == b.Index }) {
			k.State = "failed"
		}
		k.Extracted, k.Mapped, k.Refused, k.Loaded = n.Resources, n.Entities, n.Refused, n.Entities-n.Refused
		k.Unread = hidden[b.Kind]
		all = append(all, k)
	}
	took := r.Ended.Sub(r.Began)
	deletes := port.KindSync{Event: f.event(), Kind: "__reconciliation__", State: status, Deleted: r.Total().Deleted}
	// First what says that the run is over: where there is no time for all of it, the rest is lost.
	return append([]port.KindSync{{Event: f.event(), Kind: "__runtime__", State: status, Took: took}, deletes}, all...)
}

// alive says now and then that the run is at work, until stop. All invocations of a run together do so about
// once in beatEvery.
func (e *Engine) alive(ctx context.Context, w *work) (stop func()) {
	if w.Metrics == "" || w.Options.DryRun {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		every := beatEvery * time.Duration(max(w.Width, 1))
		for next := rand.N(every); ; next = every {
			select {
			case <-ctx.Done():
				return
			case <-time.After(next):
			}
			if err := e.Port.Beat(ctx, w.Metrics, w.event()); err != nil {
				e.Log.DebugContext(ctx, "port was not told", "run", w.Run, "err", err)
			}
		}
	}()
	return func() { cancel(); <-done }
}

// failedPlan lets the log in Port say why a run has not begun.
func (e *Engine) failedPlan(ctx context.Context, u *survey, r DiscoverRequest, err error) {
	if u.integration.Logs == "" || r.Options.DryRun {
		return
	}
	f := feedback{&work{Plan: ledger.Plan{Run: r.Run, Trigger: r.Trigger, Logs: u.integration.Logs}}, e}
	f.tell(ctx, f.logs([]port.Log{f.line("ERROR", "the run has not begun: "+err.Error(), nil)}))
}

// line is one of the log in Port, in the words by which its page filters.
func (f feedback) line(level, message string, extra map[string]any) port.Log {
	if extra == nil {
		extra = map[string]any{}
	}
	extra["event_id"], extra["event_kind"] = f.event(), "resync"
	extra["event_trigger_type"] = cmp.Or(f.Trigger, "manual")
	extra["run"] = f.Run
	return port.Log{Level: level, Message: masked(message), Time: f.engine.Now(), Extra: extra}
}
