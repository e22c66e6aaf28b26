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
		o := port.UpsertOptions{Merge: true, Run: "20261124T220000Z"}
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
			{"index":4,"identifier":"q-4","statusCode":422,"error":"invalid_request","message":"must match format url"},
			{"index":11,"identifier":"unknown","statusCode":404,"error":"not_found","message":"related entity not found"}]}`
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
		if err := results[11].Err; !errors.Is(err, port.ErrRelationMissing) || errors.Is(err, port.ErrBlueprintMissing) {
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

func TestAnswersOfBulkUpsert(t *testing.T) {
	both := func(created bool) []outcome { return []outcome{{Created: created}, {Created: created}} }
	resent := []outcome{{Resent: true}, {Resent: true}}
	ok := `{"ok":true,"entities":[{"index":0,"created":false},{"index":1,"created":false}]}`
	missing := `Blueprint with identifier "vm" was not found`
	noTarget := `Entity with identifier "i-1" was not found`
	tests := []struct {
		name     string
		answers  []answer
		want     []outcome
		requests int
	}{
		{"created", []answer{written(true)}, both(true), 1},
		{"an answer lost", []answer{lost, written(false)}, resent, 2},
		{"an answer cut short", []answer{cut(ok, 20), written(false)}, resent, 2},
		{"an answer that ends in its middle", []answer{reply(200, ok[:30]), written(false)}, resent, 2},
		{"an answer lost after which Port created", []answer{lost, written(true)},
			[]outcome{{Created: true, Resent: true}, {Created: true, Resent: true}}, 2},
		{"500", []answer{refuse(500, "", ""), written(false)}, resent, 2},
		{"502", []answer{refuse(502, "", ""), written(false)}, resent, 2},
		{"503", []answer{refuse(503, "", ""), written(false)}, resent, 2},
		{"504", []answer{refuse(504, "", ""), written(false)}, resent, 2},
		{"408", []answer{refuse(408, "", ""), written(false)}, resent, 2},
		{"429 applied nothing", []answer{refuse(429, "", ""), written(false)}, both(false), 2},
		{"401 applied nothing", []answer{refuse(401, "", ""), written(true)}, both(true), 2},
		{"an entity in neither list comes in at the second time",
			[]answer{reply(200, `{"entities":[{"index":1,"created":true}]}`), written(true)},
			[]outcome{{Created: true, Resent: true}, {Created: true}}, 2},
		{"an error without index is nobody's",
			[]answer{reply(207, `{"entities":[{"index":1,"created":true}],"errors":[{"statusCode":422}]}`), written(true)},
			[]outcome{{Created: true, Resent: true}, {Created: true}}, 2},
		{"an index out of range is nobody's", []answer{reply(200, `{"entities":[
			{"index":0,"created":true},{"index":1},{"index":2},{"index":-1}]}`)},
			[]outcome{{Created: true}, {}}, 1},
		{"both lists name it: not written", []answer{reply(207, `{"entities":[{"index":0,"created":true},{"index":1}],
			"errors":[{"index":0,"statusCode":422,"error":"e","message":"m"}]}`)},
			[]outcome{{Err: "422 e: m"}, {}}, 1},
		{"one entity's 500 is tried once more", []answer{
			reply(207, `{"entities":[{"index":0}],"errors":[{"index":1,"statusCode":500,"error":"e","message":"m"}]}`),
			reply(207, `{"errors":[{"index":0,"statusCode":500,"error":"e","message":"m"}]}`),
		}, []outcome{{}, {Resent: true, Err: "500 e: m"}}, 2},
		{"the blueprint is missing", []answer{refuse(404, "not_found", missing)}, []outcome{
			{Err: "blueprint missing: 404 not_found: " + missing},
			{Err: "blueprint missing: 404 not_found: " + missing}}, 1},
		{"the blueprint is missing, said per entity", []answer{reply(207, `{"entities":[{"index":1}],
			"errors":[{"index":0,"statusCode":404,"error":"e","message":"Blueprint with identifier \"vm\" was not found"}]}`)},
			[]outcome{{Err: "blueprint missing: 404 e: " + missing}, {}}, 1},
		{"the blueprint of a target is missing", []answer{reply(207, `{"entities":[{"index":1}],
			"errors":[{"index":0,"statusCode":404,"error":"e","message":"Blueprint with identifier \"host\" was not found"}]}`)},
			[]outcome{{Err: `related entity missing: 404 e: Blueprint with identifier "host" was not found`}, {}}, 1},
		{"a missing target refuses the whole request", []answer{
			refuse(404, "not_found", noTarget), refuse(404, "not_found", noTarget), written(true)},
			[]outcome{{Err: "related entity missing: 404 not_found: " + noTarget}, {Created: true}}, 3},
		{"403 is not retried", []answer{refuse(403, "forbidden", "ip", "x-trace-id", "abc")},
			[]outcome{{Err: "403 forbidden: ip (trace abc)"}, {Err: "403 forbidden: ip (trace abc)"}}, 1},
		{"a proxy's page", []answer{reply(403, "<html>")},
			[]outcome{{Err: "403 Forbidden"}, {Err: "403 Forbidden"}}, 1},
		{"an answer of another shape", []answer{reply(200, `{"entities":{}}`)}, []outcome{
			{Resent: true, Err: "read the answer: json: cannot unmarshal object into Go struct field " +
				"bulkAnswer.Entities of type []struct { Index *int; Created bool }"},
			{Resent: true, Err: "read the answer: json: cannot unmarshal object into Go struct field " +
				"bulkAnswer.Entities of type []struct { Index *int; Created bool }"}}, 1},
		{"Port is down", []answer{refuse(503, "down", "")}, []outcome{
			{Resent: true, Err: "gave up after 10 attempts: 503 down"},
			{Resent: true, Err: "gave up after 10 attempts: 503 down"}}, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: tt.answers}
				c := connect(t, f, port.Config{})
				got := outcomes(c.Upsert(t.Context(), "vm", entities(2), port.UpsertOptions{}))
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("results (-want +got):\n%s", diff)
				}
				if n := len(f.requests()); n != tt.requests {
					t.Errorf("%d requests, want %d", n, tt.requests)
				}
			})
		})
	}
}

func TestABlueprintStopsAfterItsFirst404(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{refuse(404, "not_found", `Blueprint with identifier "vm" was not found`)}}
		c := connect(t, f, port.Config{})
		for i, r := range c.Upsert(t.Context(), "vm", entities(50), port.UpsertOptions{}) {
			var refused *port.Error
			if !errors.Is(r.Err, port.ErrBlueprintMissing) || !errors.Is(r.Err, port.ErrNotFound) || !errors.As(r.Err, &refused) {
				t.Errorf("%d: %v", i, r.Err)
			}
		}
		if n := len(f.requests()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
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

func TestUpsertSplitsBySizeAndSendsNothingTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{written(true)}}
		c := connect(t, f, port.Config{})
		list := append(sized(400_000, 400_000, 400_000, 1_200_000), entities(25)...)
		results := c.Upsert(t.Context(), "vm", list, port.UpsertOptions{})
		for i, r := range results {
			var large *port.TooLargeError
			switch {
			case i == 3 && (!errors.As(r.Err, &large) || large.Size != 1_200_000 || !strings.Contains(r.Err.Error(), "1.2 MB")):
				t.Errorf("3: %v", r.Err)
			case i != 3 && (r.Err != nil || !r.Created):
				t.Errorf("%d: %+v", i, r)
			}
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
		c := connect(t, &fake{}, port.Config{})
		if got := c.Upsert(t.Context(), "vm", nil, port.UpsertOptions{}); len(got) != 0 || len(c.Calls()) != 0 {
			t.Errorf("got %v, %v", got, c.Calls())
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
