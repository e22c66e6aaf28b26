package port_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

func TestPausesThatPortAsksFor(t *testing.T) {
	// A bubble's clock starts at midnight UTC 2000-01-01.
	epoch := fmt.Sprint(time.Date(2000, 1, 1, 0, 0, 20, 0, time.UTC).Unix())
	const after, reset = "Retry-After", "X-Ratelimit-Reset"
	date := "Sat, 01 Jan 2000 00:00:09 GMT"
	tests := []struct {
		name       string
		refuse     answer
		least, top float64 // seconds
	}{
		{"429 in seconds", refuse(429, "", "", after, "7"), 7, 7.5},
		{"503 in seconds", refuse(503, "", "", after, "7"), 7, 7.5},
		{"429 as a date", refuse(429, "", "", after, date), 8, 10},
		{"429 until the reset, seconds", refuse(429, "", "", reset, "12"), 12, 12.5},
		{"429 until the reset, epoch", refuse(429, "", "", reset, epoch), 19, 21},
		{"429 prefers Retry-After", refuse(429, "", "", after, "3", reset, "25"), 3, 3.5},
		{"503 has a reset like any answer", refuse(503, "", "", reset, "25"), 0, 0.5},
		{"502 with Retry-After", refuse(502, "", "", after, "25"), 0, 0.5},
		{"429 with nothing", refuse(429, "", ""), 0, 0.5},
		{"429 until a time that is past", refuse(429, "", "", reset, "946684000"), 0, 0.5},
		{"425", refuse(425, "", ""), 0, 0.5},
		{"exactly our patience", refuse(429, "", "", after, "30"), 30, 30},
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
				if took := time.Since(start).Seconds(); took < tt.least || took > tt.top {
					t.Errorf("took %g s, want %g to %g", took, tt.least, tt.top)
				}
				if got := f.calls()[organizationRoute]; got != 2 {
					t.Errorf("%d requests, want 2", got)
				}
			})
		})
	}
}

func TestPausesTooLongForUs(t *testing.T) {
	after := func(s string) answer { return refuse(429, "slow", "down", "Retry-After", s) }
	reset := func(s string) answer { return refuse(429, "slow", "down", "X-Ratelimit-Reset", s) }
	tests := []struct {
		name     string
		deadline time.Duration
		refuse   answer
		least    time.Duration
	}{
		{"Port wants more than 30 s", time.Hour, after("31"), 31 * time.Second},
		{"Port wants a day", time.Hour, reset("946771200"), 23 * time.Hour},
		{"more than is left of the context", 5 * time.Second, after("6"), 6 * time.Second},
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
		if got := f.calls()[organizationRoute]; got != 1 {
			t.Errorf("%d requests, want the first only", got)
		}
		time.Sleep(time.Until(busy.Until))
		if _, err := c.Organization(t.Context()); err != nil {
			t.Error(err)
		}
	})
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

func TestNobodyWaitsBeyondOurPatienceForAFreeMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &limited{limit: 100, window: time.Minute, used: 91, ends: time.Now().Add(time.Minute)}
		f := &fake{answers: []answer{l.answer(reply(200, organization))}}
		c := connect(t, f, port.Config{})
		if _, err := c.Organization(t.Context()); err != nil { // learns that 8 are left
			t.Fatal(err)
		}
		start := time.Now()
		var mu sync.Mutex
		var all sync.WaitGroup
		served, busy := 0, 0
		for range 10 {
			all.Go(func() {
				_, err := c.Organization(t.Context())
				took := time.Since(start)
				var b *port.BusyError
				mu.Lock()
				defer mu.Unlock()
				switch {
				case errors.As(err, &b) && b.Until.After(start.Add(30*time.Second)):
					busy++
				case err == nil:
					served++
				default:
					t.Errorf("got %v", err)
				}
				if took > 30*time.Second {
					t.Errorf("waited %s", took)
				}
			})
		}
		all.Wait()
		if served == 0 || busy == 0 {
			t.Errorf("%d served, %d busy, want some of both", served, busy)
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
