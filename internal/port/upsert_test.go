package port_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// outcome is a Result that can be compared.
type outcome struct {
	Created, Resent bool
	Err             string
}

func outcomes(results []port.Result) []outcome {
	var all []outcome
	for _, r := range results {
		o := outcome{Created: r.Created, Resent: r.Resent}
		if r.Err != nil {
			o.Err = strings.ReplaceAll(r.Err.Error(), upsertRoute+": ", "")
		}
		all = append(all, o)
	}
	return all
}

func TestUpsertAsPortReceivesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{written(true)}}
		c := connect(t, f, port.Config{})
		list := []json.RawMessage{entity("a"), json.RawMessage(`{ "identifier" : "é" }`)}
		o := port.UpsertOptions{Merge: true, Event: "20261124T220000Z"}
		got := outcomes(c.Upsert(t.Context(), "a/b c", list, o))
		if diff := cmp.Diff([]outcome{{Created: true}, {Created: true}}, got); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		want := []sent{{
			Call: "POST /v1/blueprints/a%2Fb%20c/entities/bulk",
			Query: "create_missing_related_entities=false&merge=true&ocean_info_event_type=resync" +
				"&ocean_info_resync_id=20261124T220000Z&upsert=true&validation_only=false",
			Agent: "port-ocean/aws-v3/1.2.3/prod/exporter",
			Auth:  "Bearer t1",
			Body:  `{"entities":[{"identifier":"a"},{ "identifier" : "é" }]}`,
		}}
		if diff := cmp.Diff(want, f.requests()); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

func TestIndexDecides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var in []string
		for i := range 19 {
			if i != 4 && i != 11 {
				in = append(in, fmt.Sprintf(`{"index":%d,"identifier":"q-%d","created":false}`, i, i))
			}
		}
		body := `{"ok":false,"entities":[` + strings.Join(in, ",") + `],"errors":[
			{"index":4,"identifier":"q-4","statusCode":422,"error":"invalid_request",
				"message":"must match format url"},
			{"index":11,"identifier":"unknown","statusCode":404,"error":"not_found",
				"message":"related entity not found"}]}`
		f := &fake{answers: []answer{reply(207, body), reply(200, `{"ok":true,"entities":[],"errors":[]}`)}}
		c := connect(t, f, port.Config{})
		results := c.Upsert(t.Context(), "vm", entities(20), port.UpsertOptions{})

		want := make([]outcome, 20)
		want[4].Err = "422 invalid_request: must match format url"
		want[11].Err = "related entity missing: 404 not_found: related entity not found"
		want[19] = outcome{Resent: true, Err: "not answered"}
		if diff := cmp.Diff(want, outcomes(results)); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
		var refused *port.Error
		if !errors.As(results[4].Err, &refused) || refused.Status != 422 {
			t.Errorf("4: %v is not a *port.Error of 422", results[4].Err)
		}
		err := results[11].Err
		if !errors.Is(err, port.ErrRelationMissing) || errors.Is(err, port.ErrBlueprintMissing) {
			t.Errorf("11: %v", err)
		}
		if err := results[19].Err; !errors.Is(err, port.ErrNotAnswered) {
			t.Errorf("19: %v", err)
		}
		if got := f.requests()[1].Body; got != `{"entities":[{"identifier":"q-19"}]}` {
			t.Errorf("sent again: %s", got)
		}
	})
}

func TestWhatWouldBefallEveryRequestIsAskedOnce(t *testing.T) {
	tests := []struct {
		name   string
		answer answer
		want   []error
		resent bool
	}{
		{"the blueprint is missing", refuse(404, "not_found", `Blueprint with identifier "vm" was not found`),
			[]error{port.ErrBlueprintMissing, port.ErrNotFound}, false},
		{"forbidden", refuse(403, "forbidden", "ip"), []error{port.ErrForbidden}, false},
		{"busy", refuse(503, "down", "", "Retry-After", "60"), nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{tt.answer}}
				c := connect(t, f, port.Config{})
				for i, r := range c.Upsert(t.Context(), "vm", entities(50), port.UpsertOptions{}) {
					var refused *port.Error
					if !errors.As(r.Err, &refused) || r.Resent != (tt.resent && i < 20) {
						t.Errorf("%d: %+v", i, r)
					}
					for _, is := range tt.want {
						if !errors.Is(r.Err, is) {
							t.Errorf("%d: %v is not %v", i, r.Err, is)
						}
					}
				}
				if n := len(f.requests()); n != 1 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// picky refuses a whole request for the sake of the entities named in it.
func picky(status int, bad ...string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		for _, id := range bad {
			if strings.Contains(string(body), `"`+id+`"`) {
				refuse(status, "invalid_request", "identifier "+id)(w, r)
				return
			}
		}
		written(true)(w, r)
	}
}

func TestAWholeRefusalIsHalvedDownToTheCulprits(t *testing.T) {
	for _, status := range []int{400, 413, 422} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{picky(status, "q-3", "q-19")}}
				c := connect(t, f, port.Config{})
				results := c.Upsert(t.Context(), "vm", entities(20), port.UpsertOptions{})
				want := make([]outcome, 20)
				for i := range want {
					want[i].Created = true
				}
				for _, i := range []int{3, 19} {
					want[i] = outcome{Err: fmt.Sprintf("%d invalid_request: identifier q-%d", status, i)}
				}
				if diff := cmp.Diff(want, outcomes(results)); diff != "" {
					t.Errorf("results (-want +got):\n%s", diff)
				}
				if n := len(f.requests()); n > 19 {
					t.Errorf("%d requests for two culprits in twenty", n)
				}
			})
		})
	}
}

