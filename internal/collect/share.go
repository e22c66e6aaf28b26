package collect

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// remembered is how long an answer serves other kinds. They are read side by side, so it need not be
// long; a page token in it should not have expired.
const remembered = 5 * time.Minute

// shared is the answer to a request that kinds have in common.
type shared struct {
	ready  chan struct{} // closed when the fields below are set
	since  time.Time
	result any // a copy that is nobody's
	err    error
}

// copied is the struct that a pointer leads to, anew: the SDK's client writes metadata into the one it returns.
func copied(result any) any {
	v := reflect.ValueOf(result).Elem()
	c := reflect.New(v.Type())
	c.Elem().Set(v)
	return c.Interface()
}

// share lets requests that kind.Shared marks be made once: who comes later waits for the first answer.
// Failures are not shared, since they may be the first one's own.
func (p *Pacer) share(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	if !kind.IsShared(ctx) {
		return next.HandleInitialize(ctx, in)
	}
	input, err := json.Marshal(in.Parameters)
	if err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	key := awsmiddleware.GetRegion(ctx) + " " + awsmiddleware.GetServiceID(ctx) + " " +
		awsmiddleware.GetOperationName(ctx) + " " + string(input)
	for {
		answer, first := p.recall(key)
		if first {
			out, metadata, err := next.HandleInitialize(ctx, in)
			if answer.err = err; err != nil {
				p.forget(key, answer)
			} else {
				answer.result = copied(out.Result)
			}
			close(answer.ready)
			return out, metadata, err
		}
		select {
		case <-answer.ready:
			if answer.err == nil {
				return middleware.InitializeOutput{Result: copied(answer.result)}, middleware.Metadata{}, nil
			}
		case <-ctx.Done():
			return middleware.InitializeOutput{}, middleware.Metadata{}, ctx.Err()
		}
	}
}

// recall finds the answer, made or being made, or says that the caller is the first to ask.
func (p *Pacer) recall(key string) (answer *shared, first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for k, a := range p.answers {
		if now.Sub(a.since) > remembered {
			delete(p.answers, k)
		}
	}
	if a := p.answers[key]; a != nil {
		return a, false
	}
	a := &shared{ready: make(chan struct{}), since: now}
	p.answers[key] = a
	return a, true
}

func (p *Pacer) forget(key string, answer *shared) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.answers[key] == answer {
		delete(p.answers, key)
	}
}
