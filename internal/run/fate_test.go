package run_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// dice are those of one occasion of a campaign: who throws before whom does not matter.
func (c *campaign) dice(occasion string) *rand.Rand {
	h := fnv.New64a()
	c.locked(func() { fmt.Fprint(h, c.rounds, occasion) })
	return rand.New(rand.NewPCG(c.seed, h.Sum64()))
}

// happens says whether a fate is to be met: it may be one that the campaign is played without.
func (c *campaign) happens(occasion, what string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := fmt.Sprintf("%d/%s/%s", c.rounds, occasion, what)
	if slices.Contains(c.off, name) {
		return false
	}
	c.fates = append(c.fates, name)
	c.met.note(what)
	return true
}

// process makes a process and its fate.
func (c *campaign) process(occasion string) *process {
	p := &process{scene: c.scene, before: map[int]func(){}, away: map[int]bool{}, only: c.only, dry: c.asked.DryRun}
	if c.asked.Narrow() {
		p.narrow = fmt.Sprint(c.asked)
	}
	p.lives = func(since time.Time) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.busy = append(c.busy, [2]time.Time{since, time.Now().Add(lifetime + timeout)})
	}
	p.stores = func(key string) {
		if p.dry && !strings.HasPrefix(key, "runs/") {
			c.locked(func() { c.fail("a dry run writes %s", key) })
		}
	}
	p.judge = func(r *http.Request) { c.judge(p, r) }
	dice := c.dice(occasion)
	at, in, after, freeze := 1+dice.IntN(22), 1+dice.IntN(3), dice.IntN(2) == 0, time.Duration(1+dice.IntN(20))*time.Minute
	switch what := dice.IntN(4); {
	case what == 0 && c.happens(occasion, "death"):
		p.dieAt, p.after = at, after
		c.note("%s dies at write %d, after it: %v", occasion, at, after)
	case what == 1 && c.happens(occasion, "death-at-Port"):
		p.dieIn, p.after = in, after
		c.note("%s dies at write %d to Port, after it: %v", occasion, in, after)
	case what == 2 && c.happens(occasion, "freeze"):
		p.freezeAt, p.freeze = at, freeze
		c.note("%s freezes at write %d for %s", occasion, at, freeze)
	}
	for n := range dice.IntN(2) {
		name, late := fmt.Sprint(occasion, "-store-", n), dice.IntN(2) == 0
		if at := 1 + dice.IntN(22); dice.IntN(2) == 0 && c.happens(name, map[bool]string{false: "store-error", true: "store-answer-lost"}[late]) {
			p.away[at] = late
		}
	}
	if at := 1 + dice.IntN(40); dice.IntN(3) == 0 && c.happens(occasion, "read-error") {
		p.blindAt = at
	}
	for n := range dice.IntN(3) {
		at, occasion := 1+dice.IntN(22), fmt.Sprint(occasion, "-change-", n)
		if c.happens(occasion, "change") {
			p.before[at] = func() { c.change(c.dice(occasion)) }
		}
	}
	return p
}

// lifetime is how long an invocation may last. The state machine gives one up a little later, whatever it
// does then.
const lifetime = time.Minute