func TestDoubtOutlivesHalving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{lost, refuse(422, "e", "m"), refuse(422, "e", "m"), written(false)}}
		c := connect(t, f, port.Config{})
		got := outcomes(c.Upsert(t.Context(), "vm", entities(2), port.UpsertOptions{}))
		want := []outcome{{Resent: true, Err: "422 e: m"}, {Resent: true}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
	})
}

func TestNoConnectionIsNoDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{reply(200, organization, "Connection", "close")}}
		c := connect(t, f, port.Config{})
		if _, err := c.Organization(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = f.network.Close()
		r := c.Upsert(t.Context(), "vm", entities(1), port.UpsertOptions{})[0]
		if r.Err == nil || r.Resent {
			t.Errorf("got %+v, want an error and nothing in doubt", r)
		}
	})
}

func TestAnAnswerOfAnotherShapeIsDoubtAndNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{reply(200, `{"entities":{}}`)}}
		c := connect(t, f, port.Config{})
		r := c.Upsert(t.Context(), "vm", entities(1), port.UpsertOptions{})[0]
		if r.Err == nil || !r.Resent || len(f.requests()) != 1 {
			t.Errorf("got %+v after %d requests", r, len(f.requests()))
		}
	})
}

func TestUpsertSplitsBySizeAndSendsNothingTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{written(true)}}
		c := connect(t, f, port.Config{})
		list := append(sized(400_000, 400_000, 400_000, 1_200_000), entities(25)...)
		results := c.Upsert(t.Context(), "vm", list, port.UpsertOptions{})
		for i, r := range results {
			if i != 3 && (r.Err != nil || !r.Created) {
				t.Errorf("%d: %+v", i, r)
			}
		}
		var large *port.TooLargeError
		if err := results[3].Err; !errors.As(err, &large) || large.Size != 1_200_000 ||
			!strings.Contains(err.Error(), "entity is 1.2 MB") {
			t.Errorf("3: %v", err)
		}
		var got []int
		for _, s := range f.requests() {
			got = append(got, strings.Count(s.Body, `"identifier"`))
			if len(s.Body) > port.MaxBody {
				t.Errorf("a body of %d bytes", len(s.Body))
			}
		}
		if diff := cmp.Diff([]int{2, 20, 6}, got); diff != "" {
			t.Errorf("entities by request (-want +got):\n%s", diff)
		}
	})
}

func TestNothingToUpsertIsNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		c := connect(t, f, port.Config{})
		got := c.Upsert(t.Context(), "vm", nil, port.UpsertOptions{})
		if len(got) != 0 || len(f.calls()) != 0 {
			t.Errorf("got %v, %v", got, f.calls())
		}
	})
}

func TestWritesInFlightAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int64
		f := &fake{answers: []answer{func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			time.Sleep(time.Second)
			now.Add(-1)
			if strings.Contains(r.URL.Path, "delete") {
				reply(200, `{"deletedEntities":[]}`)(w, r)
				return
			}
			written(true)(w, r)
		}}}
		c := connect(t, f, port.Config{Bulks: 3})
		start := time.Now()
		var all sync.WaitGroup
		for i := range 9 {
			all.Go(func() {
				if i%2 == 0 {
					c.Upsert(t.Context(), "vm", entities(1), port.UpsertOptions{})
				} else if _, err := c.Delete(t.Context(), "vm", []string{"a"}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if most.Load() != 3 || time.Since(start) != 3*time.Second {
			t.Errorf("%d at once, %s in all", most.Load(), time.Since(start))
		}
	})
}
