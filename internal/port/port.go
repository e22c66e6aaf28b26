// Package port speaks Port's API: tokens, entities, the integration, search.
package port

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Port's limits: entities of one bulk upsert, identifiers of one bulk delete, bytes of one
// request's body.
const (
	MaxUpsert = 20
	MaxDelete = 100
	MaxBody   = 1 << 20
)

// Config says which Port to speak to, and as whom.
type Config struct {
	BaseURL string // https://api.port.io, without the /v1

	// The integration. Port keeps type, version and identifier with every entity written (its
	// $datasource), and finds "our" entities by type and identifier.
	Type, Version, Identifier string

	// Credentials is asked at each fetch of a token, so a rotated secret is picked up.
	Credentials func(context.Context) (Credentials, error)

	// HTTP is nil for a client of its own. Redirects are not followed: they would carry the secret away.
	HTTP    *http.Client
	Bulks   int           // entity writes in flight at once; 0: 16
	Timeout time.Duration // of one request, from its start to the last byte of the answer; 0: 30 s
}

// Client calls Port. It is safe for concurrent use, and meant to be shared: token, pace and clock
// are its own.
//
// A request that meets 408, 425, 429, 500, 502, 503, 504, a broken connection or an answer cut
// short is sent again, ten times in all, after random pauses of up to 30 s. A request for which
// Port wants a longer pause, or whose context would end before the next try, fails with a
// *BusyError. When Port's own count says that less than a tenth of a route's limit is left,
// requests on it are spread over the rest of the window.
type Client struct {
	base, agent, exporter string
	source                [2]string // what our $datasource begins with and ends in
	kind, version         string    // of the integration: kind is its type
	identifier            string
	timeout               time.Duration
	http                  *http.Client
	bulks                 chan struct{}
	tokens                *tokens // behind a pointer, so that printing a Client shows no token
	clock                 clock

	mu     sync.Mutex
	routes map[string]*route
}

// New returns a client that has not called Port yet.
func New(cfg Config) *Client {
	inner := http.Client{}
	if cfg.HTTP != nil {
		inner = *cfg.HTTP
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConns, transport.MaxIdleConnsPerHost = 128, 64
		inner.Transport = transport
	}
	inner.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	agent := "port-ocean/" + cfg.Type + "/" + cfg.Version + "/" + cfg.Identifier
	c := &Client{
		base:       strings.TrimRight(cfg.BaseURL, "/"),
		agent:      agent,
		exporter:   agent + "/exporter",
		source:     [2]string{"port-ocean/" + cfg.Type + "/", "/" + cfg.Identifier + "/exporter"},
		kind:       cfg.Type,
		version:    cfg.Version,
		identifier: cfg.Identifier,
		timeout:    cmp.Or(cfg.Timeout, 30*time.Second),
		http:       &inner,
		bulks:      make(chan struct{}, cmp.Or(cfg.Bulks, 16)),
		routes:     map[string]*route{},
	}
	c.tokens = &tokens{fetch: func(ctx context.Context) (*token, error) {
		return c.fetchToken(ctx, cfg.Credentials)
	}}
	return c
}

// Now is the time on Port's clock: the local time, corrected by what the Date headers of Port's
// answers say; the local time before the first answer. A Date has whole seconds, so Now is within
// half a second, plus half of the quickest answer's time, of Port's clock, and may move by as much
// when an answer narrows it. Whoever compares it with Port's createdAt or updatedAt allows a second
// or two.
func (c *Client) Now() time.Time { return c.clock.now() }

// Counted is a context that adds the requests sent with it, retries included, to n. Logs, metrics and heartbeats
// are not among them.
func Counted(ctx context.Context, n *atomic.Int64) context.Context {
	return context.WithValue(ctx, counter{}, n)
}

type counter struct{}

func (c *Client) route(name string) *route {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.routes[name]
	if r == nil {
		r = &route{}
		c.routes[name] = r
	}
	return r
}

// slot waits for one of the client's entity writes; release gives it back.
func (c *Client) slot(ctx context.Context) (release func(), err error) {
	select {
	case c.bulks <- struct{}{}:
		return func() { <-c.bulks }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a free write: %w", context.Cause(ctx))
	}
}
