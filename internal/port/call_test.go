package port_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

const organizationRoute = "GET /v1/organization"

func TestPausesThatPortAsksFor(t *testing.T) {
	// A bubble's clock starts at midnight UTC 2000-01-01.
	epoch := fmt.Sprint(time.Date(2000, 1, 1, 0, 0, 20, 0, time.UTC).Unix())
	tests := []struct {
		name       string
		refuse     answer
		least, top time.Duration
		requests   int
	}{
		{"429 in seconds", refuse(429, "", "", "Retry-After", "7"), 7 * time.Second, 7500 * time.Millisecond, 2},
		{"503 in seconds", refuse(503, "", "", "Retry-After", "7"), 7 * time.Second, 7500 * time.Millisecond, 2},
		{"429 as a date", refuse(429, "", "", "Retry-After", "Sat, 01 Jan 2000 00:00:09 GMT"), 8 * time.Second, 10 * time.Second, 2},
		{"429 until the reset, seconds", refuse(429, "", "", "X-Ratelimit-Reset", "12"), 12 * time.Second, 12500 * time.Millisecond, 2},
		{"429 until the reset, epoch", refuse(429, "", "", "X-Ratelimit-Reset", epoch), 19 * time.Second, 21 * time.Second, 2},
		{"429 prefers Retry-After", refuse(429, "", "", "Retry-After", "3", "X-Ratelimit-Reset", "25"), 3 * time.Second, 3500 * time.Millisecond, 2},
		{"503 has a reset like any answer", refuse(503, "", "", "X-Ratelimit-Reset", "25"), 0, 500 * time.Millisecond, 2},
		{"502 with Retry-After", refuse(502, "", "", "Retry-After", "25"), 0, 500 * time.Millisecond, 2},
		{"429 with nothing", refuse(429, "", ""), 0, 500 * time.Millisecond, 2},
		{"425", refuse(425, "", ""), 0, 500 * time.Millisecond, 2},
		{"exactly our patience", refuse(429, "", "", "Retry-After", "30"), 30 * time.Second, 30 * time.Second, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{tt.refuse, reply(200, organization)}}
				c := connect(t, f, port.Config{})
				start := time.Now()
				if _, err := c.Organization(t.Context()); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took < tt.least || took > tt.top {
					t.Errorf("took %s, want %s to %s", took, tt.least, tt.top)
				}
				if got := c.Calls()[organizationRoute]; got != tt.requests {
					t.Errorf("%d requests, want %d", got, tt.requests)
				}
			})
		})
	}
}

func TestPausesTooLongForUs(t *testing.T) {
	tests := []struct {
		name     string
		deadline time.Duration
		refuse   answer
		least    time.Duration
	}{
		{"Port wants more than 30 s", time.Hour, refuse(429, "slow", "down", "Retry-After", "31"), 31 * time.Second},
		{"Port wants a day", time.Hour, refuse(429, "slow", "down", "X-Ratelimit-Reset", "946771200"), 23 * time.Hour},
		{"more than is left of the context", 5 * time.Second, refuse(503, "slow", "down", "Retry-After", "6"), 6 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				f := &fake{answers: []answer{tt.refuse}}
				c := connect(t, f, port.Config{})
				start := time.Now()
				_, err := c.Organization(ctx)
				var busy *port.BusyError
				var refused *port.Error
				if !errors.As(err, &busy) || !errors.As(err, &refused) {
					t.Fatalf("got %v, want a BusyError with Port's refusal", err)
				}
				if wait := busy.Until.Sub(start); wait < tt.least || wait > tt.least+2*time.Hour {
					t.Errorf("busy for %s, want %s", wait, tt.least)
				}
				if took := time.Since(start); took != 0 {
					t.Errorf("slept %s", took)
				}
			})
		})
	}
}

func TestAPauseOfOneIsAPauseOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{refuse(429, "", "", "Retry-After", "60"), reply(200, organization)}}
		c := connect(t, f, port.Config{})
		var busy *port.BusyError
		for range 3 {
			if _, err := c.Organization(t.Context()); !errors.As(err, &busy) {
				t.Fatalf("got %v, want a BusyError", err)
			}
		}
		if got := c.Calls()[organizationRoute]; got != 1 {
			t.Errorf("%d requests, want the first only", got)
		}
		time.Sleep(time.Until(busy.Until))
		if _, err := c.Organization(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestTenAttemptsWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{refuse(500, "internal", "sorry")}}
		c := connect(t, f, port.Config{})
		start := time.Now()
		_, err := c.Organization(t.Context())
		var refused *port.Error
		if !errors.As(err, &refused) || refused.Status != 500 {
			t.Errorf("got %v", err)
		}
		if got := c.Calls()[organizationRoute]; got != 10 {
			t.Errorf("%d requests", got)
		}
		// 0.5 + 1 + 2 + 4 + 8 + 16 + 30 + 30 + 30 s at most; less than a twentieth of it by chance: never.
		if took := time.Since(start); took > 121500*time.Millisecond || took < 6*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestRefusalsThatAreNotRetried(t *testing.T) {
	for _, status := range []int{301, 307, 400, 403, 404, 409, 413, 422, 501} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{refuse(status, "code", "words", "Location", "/v1/elsewhere", "X-Trace-Id", "t-1")}}
				c := connect(t, f, port.Config{})
				_, err := c.Organization(t.Context())
				var got *port.Error
				if !errors.As(err, &got) {
					t.Fatalf("got %v", err)
				}
				want := &port.Error{Route: organizationRoute, Status: status, Code: "code", Message: "words", TraceID: "t-1"}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if is := errors.Is(err, port.ErrForbidden); is != (status == 403) {
					t.Errorf("ErrForbidden: %v", is)
				}
				if is := errors.Is(err, port.ErrNotFound); is != (status == 404) {
					t.Errorf("ErrNotFound: %v", is)
				}
				if n := len(f.requests()); n != 1 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

func TestARequestHasItsOwnTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
		f := &fake{answers: []answer{hang, written(false)}}
		c := connect(t, f, port.Config{Timeout: 4 * time.Second})
		start := time.Now()
		r := c.Upsert(t.Context(), "vm", entities(1), port.UpsertOptions{})[0]
		if r.Err != nil || !r.Resent {
			t.Errorf("got %+v", r)
		}
		if took := time.Since(start); took < 4*time.Second || took > 5*time.Second {
			t.Errorf("took %s", took)
		}

		f.answers = []answer{hang}
		_, err := c.Organization(t.Context())
		if err == nil || !strings.Contains(err.Error(), "no answer within 4s") || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want our own words: the caller's context has not ended", err)
		}
	})
}

