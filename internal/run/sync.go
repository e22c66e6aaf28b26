package run

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// SyncRequest asks for the sync of one account of a run.
type SyncRequest struct {
	Run     string
	Account ledger.Account
}

// Progress is the answer of an act that may have to be called again.
type Progress struct {
	More      bool      // call again with the same request
	WaitUntil time.Time // but not before
	Idle      bool      // this time nothing was read: it may take more time than it was given
}

// Sync reads one account into the catalog: it lists every cell the run asks for, upserts what
// changed, and records what it saw. It never deletes. Near ctx's deadline it stores where it is and
// answers More. What AWS or Port refuse becomes a verdict; an error means that nothing was recorded,
// and that calling again is worth a try, unless it has one of the names PortUnauthorized,
// PortForbidden, RunSuperseded or StateNewerThanCode.
func (e *Engine) Sync(ctx context.Context, r SyncRequest) (Progress, error) {
	var calls atomic.Int64
	ctx = port.Counted(ctx, &calls)
	w, err := e.load(ctx, r.Run)
	if err == nil {
		err = w.current()
	}
	if err != nil {
		return Progress{}, err
	}
	act, done := e.begin(ctx)
	defer done()
	defer e.alive(ctx, w)()
	s := &accountSync{engine: e, work: w, account: r.Account, act: act, pacer: collect.NewPacer(e.Pool), toPort: &calls}
	entering := async(func() entry { return s.enter(ctx) }) // only reads, so it need not wait for the lease
	defer entering()
	h, err := w.ledger.Take(ctx, r.Account.ID, e.lease(w, act), w.phase(ledger.Syncing))
	var busy *ledger.BusyError
	if errors.As(err, &busy) {
		return Progress{More: true, WaitUntil: busy.Until}, nil
	}
	if err != nil {
		return Progress{}, err
	}
	if h.Summary.Run == r.Run && h.Summary.Done {
		return Progress{}, h.Release(ctx)
	}
	s.holder = h
	if err := s.read(ctx, entering); err != nil {
		return Progress{}, err
	}
	if !s.again {
		s.log(ctx)
	}
	return Progress{More: s.again, WaitUntil: s.wait, Idle: s.writer.pages == 0}, nil
}

// Fail records why the sync of an account came to no end in a run, for the run's report.
func (e *Engine) Fail(ctx context.Context, run, account string, f ledger.Failure) error {
	l, err := e.open(ctx)
	if err != nil {
		return err
	}
	f.Why = ledger.Shorten(f.Why)
	return l.WriteFailure(ctx, run, account, f)
}

// phase is the phase of the lock that a lease needs.
func (w *work) phase(p ledger.Phase) ledger.Phase {
	if w.Options.DryRun {
		return ""
	}
	return p
}

// change changes the lock of a run, and remembers it.
func (e *Engine) change(ctx context.Context, l *ledger.Ledger, run string, change func(*ledger.Lock) error) (ledger.Lock, error) {
	e.mu.Lock()
	seen := e.lock
	e.mu.Unlock()
	if seen.Run != run {
		seen = ledger.Lock{}
	}
	lock, err := l.Change(ctx, run, seen, change)
	if err == nil {
		e.mu.Lock()
		e.lock = lock
		e.mu.Unlock()
	}
	return lock, err
}

// act is one invocation: it knows when to stop.
type act struct {
	nonce    string
	deadline time.Time
	cut      time.Time     // when what is still being listed is given up for this time
	stop     chan struct{} // closed when no further page or account is to be begun
	halt     func()        // closes stop
}

// begin starts an invocation that ends with ctx. When stop closes a third of the time is left, at most a
// minute, for what is under way; half of that for writing and storing what came of it.
func (e *Engine) begin(ctx context.Context) (act, func()) {
	nonce := make([]byte, 8)
	_, _ = rand.Read(nonce) // never fails
	a := act{nonce: hex.EncodeToString(nonce), stop: make(chan struct{})}
	a.halt = sync.OnceFunc(func() { close(a.stop) })
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Hour)
	}
	left := time.Until(deadline)
	a.deadline = e.Now().Add(left)
	rest := min(left/3, time.Minute)
	a.cut = time.Now().Add(left - rest/2)
	timer := time.AfterFunc(left-rest, a.halt)
	return a, func() { timer.Stop() }
}

// release gives back a lease, also when what was done under it was cancelled: nothing of it runs any
// more. After the deadline no request is begun, and the lease runs out.
func (a act) release(ctx context.Context, h *ledger.Holder) error {
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), a.deadline)
	defer cancel()
	return h.Release(ctx)
}

// over says that the invocation's time is over by the clock on the wall, which goes on while a process
// is suspended: contexts do not notice that.
func (a act) over(now time.Time) bool { return !now.Round(0).Before(a.deadline.Round(0)) }

// until is when nothing of the invocation can be under way any more.
func (e *Engine) until(a act) time.Time { return a.deadline.Add(e.PortTimeout) }

func (e *Engine) lease(w *work, a act) ledger.Lease {
	return ledger.Lease{Fence: w.Fence, Nonce: a.nonce, Run: w.Run, Until: e.until(a)}
}

// async begins f and returns how to wait for its result.
func async[T any](f func() T) func() T {
	c := make(chan T, 1)
	go func() { c <- f() }()
	return func() T {
		v := <-c
		c <- v
		return v
	}
}

// accountSync is one invocation of Sync.
type accountSync struct {
	engine  *Engine
	work    *work
	account ledger.Account
	act     act
	holder  *ledger.Holder
	pacer   *collect.Pacer
	writer  *writer
	toPort  *atomic.Int64 // requests

	again bool      // another invocation has to go on
	wait  time.Time // but not before
}

func (s *accountSync) log(ctx context.Context) {
	sum := s.holder.Summary
	s.engine.Log.InfoContext(ctx, "account done", "run", s.work.Run, "account", s.account.ID, "name", s.account.Name,
		"verdict", sum.Verdict.State, "reason", sum.Verdict.Reason, "entities", sum.Total(), "written", sum.Written(),
		"seconds", fmt.Sprintf("%.1f", sum.Seconds))
	for _, f := range sum.Frozen {
		s.engine.Log.WarnContext(ctx, "cell frozen", "run", s.work.Run, "account", s.account.ID, "region", f.Region,
			"kind", f.Kind, "verdict", f.State, "reason", f.Reason, "message", f.Message)
	}
}
