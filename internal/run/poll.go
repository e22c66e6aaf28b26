package run

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// Poll begins a run if somebody has pressed the integration's resync button in Port, or changed its mapping, since
// the last run that read it. Run is empty where nobody has. Where a run is at work that had begun before, the
// request stays open. Before the first run of all nothing is begun: when that is to be, its schedule or a person
// decides. Its errors are those of Tick.
func (e *Engine) Poll(ctx context.Context) (Ticked, error) {
	asked, err := e.Port.ResyncRequest(ctx)
	if err != nil {
		return Ticked{}, named("ask Port for requests to resync", err)
	}
	l, err := e.open(ctx)
	if err != nil {
		return Ticked{}, err
	}
	lock, err := l.ReadLock(ctx)
	if err != nil || lock.Fence == 0 || !lock.Shown.Asks(asked) {
		return Ticked{}, err
	}
	run := "resync-" + strings.ReplaceAll(asked.UTC().Format("20060102T150405.000Z"), ".", "-")
	var no refusal
	if refused, err := l.ReadOnce(ctx, run, refusedName, &no); err != nil || refused {
		return Ticked{Run: run, Skipped: no.Why}, err
	}
	t, err := e.start(ctx, DiscoverRequest{Run: run, Trigger: byRequest})
	var coded interface{ Code() string }
	if errors.As(err, &coded) && slices.Contains(untilEdited(), coded.Code()) {
		no = refusal{ledger.Format, coded.Code() + ": " + err.Error()}
		err = errors.Join(err, l.WriteOnce(ctx, run, refusedName, &no))
	}
	return t, err
}

// refusal is why a request cannot be done. It is told once, not every minute.
type refusal struct {
	Format int    `json:"format"`
	Why    string `json:"why"`
}

const refusedName = "refused.json"

// untilEdited are the errors that last until a person changes something, which is a request of its own.
func untilEdited() []string { return []string{"AnotherWriter", "MappingEmpty", "MappingInvalid"} }