func TestTheContextEndsEverythingAtOnce(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	tests := []struct {
		name   string
		answer answer
		resent bool
	}{
		{"while Port works", hang, true},
		{"while we pause", refuse(429, "", "", "Retry-After", "20"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{tt.answer}}
				c := connect(t, f, port.Config{Bulks: 1})
				ctx, cancel := context.WithCancel(t.Context())
				start := time.Now()
				time.AfterFunc(time.Second, cancel)
				var all sync.WaitGroup
				for range 2 { // the second one waits for the first one's slot
					all.Go(func() {
						for _, r := range c.Upsert(ctx, "vm", entities(30), port.UpsertOptions{}) {
							if !errors.Is(r.Err, context.Canceled) {
								t.Errorf("got %v", r.Err)
							}
						}
					})
				}
				all.Wait()
				if took := time.Since(start); took != time.Second {
					t.Errorf("took %s", took)
				}
				if n := len(f.requests()); n != 1 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// limited is a Port that counts requests in a window and says so.
type limited struct {
	limit   int
	window  time.Duration
	used    int
	ends    time.Time
	refused int
}

func (l *limited) answer(then answer) answer {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if !time.Now().Before(l.ends) {
			l.used, l.ends = 0, time.Now().Add(l.window)
		}
		left := fmt.Sprint(int(time.Until(l.ends).Seconds() + 0.999))
		w.Header().Set("X-Ratelimit-Limit", fmt.Sprint(l.limit))
		w.Header().Set("X-Ratelimit-Reset", left)
		if l.used == l.limit {
			l.refused++
			w.Header().Set("X-Ratelimit-Remaining", "0")
			refuse(429, "rate_limited", "", "Retry-After", left)(w, r)
			return
		}
		l.used++
		w.Header().Set("X-Ratelimit-Remaining", fmt.Sprint(l.limit-l.used))
		then(w, r)
	}
}

func TestWhatRemainsOfALimitIsSpreadOverItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &limited{limit: 100, window: 20 * time.Second}
		f := &fake{answers: []answer{l.answer(reply(200, organization))}}
		c := connect(t, f, port.Config{})
		start := time.Now()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 50 {
					if _, err := c.Organization(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if l.refused > 0 {
			t.Errorf("%d requests refused, want none", l.refused)
		}
		// The first window's hundred, and most of the second's before its last tenth is spread.
		if took := time.Since(start); took < 20*time.Second || took > 41*time.Second {
			t.Errorf("200 requests took %s", took)
		}
	})
}

func TestALimitWithRoomSlowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &limited{limit: 100, window: 20 * time.Second}
		f := &fake{answers: []answer{l.answer(reply(200, organization))}}
		c := connect(t, f, port.Config{})
		start := time.Now()
		for range 90 {
			if _, err := c.Organization(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("90 of 100 requests took %s", took)
		}
	})
}

func TestAPaceBeyondTheDeadlineSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{reply(200, organization,
			"X-Ratelimit-Limit", "100", "X-Ratelimit-Remaining", "0", "X-Ratelimit-Reset", "25")}}
		c := connect(t, f, port.Config{})
		if _, err := c.Organization(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := c.Organization(ctx)
		var busy *port.BusyError
		if !errors.As(err, &busy) || time.Until(busy.Until) != 25*time.Second || len(f.requests()) != 1 {
			t.Errorf("got %v after %d requests", err, len(f.requests()))
		}
	})
}

func TestNowIsPortsClock(t *testing.T) {
	tests := []time.Duration{0, 3 * time.Hour, -90 * time.Second, 700 * time.Millisecond}
	for _, ahead := range tests {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(40 * time.Millisecond)
					date := time.Now().Add(ahead).UTC().Format(http.TimeFormat)
					reply(200, organization, "Date", date)(w, r)
				}}}
				f.login = func(w http.ResponseWriter, r *http.Request) {
					reply(200, `{"accessToken":"t","expiresIn":9}`, "Date", "")(w, r)
				}
				c := connect(t, f, port.Config{})
				if got := c.Now(); !got.Equal(time.Now()) {
					t.Errorf("before the first answer: %s", got)
				}
				off := func() time.Duration { return c.Now().Sub(time.Now().Add(ahead)).Abs() }
				for i := range 20 {
					if _, err := c.Organization(t.Context()); err != nil {
						t.Fatal(err)
					}
					if off() > 540*time.Millisecond {
						t.Errorf("off by %s after answer %d", off(), i)
					}
					time.Sleep(330 * time.Millisecond)
				}
				if off() > 100*time.Millisecond {
					t.Errorf("off by %s after many answers", off())
				}
				ahead += time.Hour // somebody sets a clock
				if _, err := c.Organization(t.Context()); err != nil || off() > 540*time.Millisecond {
					t.Errorf("off by %s after a clock was set (%v)", off(), err)
				}
			})
		})
	}
}

func TestClientsMakeTheirOwnTransport(t *testing.T) {
	c := port.New(port.Config{
		BaseURL: "http://127.0.0.1:1",
		Credentials: func(context.Context) (port.Credentials, error) {
			return port.Credentials{}, io.ErrNoProgress
		},
	})
	if _, err := c.Organization(t.Context()); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("got %v, want the error of the credentials", err)
	}
}
