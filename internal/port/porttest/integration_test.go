package porttest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestIntegration(t *testing.T) {
	w := listen(t, porttest.Options{})
	if status, body := w.do("GET", "/v1/integration/new", ""); status != 404 || body["error"] != "not_found" {
		t.Errorf("unknown: %d %v", status, body)
	}
	const registration = `{"installationId":"new","installationAppType":"aws-v3","version":"1",
		"config":{"resources":[]}}`
	w.must("POST", "/v1/integration", registration)
	if status, _ := w.do("POST", "/v1/integration", registration); status != 409 {
		t.Errorf("registered twice: %d", status)
	}
	w.must("PATCH", "/v1/integration/new", `{"title":"T","processingMode":"ocean-core"}`)
	got := w.must("GET", "/v1/integration/new?byField=installationId", "")["integration"].(map[string]any)
	want := map[string]any{
		"_id": "integration_new", "identifier": "new", "installationId": "new", "installationAppType": "aws-v3",
		"installationType": "OnPrem", "version": "1", "title": "T", "processingMode": "ocean-core",
		"config": map[string]any{"resources": []any{}}, "changelogDestination": map[string]any{},
		"resyncState": map[string]any{}, "updatedAt": "2026-11-24T22:00:00.000Z",
		"statusInfo":       map[string]any{"updatedAt": "2026-11-24T22:00:00.000Z"},
		"logAttributes":    map[string]any{"ingestId": "new", "ingestUrl": w.url + "/ingest/logs/new"},
		"metricAttributes": map[string]any{"ingestId": "new", "ingestUrl": w.url + "/ingest/metrics/new"},
		"ingestAttributes": map[string]any{"ingestUrl": w.url + "/ingest"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	w.clean()
	for path, body := range map[string]string{
		"POST /v1/integration":                    `{"installationId":"x","installationAppType":"aws-v3"}`,
		"PATCH /v1/integration/new":               `{"identifier":"y"}`,
		"PATCH /v1/integration/new/config":        `{"config":null}`,
		"PATCH /v1/integration/new/resync-state":  `{"status":"done"}`,
		"PATCH  /v1/integration/new/resync-state": `{"intervalInMinutes":1}`,
	} {
		method, path, _ := strings.Cut(path, " ")
		if status, out := w.do(method, strings.TrimSpace(path), body); status != 422 {
			t.Errorf("%s %s %s: %d %v", method, path, body, status, out)
		}
	}
}

func TestResyncState(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.must("PATCH", "/v1/integration/hub/resync-state", `{"status":"running",
		"lastResyncStart":"2026-11-24T22:00:00Z",
		"lastResyncEnd":null,"nextResync":null,"intervalInMinuets":360}`)
	w.must("PATCH", "/v1/integration/hub/resync-state",
		`{"status":"completed","lastResyncEnd":"2026-11-24T22:09:00Z"}`)
	want := map[string]any{
		"status": "completed", "lastResyncStart": "2026-11-24T22:00:00Z", "lastResyncEnd": "2026-11-24T22:09:00Z",
		"nextResync": nil, "intervalInMinuets": 360.0, "updatedAt": "2026-11-24T22:00:00.000Z",
	}
	if diff := cmp.Diff(want, w.srv.ResyncState("hub")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestWhatAsksForAResync(t *testing.T) {
	for _, tt := range []struct {
		name string
		act  func(*wire)
		asks bool
	}{
		{"nothing", func(*wire) {}, false},
		{"an empty patch", func(w *wire) { w.must("PATCH", "/v1/integration/hub", `{}`) }, true},
		{"a patch of the config", func(w *wire) { w.must("PATCH", "/v1/integration/hub", `{"config":{}}`) }, true},
		{"a patch of something else", func(w *wire) {
			w.must("PATCH", "/v1/integration/hub",
				`{"version":"2"}`)
		}, false},
		{"the config route", func(w *wire) { w.must("PATCH", "/v1/integration/hub/config", `{"config":{}}`) },
			true},
		{"the config route, told not to", func(w *wire) {
			r := w.request("PATCH", "/v1/integration/hub/config", `{"config":{}}`)
			r.Header.Set("x-skip-resync", "true")
			_, _, _ = w.send(r)
		}, false},
		{"the button", func(w *wire) { _ = w.srv.RequestResync("hub") }, true},
		{"a person's edit of the mapping", func(w *wire) {
			_ = w.srv.EditConfig("hub",
				map[string]any{"resources": []int{1}})
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := listen(t, porttest.Options{})
			w.clock = w.clock.Add(time.Minute)
			tt.act(w)
			var want any
			if tt.asks {
				want = map[string]any{"updatedAt": "2026-11-24T22:01:00.000Z"}
			}
			if diff := cmp.Diff(want, w.must("GET", "/v1/integration/hub/resync-request", "")["request"]); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			w.clean()
		})
	}
}

func TestIngest(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.must("POST", "/ingest/logs/hub", `{"logs":[
		{"message":"m","level":"INFO","timestamp":"2026-11-24T22:00:00.000001Z","extra":{}},
		{"message":"m","level":"ERROR","timestamp":"2026-11-24T22:00:00Z"}]}`)
	const metric = `{"integrationType":"aws-v3","installationType":"OnPrem","executionMode":"single_process",
		"integrationIdentifier":"hub","integrationVersion":"1","oceanVersion":"1","kindIdentifier":"AWS::S3::Bucket-0",
		"kind":"AWS::S3::Bucket","kindIndex":0,"eventId":"run/1","syncState":"pending","blueprint":"","metrics":{"phase":{}}}`
	const part = "/ingest/metrics/hub/syncMetrics/resync/run%2F1/kind/"
	w.must("POST", "/ingest/metrics/hub/syncMetrics", `{"syncKindsMetrics":[`+metric+`]}`)
	w.must("PUT", part+"AWS::S3::Bucket-0", `{"syncKindMetrics":`+strings.Replace(metric, "pending", "failed", 1)+`}`)
	w.must("POST", "/ingest/metrics/hub/heartbeat", `{"eventId":"run/1"}`)
	if st := w.srv.Stats(); st.Logs != 2 || st.Metrics != 3 {
		t.Errorf("logs %d, metrics %d", st.Logs, st.Metrics)
	}
	told := w.srv.Told("hub")
	if len(told.Logs) != 2 || told.Syncs["run/1/AWS::S3::Bucket-0"]["syncState"] != "failed" || len(told.Beats) != 1 {
		t.Errorf("told %v", told)
	}
	w.clean()
	for path, body := range map[string]string{
		"POST /ingest/metrics/hub/syncMetrics": `{"syncKindsMetrics":[{"kind":"AWS::S3::Bucket"}]}`,
		"PUT " + part + "AWS::S3::Bucket-1":    `{"syncKindMetrics":` + metric + `}`,
		"POST /ingest/metrics/hub/heartbeat":   `{}`,
	} {
		method, path, _ := strings.Cut(path, " ")
		if status, out := w.do(method, path, body); status != 422 {
			t.Errorf("%s %s: %d %v", method, path, status, out)
		}
	}
	for _, body := range []string{`{}`,
		`{"logs":[{"message":"m","level":"info","timestamp":"2026-11-24T22:00:00Z"}]}`,
		`{"logs":[{"message":"m","level":"INFO","timestamp":"2026-11-24T22:00:00+02:00"}]}`} {
		if status, _ := w.do("POST", "/ingest/logs/hub", body); status != 422 {
			t.Errorf("%s: %d", body, status)
		}
	}
}

func TestBlueprints(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.clock = w.clock.Add(time.Minute)
	const queue = `{"identifier":"a/q","title":"Q","schema":{"properties":{"arn":{"type":"string"}}},
		"relations":{"account":{"target":"account","required":false,"many":false}}}`
	if status, body := w.do("POST", "/v1/blueprints", queue); status != 201 {
		t.Fatalf("%d %v", status, body)
	}
	got := w.must("GET", "/v1/blueprints/a%2Fq", "")["blueprint"].(map[string]any)
	if got["createdAt"] != "2026-11-24T22:01:00.000Z" || got["mirrorProperties"] == nil {
		t.Errorf("%v", got)
	}
	if n := len(w.must("GET", "/v1/blueprints", "")["blueprints"].([]any)); n != 4 {
		t.Errorf("%d blueprints", n)
	}
	w.must("PATCH", "/v1/blueprints/a%2Fq",
		`{"schema":{"properties":{"arn":{"type":"string"},"size":{"type":"number"}}}}`)
	w.upsert("a%2Fq", `{"identifier":"x","properties":{"size":1},"relations":{}}`)

	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/blueprints/x", "", 404},
		{"PATCH", "/v1/blueprints/x", `{"title":"x"}`, 404},
		{"POST", "/v1/blueprints", queue, 409},
		{"PATCH", "/v1/blueprints/a%2Fq", `{"schema":{"properties":{"arn":{"type":"number"}}}}`, 422},
		{"PATCH", "/v1/blueprints/a%2Fq", `{"identifier":"b"}`, 422},
		{"POST", "/v1/blueprints", `{"identifier":"b","schema":{"properties":{}}}`, 422},
		{"POST", "/v1/blueprints", `{"identifier":"b c","title":"B","schema":{"properties":{}}}`, 422},
		{"POST", "/v1/blueprints", `{"identifier":"b","title":"B","schema":{}}`, 422},
		{"POST", "/v1/blueprints",
			`{"identifier":"b","title":"B","schema":{"properties":{},"type":"object"}}`, 422},
		{"POST", "/v1/blueprints",
			`{"identifier":"b","title":"B","schema":{"properties":{"n":{"type":"integer"}}}}`, 422},
		{"POST", "/v1/blueprints",
			`{"identifier":"b","title":"B","schema":{"properties":{"a b":{"type":"string"}}}}`, 422},
		{"POST", "/v1/blueprints", `{"identifier":"b","title":"B","schema":{"properties":{}},
			"relations":{"r":{"target":"nobody","required":false,"many":false}}}`, 404},
		{"POST", "/v1/blueprints", `{"identifier":"b","title":"B","schema":{"properties":{}},
			"relations":{"r":{"target":"account","required":true,"many":true}}}`, 422},
		{"POST", "/v1/blueprints",
			`{"identifier":"b","title":"B","schema":{"properties":{}},"relations":{"r":{"target":"account"}}}`, 422},
		{"POST", "/v1/blueprints", `{"identifier":"b","title":"B","schema":{"properties":{}},
			"relations":{"self":{"target":"b","required":false,"many":true}}}`, 201},
	} {
		if status, body := w.do(tt.method, tt.path, tt.body); status != tt.status {
			t.Errorf("%s %s %s: %d %v, want %d", tt.method, tt.path, tt.body, status, body, tt.status)
		}
	}
}