// execute carries a run out as the state machine does: in invocations, each of which is a process with a
// fate of its own, repeated where it fails, and now and then delivered twice. The execution may be aborted
// at any time, and is then closed from outside, or not.
func (c *campaign) execute(r run.DiscoverRequest) {
	ctx, abort := context.WithCancel(c.Context())
	defer abort()
	dice := c.dice("execution")
	if after := time.Duration(dice.IntN(120)) * time.Second; dice.IntN(5) == 0 && c.happens("execution", "abort") {
		timer := time.AfterFunc(after, func() { c.note("%s is aborted", r.Run); abort() })
		defer timer.Stop()
	}
	began := time.Now()
	var d run.Discovered
	err := c.invoke(ctx, "discover", began, func(ctx context.Context, e *run.Engine) (run.Progress, error) {
		answer, err := e.Discover(ctx, r)
		c.locked(func() {
			if err == nil {
				d = answer
			}
		})
		return run.Progress{}, err
	})
	if err != nil {
		return
	}
	c.mu.Lock()
	accounts := d.Accounts
	c.mu.Unlock()
	var all sync.WaitGroup
	var synced sync.Map // an account that the run never recorded holds nothing up
	for _, a := range accounts {
		all.Go(func() {
			err := c.invoke(ctx, "sync-"+a.ID, began, func(ctx context.Context, e *run.Engine) (run.Progress, error) {
				return e.Sync(ctx, run.SyncRequest{Run: r.Run, Account: a})
			})
			synced.Store(a.ID, err == nil)
		})
	}
	all.Wait()
	c.synced = func(account string) bool { ended, known := synced.Load(account); return known && ended.(bool) }
	var rep *report.Report
	err = c.invoke(ctx, "sweep", began, func(ctx context.Context, e *run.Engine) (run.Progress, error) {
		s, err := e.Sweep(ctx, r.Run)
		c.locked(func() {
			if err == nil && !s.More {
				rep = s.Report
			}
		})
		return s.Progress, err
	})
	var ended *report.Report
	c.locked(func() { ended = rep })
	if err == nil && ended != nil {
		c.ended(&process{began: began, only: c.only}, ended)
		return
	}
	if c.happens("execution", "close") {
		_, _ = c.engine().Close(c.Context(), run.CloseRequest{Run: r.Run, Status: "aborted", Why: "it was aborted"})
	}
}

// invoke calls a function until it has ended: again where it failed, and later where it says so.
func (c *campaign) invoke(ctx context.Context, name string, began time.Time, act func(context.Context, *run.Engine) (run.Progress, error)) error {
	const tries = 4
	failures := 0
	for n := 0; ; n++ {
		occasion := fmt.Sprint(name, "-", n)
		p, err := c.once(ctx, occasion, began, act)
		var coded interface{ Code() string }
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case n == 40:
			c.locked(func() { c.fail("%s does not end", name) })
			return errors.New("endless")
		case err == nil && !p.More:
			return nil
		case err == nil:
			c.met.note("more")
			time.Sleep(max(time.Second, time.Until(p.WaitUntil)))
		case errors.As(err, &coded) && coded.Code() != (*ledger.BusyError)(nil).Code():
			return err
		default:
			if failures++; failures == tries {
				return err
			}
			time.Sleep(5 * time.Second << failures)
		}
	}
}

// once is one invocation, or two at the same time. Step Functions waits for no invocation longer than it
// may last: one that is frozen goes on behind its back.
func (c *campaign) once(ctx context.Context, occasion string, began time.Time, act func(context.Context, *run.Engine) (run.Progress, error)) (run.Progress, error) {
	type answer struct {
		run.Progress
		error
	}
	answers := make(chan answer, 2)
	if ctx.Err() != nil {
		return run.Progress{}, ctx.Err()
	}
	start := func(occasion string) {
		p := c.process(occasion)
		p.began, p.synced = began, c.synced
		c.threads.Go(func() {
			limited, cancel := context.WithTimeout(c.Context(), lifetime)
			defer cancel()
			var a answer
			a.error = p.act(limited, func(ctx context.Context, e *run.Engine) (err error) {
				a.Progress, err = act(ctx, e)
				return err
			})
			answers <- a
		})
	}
	start(occasion)
	if c.dice(occasion+"-twice").IntN(6) == 0 && c.happens(occasion, "delivered-twice") {
		start(occasion + "-twin")
	}
	select {
	case a := <-answers:
		return a.Progress, a.error
	case <-time.After(lifetime + 10*time.Second):
		c.met.note("given-up")
		return run.Progress{}, errors.New("given up")
	case <-ctx.Done():
		return run.Progress{}, ctx.Err()
	}
}
