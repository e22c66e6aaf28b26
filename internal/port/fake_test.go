package port_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

const (
	tokenRoute  = "POST /v1/auth/access_token"
	upsertRoute = "POST /v1/blueprints/{id}/entities/bulk"
	deleteRoute = "POST /v1/blueprints/{id}/bulk/entities/delete"
)

// pipes is a network in memory, so that a synctest bubble sees when all of it waits.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
	tried tally       // requests, also those that nobody got
	hole  atomic.Bool // nothing answers to a new connection
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "port"} }

func (p *pipes) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if p.hole.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: net.ErrClosed}
	}
}

// tally counts requests, retries included, by method and path template.
type tally struct {
	http.RoundTripper
	mu     sync.Mutex
	counts map[string]int
}

var named = regexp.MustCompile(`^(/v1/blueprints/)[^/]+`)

func (t *tally) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	t.counts[r.Method+" "+named.ReplaceAllString(r.URL.Path, "$1{id}")]++
	t.mu.Unlock()
	return t.RoundTripper.RoundTrip(r)
}

// calls are the requests that the client has tried to send.
func (f *fake) calls() map[string]int {
	t := &f.network.tried
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.counts)
}

// sent is a request as Port received it.
type sent struct {
	Call  string // method and escaped path
	Query string
	Agent string
	Auth  string
	Body  string
}

type answer func(w http.ResponseWriter, r *http.Request)

// fake is a Port that gives its answers in order (the last one for ever) and records what it was
// asked. It gives out tokens t1, t2 … itself unless login is set.
type fake struct {
	login   answer
	answers []answer

	network *pipes
	mu      sync.Mutex
	tokens  int
	asked   int
	log     []sent
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	f.mu.Lock()
	f.log = append(f.log, sent{
		Call:  r.Method + " " + r.URL.EscapedPath(),
		Query: r.URL.RawQuery,
		Agent: r.UserAgent(),
		Auth:  r.Header.Get("Authorization"),
		Body:  string(body),
	})
	var give answer
	if r.URL.Path == "/v1/auth/access_token" {
		f.tokens++
		give = f.login
		if give == nil {
			const format = `{"ok":true,"accessToken":"t%d","expiresIn":10800,"tokenType":"Bearer"}`
			give = reply(200, fmt.Sprintf(format, f.tokens))
		}
	} else {
		give = f.answers[min(f.asked, len(f.answers)-1)]
		f.asked++
	}
	f.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	give(w, r)
}

// requests are those received so far, tokens apart.
func (f *fake) requests() []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []sent
	for _, s := range f.log {
		if s.Call != tokenRoute {
			all = append(all, s)
		}
	}
	return all
}

// connect starts the fake and returns a client of it; what cfg leaves open is set.
func connect(t *testing.T, f *fake, cfg port.Config) *port.Client {
	t.Helper()
	if cfg.Credentials == nil {
		cfg.Credentials = credentials("the-client", "the-secret")
	}
	c, network := dial(t, f, cfg)
	f.network = network
	return c
}

func credentials(id, secret string) func(context.Context) (port.Credentials, error) {
	return func(context.Context) (port.Credentials, error) {
		return port.Credentials{ClientID: id, ClientSecret: secret}, nil
	}
}

func dial(t *testing.T, h http.Handler, cfg port.Config) (*port.Client, *pipes) {
	network := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: h}
	go func() { _ = server.Serve(network) }()
	transport := &http.Transport{DialContext: network.Dial, MaxIdleConnsPerHost: 64}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	cfg.BaseURL, cfg.Type, cfg.Version = "http://port.test/", "aws-v3", "1.2.3"
	cfg.Identifier = cmp.Or(cfg.Identifier, "prod")
	network.tried = tally{RoundTripper: transport, counts: map[string]int{}}
	cfg.HTTP = &http.Client{Transport: &network.tried}
	return port.New(cfg), network
}

// reply answers with a status, a body and headers given as name, value, name, value.
func reply(status int, body string, header ...string) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuse(status int, code, message string, header ...string) answer {
	body, _ := json.Marshal(map[string]any{"ok": false, "error": code, "message": message})
	return reply(status, string(body), header...)
}

// lost takes the request and closes the connection.
func lost(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// cut sends the head and only the first bytes of the body.
func cut(body string, n int) answer {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		_, _ = io.WriteString(w, body[:n])
	}
}

// written confirms every entity of a bulk upsert.
func written(created bool) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Entities []struct{ Identifier string } }
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &in)
		var list []map[string]any
		for i, e := range in.Entities {
			list = append(list, map[string]any{"index": i, "identifier": e.Identifier, "created": created})
		}
		out, _ := json.Marshal(map[string]any{"ok": true, "entities": list, "errors": []any{}})
		_, _ = w.Write(out)
	}
}

func entity(id string) json.RawMessage { return json.RawMessage(`{"identifier":"` + id + `"}`) }

func entities(n int) []json.RawMessage {
	var all []json.RawMessage
	for i := range n {
		all = append(all, entity(fmt.Sprintf("q-%d", i)))
	}
	return all
}
