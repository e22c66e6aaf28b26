// Package collect reads the cells of one account: bounded, paced, page by page, each to a verdict.
package collect

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"golang.org/x/time/rate"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
)

// PerService bounds the calls in flight of one account, region and service. With more, services
// throttle sooner than they answer faster.
const PerService = 8

// Pool bounds the AWS calls in flight of a whole process.
type Pool chan struct{}

// NewPool returns a pool of that many calls.
func NewPool(calls int) Pool { return make(Pool, calls) }

// Pacer spends the request budget of one account: a few calls at once for each region and service,
// at the rate that the service has shown to bear. It also counts.
type Pacer struct {
	pool Pool

	mu        sync.Mutex
	lanes     map[lane]*budget
	calls     map[string]int
	throttled int
	answers   map[string]*shared // by request
}

type lane struct{ region, service string }

// NewPacer returns a pacer whose calls also count against the pool.
func NewPacer(pool Pool) *Pacer {
	return &Pacer{pool: pool, lanes: map[lane]*budget{}, calls: map[string]int{}, answers: map[string]*shared{}}
}

// Config returns cfg with all calls made through it paced, those of kind.Shared made once, and their answers examined for being AWS's.
func (p *Pacer) Config(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	// In the Initialize step the request has not been built: what waits here holds no memory.
	cfg.APIOptions = append(cfg.APIOptions, access.Genuine, func(s *middleware.Stack) error {
		if err := s.Initialize.Add(middleware.InitializeMiddlewareFunc("share", p.share), middleware.After); err != nil {
			return err
		}
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("pace", p.admit), middleware.After)
	})
	retryer := cfg.Retryer
	cfg.Retryer = func() aws.Retryer { return &pacedRetryer{retryer().(aws.RetryerV2), p} }
	return cfg
}

// Calls returns the requests sent so far, retries included, by service:Operation, and how many of
// them were throttled.
func (p *Pacer) Calls() (byOperation map[string]int, throttled int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.calls), p.throttled
}

func (p *Pacer) budget(ctx context.Context) *budget {
	k := lane{awsmiddleware.GetRegion(ctx), awsmiddleware.GetServiceID(ctx)}
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.lanes[k]
	if b == nil {
		b = &budget{slots: make(chan struct{}, PerService), limit: rate.NewLimiter(begin(k.service), 1)}
		p.lanes[k] = b
	}
	return b
}

// begin is the rate to begin with. Most services bear more than our slots let through, or differ too
// much; Cloud Control throttles at some 30 requests a second, also for the services behind it.
func begin(service string) rate.Limit {
	if service == "CloudControl" {
		return 25
	}
	return rate.Inf
}

type attemptsKey struct{}

// admit lets an operation begin when its lane has a slot and its rate allows.
func (p *Pacer) admit(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	b := p.budget(ctx)
	if err := acquire(ctx, b.slots); err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	defer func() { <-b.slots }()
	if err := b.wait(ctx); err != nil {
		return middleware.InitializeOutput{}, middleware.Metadata{}, err
	}
	return next.HandleInitialize(context.WithValue(ctx, attemptsKey{}, new(int)), in)
}

func acquire(ctx context.Context, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pacedRetryer lets every attempt take a slot of the pool, and every attempt but the first one more
// token of its lane. Backing off it holds neither.
type pacedRetryer struct {
	aws.RetryerV2
	pacer *Pacer
}

func (r *pacedRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	b := r.pacer.budget(ctx)
	if n, ok := ctx.Value(attemptsKey{}).(*int); ok {
		if *n++; *n > 1 {
			if err := b.wait(ctx); err != nil {
				return nil, err
			}
		}
	}
	service := awsmiddleware.GetServiceID(ctx)
	// Credentials are renewed by STS from within an attempt that holds a slot: STS needs none, or
	// the pool could wait for itself.
	pooled := service != "STS"
	if pooled {
		if err := acquire(ctx, r.pacer.pool); err != nil {
			return nil, err
		}
	}
	r.pacer.count(strings.ToLower(service) + ":" + awsmiddleware.GetOperationName(ctx))
	return func(err error) error {
		if pooled {
			<-r.pacer.pool
		}
		throttle := access.Throttle(err)
		b.learn(throttle)
		if throttle {
			r.pacer.mu.Lock()
			r.pacer.throttled++
			r.pacer.mu.Unlock()
		}
		return nil
	}, nil
}

func (p *Pacer) count(name string) {
	p.mu.Lock()
	p.calls[name]++
	p.mu.Unlock()
}

// budget is what one lane may spend.
type budget struct {
	slots chan struct{}
	limit *rate.Limiter

	mu      sync.Mutex
	since   time.Time // start of the second that answers counts
	answers int       // accepted requests of this second
	last    int       // and of the one before
	cut     time.Time // when the rate was last lowered
}

// wait waits for the lane's turn. The limiter refuses at once where that comes after ctx's deadline. But
// that is no answer of the service: it ends with ctx, as does a request that takes too long.
func (b *budget) wait(ctx context.Context) error {
	if b.limit.Wait(ctx) != nil {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// learn follows the service: after a throttle the rate falls to nine tenths of what it has just
// borne, and while it does not throttle the rate grows by a twentieth each second.
func (b *budget) learn(throttled bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if past := now.Sub(b.since); past >= time.Second {
		b.last = b.answers
		if past >= 2*time.Second {
			b.last = 0
		}
		b.since, b.answers = now, 0
		if b.limit.Limit() != rate.Inf && now.Sub(b.cut) >= 2*time.Second {
			b.limit.SetLimit(b.limit.Limit() * 1.05)
		}
	}
	if !throttled {
		b.answers++
		return
	}
	if now.Sub(b.cut) < time.Second {
		return
	}
	b.cut = now
	borne := rate.Limit(max(b.answers, b.last))
	if l := b.limit.Limit(); l != rate.Inf {
		borne = min(borne, l)
	}
	b.limit.SetLimit(max(1, borne*9/10))
}
