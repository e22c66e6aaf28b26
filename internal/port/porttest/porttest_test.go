package porttest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

const (
	ours   = "port-ocean/aws-v3/1.2.3/hub/exporter"
	theirs = "port-ocean/k8s/0.1.0/cluster/exporter"
	reads  = "port-ocean/aws-v3/1.2.3/hub"
)

// wire is a Port behind HTTP and a careful caller of it; clock is Port's.
type wire struct {
	t     *testing.T
	srv   *porttest.Server
	url   string
	clock time.Time
	agent string
	token string
}

// listen serves two blueprints: an account, and a bucket that may relate to one account and to many buckets.
func listen(t *testing.T, opts porttest.Options) *wire {
	t.Helper()
	w := &wire{t: t, agent: ours, clock: time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC)}
	opts.Now = func() time.Time { return w.clock }
	w.srv = porttest.New(opts)
	hs := httptest.NewServer(w.srv)
	t.Cleanup(hs.Close)
	w.url = hs.URL
	err := w.srv.Seed(porttest.Seed{
		Blueprints:  []map[string]any{parse(t, account), parse(t, bucket), parse(t, strict)},
		Integration: map[string]any{"installationId": "hub", "installationAppType": "aws-v3", "version": "1.2.3"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.login()
	return w
}

const (
	account = `{"identifier":"account","title":"Account",
		"schema":{"properties":{"email":{"type":"string","format":"email"}}}}`
	bucket = `{"identifier":"bucket","title":"Bucket",
		"schema":{"properties":{
			"arn":{"type":"string"},"size":{"type":"number"},"public":{"type":"boolean"},"tags":{"type":"object"},
			"link":{"type":"string","format":"url"},"made":{"type":"string","format":"date-time"},
			"tier":{"type":"string","enum":["hot","cold"]},"names":{"type":"array","items":{"type":"string"}}}},
		"relations":{
			"account":{"target":"account","required":false,"many":false},
			"copies":{"target":"bucket","required":false,"many":true},
			"strict":{"target":"strict","required":false,"many":false}}}`
	strict = `{"identifier":"strict","title":"Strict",
		"schema":{"properties":{"name":{"type":"string"}},"required":["name"]},
		"relations":{"account":{"target":"account","required":true,"many":false}}}`
)

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

func (w *wire) login() {
	w.t.Helper()
	w.token = ""
	status, body := w.do("POST", "/v1/auth/access_token",
		`{"clientId":"`+porttest.ClientID+`","clientSecret":"`+porttest.ClientSecret+`"}`)
	if status != 200 {
		w.t.Fatalf("login: %d %v", status, body)
	}
	w.token = "Bearer " + body["accessToken"].(string)
}

func (w *wire) request(method, path, body string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequest(method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("User-Agent", w.agent)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if w.token != "" {
		r.Header.Set("Authorization", w.token)
	}
	return r
}

// send returns the whole answer, or the transport's error.
func (w *wire) send(r *http.Request) (*http.Response, map[string]any, error) {
	w.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return res, nil, err
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return res, nil, nil
	}
	return res, parse(w.t, string(b)), nil
}

func (w *wire) do(method, path, body string) (int, map[string]any) {
	w.t.Helper()
	res, out, err := w.send(w.request(method, path, body))
	if err != nil {
		w.t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, out
}

// must is do for what has to succeed.
func (w *wire) must(method, path, body string) map[string]any {
	w.t.Helper()
	status, out := w.do(method, path, body)
	if status > 201 {
		w.t.Fatalf("%s %s: %d %v", method, path, status, out)
	}
	return out
}

// upsert sends entities of a blueprint, merging, and fails the test unless all are taken.
func (w *wire) upsert(blueprint, entities string) map[string]any {
	w.t.Helper()
	return w.must("POST", "/v1/blueprints/"+blueprint+"/entities/bulk?upsert=true&merge=true",
		`{"entities":[`+entities+`]}`)
}

func (w *wire) dump(want string) {
	w.t.Helper()
	if got := string(w.srv.Dump()); got != want {
		w.t.Errorf("catalog is\n%swant\n%s", got, want)
	}
}

func (w *wire) clean() {
	w.t.Helper()
	if m := w.srv.Stats().Misuse; len(m) > 0 {
		w.t.Errorf("misuse: %q", m)
	}
}

// hidden are the fields of an Entity that only the server uses.
var hidden = cmpopts.IgnoreUnexported(porttest.Entity{})
