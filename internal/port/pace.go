package port

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	attempts  = 10
	firstStep = 500 * time.Millisecond
	patience  = 30 * time.Second // longer pauses are the caller's business: a Lambda must not sleep them out
)

// backoff is the pause after the nth attempt: anything up to the nth step, or a little over what
// Port asks for.
func backoff(n int, asked time.Duration) time.Duration {
	if asked > 0 {
		// The little spreads those whom Port has sent away together.
		return max(asked, min(asked+rand.N(firstStep), patience))
	}
	return rand.N(min(firstStep<<(n-1), patience))
}

// sleep pauses, or says at once that the pause is too long for us or for ctx; why is what made it
// necessary.
func sleep(ctx context.Context, d time.Duration, why error) error {
	if d <= 0 {
		return nil
	}
	until := time.Now().Add(d)
	if deadline, ok := ctx.Deadline(); d > patience || ok && until.After(deadline) {
		return &BusyError{Until: until, Err: why}
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// pause is what the answer asks for before the next request, zero if nothing. Port puts its reset
// header on every answer, so only a 429 makes it a pause.
func (c *Client) pause(res *http.Response) time.Duration {
	limited := res.StatusCode == http.StatusTooManyRequests
	if !limited && res.StatusCode != http.StatusServiceUnavailable {
		return 0
	}
	after := res.Header.Get("Retry-After")
	if s, ok := seconds(after); ok {
		return s
	}
	if t, err := http.ParseTime(after); err == nil {
		return t.Sub(c.Now())
	}
	if limited {
		return c.reset(res)
	}
	return 0
}

// reset is the time left of the limit's window. Port's documentation has had it in seconds and as
// epoch seconds.
func (c *Client) reset(res *http.Response) time.Duration {
	s, ok := seconds(res.Header.Get("X-Ratelimit-Reset"))
	if !ok || s <= 10_000*time.Second {
		return s
	}
	return time.Unix(0, 0).Add(s).Sub(c.Now())
}

func seconds(header string) (time.Duration, bool) {
	s, err := strconv.ParseFloat(header, 64)
	if err != nil || !(s >= 0 && s < 9e9) { // what a time.Duration holds
		return 0, false
	}
	return time.Duration(s * float64(time.Second)), true
}

// route is what we know of one method and path: Port's limits differ by route.
type route struct {
	mu    sync.Mutex
	until time.Time     // end of the window in which requests are spaced; past: they are not
	every time.Duration // their distance
	next  time.Time     // the next free moment
}

// wait pauses until a request may go out.
func (r *route) wait(ctx context.Context) error {
	start := time.Now()
	for now := start; ; now = time.Now() {
		d := r.take(now)
		if now.Sub(start)+d > patience {
			return &BusyError{Until: now.Add(d)}
		}
		if err := sleep(ctx, d, nil); err != nil || d == 0 {
			return err
		}
	}
}

// take takes the next free moment if that is now, or says how long it is until then. Nobody queues
// for later moments: the next answer may move them.
func (r *route) take(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !now.Before(r.until):
		return 0
	case now.Before(r.next):
		return min(r.next.Sub(now), r.until.Sub(now))
	}
	r.next = now.Add(r.every)
	return 0
}

// space spreads what remains of the window over the rest of it.
func (r *route) space(now time.Time, remaining int, left time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.until = now.Add(left)
	r.every = left / time.Duration(remaining+1)
	if remaining == 0 {
		r.next = r.until
	}
}

func (c *Client) learnPace(r *route, res *http.Response, asked time.Duration) {
	now := time.Now()
	if res.StatusCode == http.StatusTooManyRequests && asked > 0 {
		r.space(now, 0, asked)
		return
	}
	limit, err := strconv.Atoi(res.Header.Get("X-Ratelimit-Limit"))
	remaining, err2 := strconv.Atoi(res.Header.Get("X-Ratelimit-Remaining"))
	left := c.reset(res)
	if err == nil && err2 == nil && left > 0 && 10*remaining < limit {
		r.space(now, max(remaining, 0), left)
	}
}
