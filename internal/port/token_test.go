package port_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

const organization = `{"ok":true,"organization":{"id":"org_1","name":"Acme"}}`

func TestTokenRefusedBeforeItsTimeIsFetchedOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{
			reply(200, organization),
			refuse(401, "unauthorized", "token is expired"),
			reply(200, organization),
		}}
		c := connect(t, f, port.Config{})
		for range 2 {
			if _, err := c.Organization(t.Context()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour) // the fake's clock
		}
		const agent = "port-ocean/aws-v3/1.2.3/prod"
		const login = `{"clientId":"the-client","clientSecret":"the-secret"}`
		want := []sent{
			{Call: tokenRoute, Agent: agent, Body: login},
			{Call: "GET /v1/organization", Agent: agent, Auth: "Bearer t1"},
			{Call: "GET /v1/organization", Agent: agent, Auth: "Bearer t1"},
			{Call: tokenRoute, Agent: agent, Body: login},
			{Call: "GET /v1/organization", Agent: agent, Auth: "Bearer t2"},
		}
		if diff := cmp.Diff(want, f.log); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestSecondRefusalOfATokenIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{refuse(401, "unauthorized", "no")}}
		c := connect(t, f, port.Config{})
		_, err := c.Organization(t.Context())
		if !errors.Is(err, port.ErrUnauthorized) {
			t.Errorf("got %v, want ErrUnauthorized", err)
		}
		want := map[string]int{tokenRoute: 2, "GET /v1/organization": 2}
		if diff := cmp.Diff(want, f.calls()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestWorkersShareOneFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		expired := true
		f := &fake{answers: []answer{func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second) // so that all are refused with the first token
			mu.Lock()
			bad := expired && r.Header.Get("Authorization") == "Bearer same"
			mu.Unlock()
			if bad {
				refuse(401, "unauthorized", "token is expired")(w, r)
				return
			}
			reply(200, organization)(w, r)
		}}}
		// Port hands out the same token again: the refused one is told apart from it all the same.
		f.login = func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			f.mu.Lock()
			second := f.tokens > 1
			f.mu.Unlock()
			mu.Lock()
			expired = !second
			mu.Unlock()
			reply(200, `{"accessToken":"same","expiresIn":10800}`)(w, r)
		}
		c := connect(t, f, port.Config{})
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				if _, err := c.Organization(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := f.calls()[tokenRoute]; got != 2 {
			t.Errorf("%d tokens fetched, want one and one refresh", got)
		}
	})
}

func TestALateRefusalDoesNotDropTheNewToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.answers = []answer{func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer t1" {
				reply(200, organization)(w, r)
				return
			}
			f.mu.Lock()
			n := f.asked
			f.mu.Unlock()
			time.Sleep(time.Duration(n) * time.Second) // so that the refusals come one after the other
			refuse(401, "unauthorized", "token is expired")(w, r)
		}}
		c := connect(t, f, port.Config{})
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				if _, err := c.Organization(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if got := f.calls()[tokenRoute]; got != 2 {
			t.Errorf("%d tokens fetched, want one and one refresh", got)
		}
	})
}

func TestWorkersShareOneRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{login: func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(time.Second)
			refuse(401, "unauthorized", "bad the-secret")(w, r)
		}}
		c := connect(t, f, port.Config{})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				_, err := c.Organization(t.Context())
				if !errors.Is(err, port.ErrUnauthorized) || strings.Contains(err.Error(), "the-secret") {
					t.Errorf("got %v, want ErrUnauthorized without the secret", err)
				}
			})
		}
		all.Wait()
		if diff := cmp.Diff(map[string]int{tokenRoute: 1}, f.calls()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestAWorkerWhoGivesUpDoesNotTakeOthersWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{reply(200, organization)}}
		f.login = func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(time.Minute / 4):
			case <-r.Context().Done():
			}
			reply(200, `{"accessToken":"t","expiresIn":10800}`)(w, r)
		}
		c := connect(t, f, port.Config{})
		first, giveUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := c.Organization(first); !errors.Is(err, context.Canceled) {
				t.Errorf("who gave up got %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if _, err := c.Organization(t.Context()); err != nil {
				t.Errorf("who waited got %v", err)
			}
		})
		synctest.Wait()
		giveUp()
		all.Wait()
	})
}

func TestTokenIsRenewedBeforeItEnds(t *testing.T) {
	tests := []struct {
		life  int // seconds
		after time.Duration
		want  int
	}{
		{10800, 3*time.Hour - 181*time.Second, 1},
		{10800, 3*time.Hour - 179*time.Second, 2},
		{60, 53 * time.Second, 1},
		{60, 55 * time.Second, 2},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d s, after %s", tt.life, tt.after), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{
					login:   reply(200, fmt.Sprintf(`{"accessToken":"t","expiresIn":%d}`, tt.life)),
					answers: []answer{reply(200, organization)},
				}
				c := connect(t, f, port.Config{})
				for range 2 {
					if _, err := c.Organization(t.Context()); err != nil {
						t.Fatal(err)
					}
					time.Sleep(tt.after)
				}
				if got := f.calls()[tokenRoute]; got != tt.want {
					t.Errorf("%d tokens fetched, want %d", got, tt.want)
				}
			})
		})
	}
}

func TestRefusedCredentialsAreNotRetriedNorMistaken(t *testing.T) {
	tests := []struct {
		status int
		is     error
	}{{401, port.ErrUnauthorized}, {403, port.ErrForbidden}, {404, nil}, {422, nil}}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{login: refuse(tt.status, "not_found", "no such client")}
				c := connect(t, f, port.Config{})
				_, err := c.Integration(t.Context())
				if err == nil || tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("got %v, want %v", err, tt.is)
				}
				if errors.Is(err, port.ErrNotFound) {
					t.Errorf("%v passes for a missing integration", err)
				}
				results, err := c.Delete(t.Context(), "vm", []string{"a"})
				if err == nil || results[0].Err == nil {
					t.Errorf("the entity passes for gone: %v, %v", results, err)
				}
				if got := f.calls()[tokenRoute]; got != 2 {
					t.Errorf("%d tokens asked for by two calls", got)
				}
			})
		})
	}
}

func TestCredentialsAreAskedAtEachFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		f := &fake{answers: []answer{refuse(401, "unauthorized", "rotated"), reply(200, organization)}}
		c := connect(t, f, port.Config{Credentials: func(context.Context) (port.Credentials, error) {
			asked++
			return port.Credentials{ClientID: "c", ClientSecret: fmt.Sprint("s", asked)}, nil
		}})
		if _, err := c.Organization(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := f.log[2].Body, `{"clientId":"c","clientSecret":"s2"}`; got != want {
			t.Errorf("second fetch sent %s, want %s", got, want)
		}
	})
}
