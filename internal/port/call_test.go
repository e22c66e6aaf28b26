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
		if got := f.calls()[organizationRoute]; got != 10 {
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
				header := []string{"Location", "/v1/elsewhere", "X-Trace-Id", "t-1"}
				f := &fake{answers: []answer{refuse(status, "code", "words", header...)}}
				c := connect(t, f, port.Config{})
				_, err := c.Organization(t.Context())
				var got *port.Error
				if !errors.As(err, &got) {
					t.Fatalf("got %v", err)
				}
				want := &port.Error{
					Route: organizationRoute, Status: status, Code: "code", Message: "words", TraceID: "t-1",
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
				if is := errors.Is(err, port.ErrForbidden); is != (status == 403) {
					t.Errorf("ErrForbidden: %v", is)
				}
				if errors.Is(err, port.ErrNotFound) {
					t.Error("ErrNotFound without Port's not_found")
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
		if want := "no answer within 4s"; err == nil || !strings.Contains(err.Error(), want) ||
			errors.Is(err, context.DeadlineExceeded) {
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

func TestAContextThatHasEndedStartsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{written(true), written(true)}}
		c := connect(t, f, port.Config{})
		c.Upsert(t.Context(), "vm", entities(1), port.UpsertOptions{}) // now there is a token
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 { // a free slot and an ended context: the choice is random
			r := c.Upsert(ctx, "vm", entities(1), port.UpsertOptions{})[0]
			if !errors.Is(r.Err, context.Canceled) || r.Resent {
				t.Errorf("got %+v", r)
			}
		}
		if diff := cmp.Diff(map[string]int{tokenRoute: 1, upsertRoute: 1}, f.calls()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
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
