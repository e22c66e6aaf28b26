package port_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

func TestStatusesThatLeaveTheOutcomeUnknown(t *testing.T) {
	unknown := map[int]bool{408: true, 500: true, 501: true, 502: true, 503: true, 504: true, 507: true}
	for _, status := range []int{
		301, 400, 401, 403, 404, 405, 408, 409, 410, 413, 422, 425, 429, 500, 501, 502, 503, 504, 507,
	} {
		one := fmt.Sprintf(`{"entities":[],"errors":[{"index":0,"statusCode":%d,"message":"m"}]}`, status)
		for name, a := range map[string]answer{
			"whole request": refuse(status, "code", "m"), "one entity": reply(207, one),
		} {
			t.Run(fmt.Sprint(status, " ", name), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := connect(t, &fake{answers: []answer{a}}, port.Config{})
					r := c.Upsert(t.Context(), "vm", entities(1), port.UpsertOptions{})[0]
					if r.Err == nil || r.Resent != unknown[status] {
						t.Errorf("Resent %v with %v", r.Resent, r.Err)
					}
				})
			})
		}
	}
}

func TestWhatIsRefusedForOneEntityIsNotRefusedToUs(t *testing.T) {
	for _, status := range []int{401, 403, 404} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{reply(207, fmt.Sprintf(`{"ok":false,"entities":[],"errors":[{"index":0,
					"statusCode":%d,"error":"not_found","message":"you may not"}]}`, status)), written(true)}}
				c := connect(t, f, port.Config{})
				results := c.Upsert(t.Context(), "vm", entities(21), port.UpsertOptions{})
				err := results[0].Err
				var refused *port.Error
				if !errors.As(err, &refused) || refused.Status != status || !refused.OfEntity {
					t.Errorf("got %v, want a *port.Error of an entity, and its status", err)
				}
				for _, whole := range []error{port.ErrUnauthorized, port.ErrForbidden, port.ErrNotFound} {
					if errors.Is(err, whole) {
						t.Errorf("%v is %v", err, whole)
					}
				}
				if r := results[20]; r.Err != nil || !r.Created {
					t.Errorf("the next part: %+v", r)
				}
			})
		})
	}
}

func TestWhatWasNeverSentIsNotInDoubt(t *testing.T) {
	soon := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Second)
	}
	forever := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithCancel(ctx)
	}
	busy := refuse(429, "slow", "down", "Retry-After", "60")
	tests := []struct {
		name    string
		before  answer // to an upsert before
		prepare func(f *fake)
		context func(context.Context) (context.Context, context.CancelFunc)
	}{
		{"Port is known to be busy", busy, func(*fake) {}, forever},
		{"Port gives no token", closing, func(f *fake) {
			f.login = refuse(401, "unauthorized", "no")
			time.Sleep(4 * time.Hour) // the old one has expired
		}, forever},
		{"no connection within the request's own time", closing, func(f *fake) {
			f.network.hole.Store(true)
		}, forever},
		{"the context ends while connecting", closing, func(f *fake) { f.network.hole.Store(true) }, soon},
		{"nobody listens", closing, func(f *fake) { _ = f.network.Close() }, forever},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{tt.before}}
				c := connect(t, f, port.Config{Timeout: 4 * time.Second})
				c.Upsert(t.Context(), "vm", entities(1), port.UpsertOptions{}) // now there is a token
				sent := len(f.requests())
				tt.prepare(f)
				ctx, cancel := tt.context(t.Context())
				defer cancel()
				for i, r := range c.Upsert(ctx, "vm", entities(30), port.UpsertOptions{}) {
					if r.Err == nil || r.Resent {
						t.Errorf("%d: %+v, want an error and no doubt", i, r)
					}
				}
				if n := len(f.requests()); n != sent {
					t.Errorf("%d requests, want %d", n, sent)
				}
			})
		})
	}
}

// closing confirms every entity, on a connection that is not used again.
func closing(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close")
	written(true)(w, r)
}

func TestDoubtOfAnEarlierSendingOutlivesWhatFollows(t *testing.T) {
	tests := []struct {
		name string
		then answer
		err  bool
	}{
		{"Port then says that it was there", written(false), false},
		{"Port then refuses it", refuse(422, "e", "m"), true},
		{"Port is then busy", refuse(429, "slow", "down", "Retry-After", "60"), true},
		{"the blueprint is then missing", refuse(404, "not_found", `Blueprint with identifier "vm" …`), true},
		{"the credentials are then refused", refuse(401, "no", "no"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := connect(t, &fake{answers: []answer{lost, tt.then}}, port.Config{})
				r := c.Upsert(t.Context(), "vm", entities(1), port.UpsertOptions{})[0]
				if (r.Err != nil) != tt.err || r.Created || !r.Resent {
					t.Errorf("got %+v", r)
				}
			})
		})
	}
}
