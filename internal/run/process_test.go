package run_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// process is one life of the program. Its writes, to Port and to the store, are counted: a death between
// two of them is like a death before the second.
type process struct {
	*scene
	began  time.Time
	before map[int]func()      // what the world does before write n
	judge  func(*http.Request) // of each write to Port
	lives  func(since time.Time)
	stores func(key string) // of each write to the store
	only   string           // what the mapping of its run selects
	dry    bool
	narrow string            // what its run was asked about alone
	synced func(string) bool // accounts whose sync has come to its end; nil: all that let us in

	dieAt    int           // dies at this write; 0 = lives
	dieIn    int           // dies at this write to Port; 0 = lives
	after    bool          // once it has been carried out, rather than before
	freezeAt int           // stands still at this request of the store, which is then carried out late
	freeze   time.Duration // for so long
	away     map[int]bool  // these writes to the store fail: true once they have been carried out
	blindAt  int           // this read fails; 0 = none

	mu     sync.Mutex
	n      int // writes so far
	reads  int
	toPort int // of them to Port
	dead   bool
	end    context.CancelFunc
}

var (
	errDead = errors.New("the process is dead")
	errAway = errors.New("the store is away")
)

// read carries out a request that changes nothing.
func (p *process) read(carryOut func()) error {
	p.mu.Lock()
	p.reads++
	dead, blind := p.dead, p.reads == p.blindAt
	p.mu.Unlock()
	if dead {
		return errDead
	}
	if blind {
		return errAway
	}
	carryOut()
	return nil
}

// write carries out one request as the process's fate has it.
func (p *process) write(store bool, carryOut func()) error {
	p.mu.Lock()
	if p.dead {
		p.mu.Unlock()
		return errDead
	}
	p.n++
	n, happens := p.n, p.before[p.n]
	p.mu.Unlock()
	if happens != nil {
		happens()
	}
	if store && n >= p.freezeAt && p.freezeAt > 0 {
		p.mu.Lock()
		p.freezeAt = 0
		p.mu.Unlock()
		time.Sleep(p.freeze)
	}
	p.mu.Lock()
	if !store {
		p.toPort++
	}
	dies := n == p.dieAt || !store && p.toPort == p.dieIn
	late, away := p.away[n]
	p.mu.Unlock()
	if store && away && !dies {
		if late {
			carryOut()
		}
		return errAway
	}
	if !dies {
		carryOut()
		return nil
	}
	if p.after {
		carryOut()
	}
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.end()
	return errDead
}

// live carries out one whole run, or as much of it as fate allows.
func (p *process) live(r run.DiscoverRequest) (rep *report.Report, err error) {
	err = p.act(p.Context(), func(ctx context.Context, e *run.Engine) (err error) {
		rep, err = e.Once(ctx, r)
		return err
	})
	return rep, err
}

// act is the process's life: what it does with an engine of its own.
func (p *process) act(ctx context.Context, do func(context.Context, *run.Engine) error) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	p.end = end
	if p.began.IsZero() {
		p.began = time.Now()
	}
	if p.lives != nil {
		defer p.lives(time.Now())
	}
	e := p.engine()
	e.Store = mortalStore{p.store, p}
	inner := e.Base.HTTPClient
	e.Base.HTTPClient = mortalClient(func(r *http.Request) (res *http.Response, err error) {
		if death := p.read(func() { res, err = inner.Do(r) }); death != nil {
			return nil, death
		}
		return res, err
	})
	e.Org.Base = e.Base
	e.Port = p.portClient(p.transport())
	return do(ctx, e)
}

// transport leads to Port.
func (p *process) transport() mortalTrip {
	return func(r *http.Request) (res *http.Response, err error) {
		if err := r.Context().Err(); err != nil {
			return nil, err
		}
		if p.judge != nil && strings.Contains(r.URL.Path, "/bulk") {
			p.judge(r)
		}
		carryOut := func() { res, err = direct{p.port}.RoundTrip(r) }
		death := error(nil)
		if strings.Contains(r.URL.Path, "/bulk") {
			death = p.write(false, carryOut)
		} else {
			death = p.read(carryOut)
		}
		if death != nil {
			return nil, death
		}
		return res, err
	}
}

type mortalClient func(*http.Request) (*http.Response, error)

func (c mortalClient) Do(r *http.Request) (*http.Response, error) { return c(r) }

type mortalTrip func(*http.Request) (*http.Response, error)

func (c mortalTrip) RoundTrip(r *http.Request) (*http.Response, error) { return c(r) }

// mortalStore is the store as a process sees it. What is under way when a process freezes is carried
// out late, whatever its context says by then.
type mortalStore struct {
	ledger.Store
	p *process
}

func (s mortalStore) Get(ctx context.Context, key string) (data []byte, version string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	death := s.p.read(func() { data, version, err = s.Store.Get(context.WithoutCancel(ctx), key) })
	return data, version, errors.Join(death, err)
}

func (s mortalStore) Put(ctx context.Context, key string, data []byte, c ledger.Condition) (version string, err error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if s.p.stores != nil {
		s.p.stores(key)
	}
	death := s.p.write(true, func() { version, err = s.Store.Put(context.WithoutCancel(ctx), key, data, c) })
	if death != nil {
		return "", death
	}
	return version, err
}

func (s mortalStore) Delete(ctx context.Context, keys ...string) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	death := s.p.write(true, func() { err = s.Store.Delete(context.WithoutCancel(ctx), keys...) })
	return errors.Join(death, err)
}

func (s mortalStore) List(ctx context.Context, prefix string) (keys []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	death := s.p.read(func() { keys, err = s.Store.List(context.WithoutCancel(ctx), prefix) })
	return keys, errors.Join(death, err)
}
