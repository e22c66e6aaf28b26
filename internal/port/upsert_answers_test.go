package port_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

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
			[]answer{reply(207, `{"entities":[{"index":1,"created":true}],"errors":[{"statusCode":422}]}`),
				written(true)},
			[]outcome{{Created: true, Resent: true}, {Created: true}}, 2},
		{"an index out of range is nobody's", []answer{reply(200, `{"entities":[
			{"index":0,"created":true},{"index":1},{"index":2},{"index":-1}]}`)},
			[]outcome{{Created: true}, {}}, 1},
		{"both lists name it: nobody knows", []answer{reply(207, `{
			"entities":[{"index":0,"created":true},{"index":1}],
			"errors":[{"index":0,"statusCode":422,"error":"e","message":"m"}]}`)},
			[]outcome{{Resent: true, Err: "422 e: m"}, {}}, 1},
		{"one entity's 500 is tried once more", []answer{
			reply(207, `{"entities":[{"index":0}],
				"errors":[{"index":1,"statusCode":500,"error":"e","message":"m"}]}`),
			reply(207, `{"errors":[{"index":0,"statusCode":500,"error":"e","message":"m"}]}`),
		}, []outcome{{}, {Resent: true, Err: "500 e: m"}}, 2},
		{"the blueprint is missing", []answer{refuse(404, "not_found", missing)}, []outcome{
			{Err: "blueprint missing: 404 not_found: " + missing},
			{Err: "blueprint missing: 404 not_found: " + missing}}, 1},
		{"the blueprint is missing, said per entity", []answer{reply(207, `{"entities":[{"index":1}],
			"errors":[{"index":0,"statusCode":404,"error":"e",
				"message":"Blueprint with identifier \"vm\" was not found"}]}`)},
			[]outcome{{Err: "blueprint missing: 404 e: " + missing}, {}}, 1},
		{"the blueprint of a target is missing", []answer{reply(207, `{"entities":[{"index":1}],
			"errors":[{"index":0,"statusCode":404,"error":"e",
				"message":"Blueprint with identifier \"host\" was not found"}]}`)},
			[]outcome{
				{Err: "related entity missing: 404 e: " + strings.ReplaceAll(missing, "vm", "host")}, {}}, 1},
		{"a missing target refuses the whole request", []answer{
			refuse(404, "not_found", noTarget), refuse(404, "not_found", noTarget), written(true)},
			[]outcome{{Err: "related entity missing: 404 not_found: " + noTarget}, {Created: true}}, 3},
		{"a proxy's 404 is not the blueprint's", []answer{reply(404, "<html>")},
			[]outcome{{Err: "404 Not Found"}, {Err: "404 Not Found"}}, 1},
		{"a gateway's 404 that speaks of entities", []answer{reply(404, `{"message":"no entity route"}`)},
			[]outcome{{Err: "404: no entity route"}, {Err: "404: no entity route"}}, 1},
		{"one entity's 429 applied nothing", []answer{
			reply(207, `{"entities":[{"index":0}],"errors":[{"index":1,"statusCode":429}]}`), written(false)},
			both(false), 2},
		{"403 is not retried", []answer{refuse(403, "forbidden", "ip", "x-trace-id", "abc")},
			[]outcome{{Err: "403 forbidden: ip (trace abc)"}, {Err: "403 forbidden: ip (trace abc)"}}, 1},
		{"a proxy's page", []answer{reply(403, "<html>")},
			[]outcome{{Err: "403 Forbidden"}, {Err: "403 Forbidden"}}, 1},
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
