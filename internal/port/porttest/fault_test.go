package porttest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

const bulkRoute = "POST /v1/blueprints/{bp}/entities/bulk"

func TestFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     porttest.Action
		status int // 0: no answer to its end
		effect bool
	}{
		{"a failure has no effect", porttest.Fail{Status: 503, RetryAfter: 1500 * time.Millisecond}, 503, false},
		{"a lost answer has its effect", porttest.LoseAnswer{}, 0, true},
		{"a dropped request has none", porttest.DropBefore{}, 0, false},
		{"a cut answer has its effect", porttest.CutBody{}, 0, true},
		{"a slow answer is an answer", porttest.Slow{By: time.Millisecond}, 200, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := listen(t, porttest.Options{})
			w.srv.Fault(porttest.Rule{Route: bulkRoute, Blueprint: "bucket", After: 1, Times: 1, Do: tt.do})
			w.upsert("account", `{"identifier":"1"}`)
			w.upsert("bucket", `{"identifier":"before"}`)
			res, body, err := w.send(w.request("POST", bulk, `{"entities":[{"identifier":"b"}]}`))
			switch {
			case tt.status == 0 && err == nil:
				t.Errorf("answered %v", body)
			case tt.status != 0 && err != nil:
				t.Error(err)
			case tt.status != 0 && res.StatusCode != tt.status:
				t.Errorf("status %d", res.StatusCode)
			}
			if tt.status == 503 && res.Header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After %q", res.Header.Get("Retry-After"))
			}
			if _, is := w.srv.Entities("bucket")["b"]; is != tt.effect {
				t.Errorf("effect %v, want %v", is, tt.effect)
			}
			w.upsert("bucket", `{"identifier":"after"}`)
			w.clean()
		})
	}
}

func TestUnansweredRequestsAreCounted(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.srv.ResetStats()
	lift := w.srv.Fault(porttest.Rule{Route: bulkRoute, Do: porttest.LoseAnswer{}})
	_, _, _ = w.send(w.request("POST", bulk, entities(1)))
	lift()
	w.upsert("bucket", `{"identifier":"b"}`)
	if diff := cmp.Diff(map[string]map[int]int{bulkRoute: {0: 1, 200: 1}}, w.srv.Stats().Requests); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestRateOfFaultsIsTheSameInEveryRun(t *testing.T) {
	run := func(seed uint64) (hits []int) {
		w := listen(t, porttest.Options{})
		w.srv.Fault(porttest.Rule{Route: "GET /v1/organization", Rate: 0.3, Seed: seed,
			Do: porttest.Fail{Status: 500}})
		for i := range 100 {
			if status, _ := w.do("GET", "/v1/organization", ""); status == 500 {
				hits = append(hits, i)
			}
		}
		return hits
	}
	first := run(1)
	if diff := cmp.Diff(first, run(1)); diff != "" {
		t.Errorf("two runs (-first +second)\n%s", diff)
	}
	if len(first) < 15 || len(first) > 45 || cmp.Equal(first, run(2)) {
		t.Errorf("hits %v", first)
	}
}

func TestFaultOnUnknownRoutePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	porttest.New(porttest.Options{}).Fault(porttest.Rule{Route: "POST /v1/typo", Do: porttest.DropBefore{}})
}

// A person may act at the precise moment before a request takes effect.
func TestOnRequest(t *testing.T) {
	var w *wire
	var routes []string
	w = listen(t, porttest.Options{OnRequest: func(route string, r *http.Request) {
		routes = append(routes, route)
		if route == bulkRoute {
			if err := w.srv.Create(porttest.Entity{Blueprint: r.PathValue("bp"), Identifier: "b",
				Title: "by hand"}); err != nil {
				t.Error(err)
			}
		}
	}})
	out := w.upsert("bucket", `{"identifier":"b"}`)
	if e := out["entities"].([]any)[0].(map[string]any); e["created"] != false {
		t.Errorf("%v", e)
	}
	w.do("GET", "/nonsense", "")
	if diff := cmp.Diff([]string{"POST /v1/auth/access_token", bulkRoute, ""}, routes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// answers collects what a handler writes, without a network, so that synctest's clock runs.
type answers struct {
	header http.Header
	status int
}

func (a *answers) Header() http.Header         { return a.header }
func (a *answers) Write(b []byte) (int, error) { return len(b), nil }
func (a *answers) WriteHeader(status int)      { a.status = status }

func TestLatencyAndSlowAdd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := porttest.New(porttest.Options{Latency: func(route string) time.Duration {
			if route == "GET /v1/organization" {
				return 2 * time.Second
			}
			return 0
		}})
		srv.Fault(porttest.Rule{Do: porttest.Slow{By: time.Second}})
		for path, want := range map[string]time.Duration{"/v1/organization": 3 * time.Second,
			"/v1/blueprints": time.Second} {
			r, err := http.NewRequestWithContext(t.Context(), "GET", path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			srv.ServeHTTP(&answers{header: http.Header{}}, r)
			if got := time.Since(start); got != want {
				t.Errorf("%s took %v, want %v", path, got, want)
			}
		}
	})
}

func TestRateLimit(t *testing.T) {
	w := listen(t, porttest.Options{RateLimit: 3, RatePeriod: 10 * time.Second}) // one is spent by the login
	head := func() (*http.Response, []string) {
		res, _, err := w.send(w.request("GET", "/v1/organization", ""))
		if err != nil {
			t.Fatal(err)
		}
		h := res.Header
		return res, []string{
			h.Get("X-Ratelimit-Period"), h.Get("X-Ratelimit-Limit"), h.Get("X-Ratelimit-Remaining"),
			h.Get("X-Ratelimit-Reset"), h.Get("Retry-After"), h.Get("Date"),
		}
	}
	head()
	w.clock = w.clock.Add(2500 * time.Millisecond)
	for _, want := range []struct {
		status int
		header []string
	}{
		{200, []string{"10", "3", "0", "1795557610", "", "Tue, 24 Nov 2026 22:00:02 GMT"}},
		{429, []string{"10", "3", "0", "1795557610", "8", "Tue, 24 Nov 2026 22:00:02 GMT"}},
	} {
		res, got := head()
		if diff := cmp.Diff(want.header, got); diff != "" || res.StatusCode != want.status {
			t.Errorf("status %d (-want +got)\n%s", res.StatusCode, diff)
		}
	}
	w.clock = w.clock.Add(8 * time.Second)
	if res, got := head(); res.StatusCode != 200 || got[2] != "2" {
		t.Errorf("next window: %d %v", res.StatusCode, got)
	}
}
