package port_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// deleted is a DeleteResult that can be compared.
type deleted struct {
	Deleted bool
	Err     string
}

func deletions(results []port.DeleteResult) []deleted {
	var all []deleted
	for _, r := range results {
		d := deleted{Deleted: r.Deleted}
		if r.Err != nil {
			d.Err = strings.ReplaceAll(r.Err.Error(), deleteRoute+": ", "")
		}
		all = append(all, d)
	}
	return all
}

// remove deletes those of have that are asked for, unless one of blocked is among them.
func remove(have, blocked []string) answer {
	return func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Entities []string }
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &in)
		gone := []string{}
		for _, id := range in.Entities {
			if slices.Contains(blocked, id) {
				refuse(409, "has_dependents", id+" is needed by host")(w, r)
				return
			}
			if slices.Contains(have, id) {
				gone = append(gone, id)
			}
		}
		out, _ := json.Marshal(map[string]any{"ok": true, "deletedEntities": gone})
		_, _ = w.Write(out)
	}
}

func TestAnswersOfBulkDelete(t *testing.T) {
	abc := []string{"a", "b", "c"}
	yes := deleted{Deleted: true}
	all, unnamed := []deleted{yes, yes, yes}, make([]deleted, 3)
	each := func(err string) []deleted { return []deleted{{Err: err}, {Err: err}, {Err: err}} }
	noBlueprint := refuse(404, "not_found", `Blueprint with identifier "vm" was not found`)
	noEntity := refuse(404, "not_found", `Entity with identifier "a" was not found`)
	tests := []struct {
		name     string
		answers  []answer
		want     []deleted
		fails    bool
		requests int
	}{
		{"all are deleted", []answer{remove(abc, nil)}, all, false, 1},
		{"one was not there", []answer{remove([]string{"a", "c"}, nil)}, []deleted{yes, {}, yes}, false, 1},
		{"the answer is lost, and they are gone", []answer{lost, remove(nil, nil)}, unnamed, false, 2},
		{"the answer is cut short", []answer{
			cut(`{"ok":true,"deletedEntities":["a","b","c"]}`, 30), remove(nil, nil)}, unnamed, false, 2},
		{"one is blocked", []answer{remove(abc, []string{"b"})},
			[]deleted{yes, {Err: "409 has_dependents: b is needed by host"}, yes}, false, 5},
		{"the blueprint is gone", []answer{noBlueprint}, unnamed, false, 1},
		{"404 of one entity says nothing of the others", []answer{noEntity, noEntity, remove(abc, nil)},
			[]deleted{{}, yes, yes}, false, 3},
		{"404 of a proxy proves nothing", []answer{reply(404, "<html>")}, each("404 Not Found"), true, 1},
		{"an answer without a list proves nothing", []answer{reply(200, `{"ok":true}`)},
			each("not answered"), true, 1},
		{"403 ends it", []answer{refuse(403, "forbidden", "ip")}, each("403 forbidden: ip"), true, 1},
		{"credentials end it", []answer{refuse(401, "unauthorized", "no")},
			each("401 unauthorized: no"), true, 2},
		{"Port is down", []answer{refuse(500, "down", "")},
			each("gave up after 10 attempts: 500 down"), true, 10},
		{"403 to the first half ends the second, too", []answer{
			refuse(409, "has_dependents", "b"), refuse(403, "forbidden", "ip")},
			each("403 forbidden: ip"), true, 2},
		{"a proxy's 404 to one entity proves nothing either", []answer{
			refuse(409, "has_dependents", "b"), reply(404, "<html>")}, each("404 Not Found"), true, 2},
		{"Port goes down while it is halved", []answer{
			refuse(409, "has_dependents", "b"), remove(abc, nil), refuse(403, "forbidden", "ip")},
			[]deleted{yes, {Err: "403 forbidden: ip"}, {Err: "403 forbidden: ip"}}, true, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: tt.answers}
				c := connect(t, f, port.Config{})
				results, err := c.Delete(t.Context(), "vm", abc)
				if diff := cmp.Diff(tt.want, deletions(results)); diff != "" {
					t.Errorf("results (-want +got):\n%s", diff)
				}
				if (err != nil) != tt.fails {
					t.Errorf("error %v", err)
				}
				if n := len(f.requests()); n != tt.requests {
					t.Errorf("%d requests, want %d", n, tt.requests)
				}
			})
		})
	}
}

func TestDeleteAsPortReceivesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ids []string
		for i := range 250 {
			ids = append(ids, fmt.Sprintf("arn:%d", i))
		}
		f := &fake{answers: []answer{remove(ids, nil)}}
		c := connect(t, f, port.Config{})
		results, err := c.Delete(t.Context(), "a/b", ids)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if !r.Deleted || r.Err != nil {
				t.Errorf("%d: %+v", i, r)
			}
		}
		var got []int
		for _, s := range f.requests() {
			got = append(got, strings.Count(s.Body, "arn:"))
		}
		if diff := cmp.Diff([]int{100, 100, 50}, got); diff != "" {
			t.Errorf("identifiers by request (-want +got):\n%s", diff)
		}
		first := f.requests()[0]
		first.Body = ""
		want := sent{
			Call:  "POST /v1/blueprints/a%2Fb/bulk/entities/delete",
			Query: "delete_dependents=false",
			Agent: "port-ocean/aws-v3/1.2.3/prod/exporter",
			Auth:  "Bearer t1",
		}
		if diff := cmp.Diff(want, first); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	})
}
