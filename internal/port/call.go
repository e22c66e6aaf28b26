package port

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

type request struct {
	route     string // method and path; the path may have one {id}
	id        string // what stands for it, not escaped
	url       string // where that is elsewhere than at the API: there path is only a name
	header    map[string]string
	query     url.Values
	body      []byte
	exporter  bool   // an entity call: Port records the sender as the entities' owner
	anonymous bool   // no Authorization: Port's edge refuses a stale one even where none is needed
	secret    string // of the body: kept out of errors
	once      bool   // not worth a second try
}

// outcome is how one sending of a request ended.
type outcome struct {
	err     error
	retry   bool
	unknown bool          // Port may have carried it out
	pause   time.Duration // the least that Port asks for
	refused *token        // it answered 401 to this one
}

// call sends r until there is a final answer, and decodes that into out (if not nil). unknown says
// that Port may have carried out one of the sendings without our having read the answer.
func (c *Client) call(ctx context.Context, r request, out any) (unknown bool, err error) {
	if len(r.body) > MaxBody {
		return false, fmt.Errorf("%s: body of %d bytes is over Port's limit", r.route, len(r.body))
	}
	refreshed := false
	for attempt := 1; ; attempt++ {
		o := c.attempt(ctx, r, out)
		unknown = unknown || o.unknown
		switch {
		case o.err == nil:
			return unknown, nil
		case o.refused != nil && !refreshed:
			refreshed = true
			c.tokens.drop(o.refused)
			attempt--
			continue
		case !o.retry || r.once:
			return unknown, o.err
		case ctx.Err() != nil:
			return unknown, fmt.Errorf("%s: %w", r.route, context.Cause(ctx))
		case attempt == attempts:
			return unknown, fmt.Errorf("gave up after %d attempts: %w", attempts, o.err)
		}
		if err := sleep(ctx, backoff(attempt, o.pause), o.err); err != nil {
			return unknown, fmt.Errorf("%s: %w", r.route, err)
		}
	}
}

// attempt sends r once.
func (c *Client) attempt(ctx context.Context, r request, out any) outcome {
	if ctx.Err() != nil {
		return outcome{err: fmt.Errorf("%s: %w", r.route, context.Cause(ctx))}
	}
	var auth token
	var used *token
	if !r.anonymous {
		t, err := c.tokens.get(ctx)
		if err != nil {
			return outcome{err: fmt.Errorf("%s: %w", r.route, err)}
		}
		auth, used = *t, t
		r.secret = t.secret
	}
	rt := c.route(r.route)
	if err := rt.wait(ctx); err != nil {
		return outcome{err: fmt.Errorf("%s: %w", r.route, err)}
	}
	if n, ok := ctx.Value(counter{}).(*atomic.Int64); ok {
		n.Add(1)
	}
	res, body, unknown, err := c.send(ctx, r, auth.header)
	if err != nil {
		return outcome{err: fmt.Errorf("%s: %w", r.route, err), retry: true, unknown: unknown}
	}
	o := outcome{pause: c.pause(res)}
	c.learnPace(rt, res, o.pause)
	if res.StatusCode/100 != 2 {
		o.err = refusal(r, res, body)
		o.retry = transient(res.StatusCode)
		o.unknown = untold(res.StatusCode)
		if res.StatusCode == http.StatusUnauthorized {
			o.refused = used
		}
		return o
	}
	if out == nil {
		return o
	}
	if err := json.Unmarshal(body, out); err != nil {
		var cut *json.SyntaxError
		o.err = fmt.Errorf("%s: read the answer: %w", r.route, err)
		o.retry, o.unknown = errors.As(err, &cut), true
	}
	return o
}

// send does the HTTP of one attempt. unknown says that Port may have the request although there is
// an error.
func (c *Client) send(
	parent context.Context, r request, auth string,
) (res *http.Response, body []byte, unknown bool, err error) {
	ctx, cancel := context.WithTimeout(parent, c.timeout)
	defer cancel()
	ctx, reached := watched(ctx)
	method, path, _ := strings.Cut(r.route, " ")
	target := c.base + strings.Replace(path, "{id}", url.PathEscape(r.id), 1)
	if r.url != "" {
		target = r.url
	}
	if len(r.query) > 0 {
		target += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(r.body))
	if err != nil {
		return nil, nil, false, err
	}
	req.Header.Set("User-Agent", c.agent)
	if r.exporter {
		req.Header.Set("User-Agent", c.exporter)
	}
	req.Header.Set("Accept", "application/json")
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if auth != "" {
		req.Header.Set("Authorization", auth)
	}
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	res, body, err = c.exchange(req, r.url == "")
	if err != nil && ctx.Err() != nil && parent.Err() == nil {
		// Not the caller's deadline, so not its error either.
		err = fmt.Errorf("no answer within %s", c.timeout)
	}
	return res, body, err != nil && reached(), err
}

// exchange sends and reads; ofPort says that the answer's Date is of the clock that Port stamps entities with.
func (c *Client) exchange(req *http.Request, ofPort bool) (*http.Response, []byte, error) {
	sent := time.Now()
	res, err := c.http.Do(req)
	if err != nil {
		// Its text has the whole URL; the route is said by the caller.
		var located *url.Error
		if errors.As(err, &located) {
			err = located.Err
		}
		return nil, nil, err
	}
	defer res.Body.Close()
	// A 5xx may come from something in front of Port, with a clock of its own.
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil && ofPort && res.StatusCode < 500 {
		c.clock.learn(sent, time.Now(), date)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, nil, fmt.Errorf("answer cut short: %w", err)
	}
	return res, body, nil
}

// watched lets a request be followed: reached is false only if it never had a connection. Errors do
// not tell: a timeout while connecting looks like one while Port works.
func watched(ctx context.Context) (_ context.Context, reached func() bool) {
	var wanted, got atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { wanted.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	// A RoundTripper that is not net/http's may tell neither.
	return ctx, func() bool { return got.Load() || !wanted.Load() }
}

// untold says that a status leaves open whether the request was carried out.
func untold(status int) bool { return status >= 500 || status == http.StatusRequestTimeout }

func transient(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

func refusal(r request, res *http.Response, body []byte) *Error {
	var said struct {
		Error, Message string
	}
	// A proxy's page instead of Port's JSON: the status says what there is to say.
	_ = json.Unmarshal(body, &said)
	if r.secret != "" {
		said.Message = strings.ReplaceAll(said.Message, r.secret, redacted)
	}
	return &Error{
		Route:   r.route,
		Status:  res.StatusCode,
		Code:    said.Error,
		Message: said.Message,
		TraceID: res.Header.Get("X-Trace-Id"),
	}
}
