package mapping

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/onig"
)

const (
	timeLimit    = time.Second // of one evaluation
	timeoutLimit = 3           // a program that timed out so often is not started any more
	atOnce       = 4           // evaluations of gojq at once: a deadline bounds time, not memory
)

// engine runs gojq for all blocks of a mapping.
type engine struct {
	slots chan struct{}
	now   float64 // seconds since 1970
}

func newEngine(now time.Time) *engine {
	return (&engine{slots: make(chan struct{}, atOnce)}).at(now)
}

func (e *engine) at(now time.Time) *engine {
	return &engine{slots: e.slots, now: float64(now.UnixMicro()) / 1e6}
}

func (e *engine) run(ctx context.Context, p *program, item any) (any, *failure) {
	if p.deletes {
		return e.alone(ctx, p, item)
	}
	return e.evaluate(ctx, p, item)
}

// alone evaluates a program that may delete something. gojq's deletion rewrites every object it was
// given, the literals of the program included: with equal values, but a goroutine that reads one at
// that moment, to map it or to encode an entity, brings the process down.
func (e *engine) alone(ctx context.Context, p *program, item any) (any, *failure) {
	p.turn.Lock()
	defer p.turn.Unlock()
	v, f := e.evaluate(ctx, p, clone(item))
	return clone(v), f
}

func (e *engine) evaluate(ctx context.Context, p *program, item any) (v any, f *failure) {
	if p.timeouts.Load() >= timeoutLimit {
		return nil, p.fatal(errStopped)
	}
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return nil, p.fatal(context.Cause(ctx))
	}
	defer func() {
		if r := recover(); r != nil { // a person's program must not end the run of all accounts
			v, f = nil, p.fatal(fmt.Errorf("%w: %v", errBroken, r))
		}
	}()
	within, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	var arguments []any
	if p.clocked {
		arguments = []any{e.now}
	}
	v, ok := p.code.RunWithContext(within, item, arguments...).Next()
	if !ok {
		return nil, &failure{program: p.text, err: errEmpty}
	}
	if err, failed := v.(error); failed {
		return nil, p.failed(ctx, within, err)
	}
	v, err := clean(v, maxResult)
	if err != nil {
		return nil, p.fatal(err)
	}
	return v, nil
}

func (p *program) fatal(err error) *failure {
	return &failure{program: p.text, fatal: true, err: err}
}

func (p *program) failed(ctx, within context.Context, err error) *failure {
	switch {
	case ctx.Err() != nil:
		return p.fatal(context.Cause(ctx))
	case within.Err() != nil, errors.Is(err, onig.ErrTimeout):
		p.timeouts.Add(1)
		return p.fatal(errTimeout)
	default:
		return &failure{program: p.text, err: err}
	}
}
