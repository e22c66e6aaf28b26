package porttest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestSeededEntitiesKeepWhatTheyName(t *testing.T) {
	w := listen(t, porttest.Options{})
	old := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	err := w.srv.Seed(porttest.Seed{Entities: []porttest.Entity{
		{Blueprint: "account", Identifier: "1", Datasource: theirs, CreatedAt: old, UpdatedAt: old.Add(time.Hour)},
		{Blueprint: "bucket", Identifier: "b", Team: []string{"x"}, Properties: map[string]any{"size": 3},
			Relations: map[string]any{"account": "1", "copies": []string{"b"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	a, b := w.srv.Entities("account")["1"], w.srv.Entities("bucket")["b"]
	if a.Datasource != theirs || a.CreatedAt != old || a.UpdatedAt != old.Add(time.Hour) ||
		a.CreatedBy != porttest.Person {
		t.Errorf("%+v", a)
	}
	want := porttest.Entity{
		Blueprint: "bucket", Identifier: "b", Team: []string{"x"}, Properties: map[string]any{"size": 3.0},
		Relations:  map[string]any{"account": "1", "copies": []string{"b"}},
		Datasource: porttest.UI, CreatedAt: w.clock, UpdatedAt: w.clock,
		CreatedBy: porttest.Person, UpdatedBy: porttest.Person,
	}
	if diff := cmp.Diff(want, b, hidden); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if st := w.srv.Stats(); st.Created != 0 {
		t.Errorf("stats count seeds: %+v", st)
	}
	if err := w.srv.Remove("account", "1"); err == nil || !strings.Contains(err.Error(), "bucket/b") {
		t.Errorf("removing what is related to: %v", err)
	}
	for _, e := range []porttest.Entity{
		{Blueprint: "none", Identifier: "1"}, {Blueprint: "bucket", Identifier: "a b"},
		{Blueprint: "bucket", Identifier: "c", Relations: map[string]any{"account": "2"}},
	} {
		if err := w.srv.Seed(porttest.Seed{Entities: []porttest.Entity{e}}); err == nil {
			t.Errorf("%+v was taken", e)
		}
	}
}

func TestPeople(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("bucket", `{"identifier":"b","properties":{"arn":"x","tags":{"env":"dev"}}}`)
	made := w.clock
	w.clock = w.clock.Add(time.Hour)
	kept := w.srv.Entities("bucket")["b"]
	if err := w.srv.Edit("bucket", "b", func(e *porttest.Entity) {
		e.Title, e.Properties["arn"] = "by hand", "y"
		e.Properties["tags"].(map[string]any)["env"] = "prod"
	}); err != nil {
		t.Fatal(err)
	}
	want := porttest.Entity{
		Blueprint: "bucket", Identifier: "b", Title: "by hand",
		Properties: map[string]any{"arn": "y", "tags": map[string]any{"env": "prod"}},
		Relations:  map[string]any{}, Datasource: porttest.UI, CreatedAt: made, UpdatedAt: w.clock,
		CreatedBy: porttest.ClientID, UpdatedBy: porttest.Person,
	}
	if diff := cmp.Diff(want, w.srv.Entities("bucket")["b"], hidden); diff != "" {
		t.Errorf("edited (-want +got)\n%s", diff)
	}
	if kept.Properties["arn"] != "x" || kept.Properties["tags"].(map[string]any)["env"] != "dev" {
		t.Error("what Entities returned changed later")
	}

	for _, err := range []error{
		w.srv.Create(porttest.Entity{Blueprint: "bucket", Identifier: "b"}),
		w.srv.Edit("bucket", "c", func(*porttest.Entity) {}),
		w.srv.Edit("bucket", "b", func(e *porttest.Entity) { e.Properties["size"] = "large" }),
		w.srv.Remove("bucket", "c"),
	} {
		if err == nil {
			t.Error("an impossible act succeeded")
		}
	}

	if err := w.srv.Remove("bucket", "b"); err != nil {
		t.Fatal(err)
	}
	w.clock = w.clock.Add(time.Hour)
	if err := w.srv.Create(porttest.Entity{Blueprint: "bucket", Identifier: "b", CreatedAt: made,
		Datasource: ours}); err != nil {
		t.Fatal(err)
	}
	if e := w.srv.Entities("bucket")["b"]; e.CreatedAt != w.clock || e.Datasource != porttest.UI {
		t.Errorf("created anew %v by %s", e.CreatedAt, e.Datasource)
	}
	if st := w.srv.Stats(); st.Created != 1 || st.Deleted != 0 || st.Updated != 0 {
		t.Errorf("stats count people: %+v", st)
	}
	w.srv.RemoveBlueprint("bucket")
	if status, _ := w.do("GET", "/v1/blueprints/bucket", ""); status != 404 {
		t.Errorf("removed blueprint: %d", status)
	}
}

func TestShell(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("bucket", `{"identifier":"b"}`)
	shell := func(method, path string) string {
		r, err := http.NewRequest(method, w.url+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	const want = "[\n" + `{"blueprint":"bucket","identifier":"b"}` + "\n]\n"
	if got := shell("GET", "/_dump"); got != want {
		t.Errorf("dump %s", got)
	}
	if got := shell("GET", "/_dump?datasource"); !strings.Contains(got, `"datasource":"`+ours+`"`) {
		t.Errorf("dump with datasource %s", got)
	}
	st := parse(t, shell("GET", "/_stats"))
	if st["created"] != 1.0 || !cmp.Equal(st["upserts"], any(map[string]any{"1": 1.0})) {
		t.Errorf("stats %v", st)
	}
	shell("POST", "/_reset?keep=1")
	if st := w.srv.Stats(); st.Created != 0 || len(st.Requests) != 0 {
		t.Errorf("stats after reset %+v", st)
	}
	w.dump(want)
	shell("POST", "/_reset")
	w.dump("[]\n")
	w.upsert("bucket", `{"identifier":"b"}`)
}
