package porttest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestMerge(t *testing.T) {
	const before = `{"identifier":"b","title":"B","icon":"S3","team":"x",
		"properties":{"arn":"a","size":1},"relations":{"account":"1","copies":["b"]}}`
	for _, tt := range []struct{ name, merge, then, want string }{
		{"merging keeps what is not named", "true", `"properties":{"size":2}`,
			`"icon":"S3","identifier":"b","properties":{"arn":"a","size":2},` +
				`"relations":{"account":"1","copies":["b"]},"team":["x"],"title":"B"`},
		{"merging clears what is null", "true",
			`"title":null,"team":null,"properties":{"size":null},"relations":{"account":null,"copies":null}`,
			`"icon":"S3","identifier":"b","properties":{"arn":"a"}`},
		{"merging replaces a many relation whole", "true", `"relations":{"copies":[]}`,
			`"icon":"S3","identifier":"b","properties":{"arn":"a","size":1},` +
				`"relations":{"account":"1"},"team":["x"],"title":"B"`},
		{"not merging wipes what is not named", "false", `"properties":{"size":2}`,
			`"identifier":"b","properties":{"size":2}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := listen(t, porttest.Options{})
			w.upsert("account", `{"identifier":"1"}`)
			w.upsert("bucket", before)
			w.must("POST", bulk+"&merge="+tt.merge, `{"entities":[{"identifier":"b",`+tt.then+`}]}`)
			w.dump("[\n" + `{"blueprint":"account","identifier":"1"},` + "\n" + `{"blueprint":"bucket",` +
				tt.want + "}\n]\n")
			w.clean()
		})
	}
}

func TestUpsertFalseRefusesWhatExists(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("bucket", `{"identifier":"b","title":"old"}`)
	_, body := w.do("POST", "/v1/blueprints/bucket/entities/bulk?upsert=false",
		`{"entities":[{"identifier":"b"},{"identifier":"c"}]}`)
	e := body["errors"].([]any)[0].(map[string]any)
	if e["index"] != 0.0 || e["statusCode"] != 409.0 || len(body["entities"].([]any)) != 1 {
		t.Errorf("%v", body)
	}
	if got := w.srv.Entities("bucket")["b"].Title; got != "old" {
		t.Errorf("title %q", got)
	}
}

func TestSingleUpsert(t *testing.T) {
	w := listen(t, porttest.Options{})
	const path = "/v1/blueprints/bucket/entities?upsert=true"
	if status, body := w.do("POST", path, `{"identifier":"b"}`); status != 201 || body["entity"] == nil {
		t.Errorf("creating: %d %v", status, body)
	}
	if status, _ := w.do("POST", path, `{"identifier":"b"}`); status != 200 {
		t.Errorf("updating: %d", status)
	}
	if status, body := w.do("POST", path, `{"identifier":"b","relations":{"account":"9"}}`); status != 404 ||
		body["error"] != "not_found" {
		t.Errorf("relation to nobody: %d %v", status, body)
	}
	if status, _ := w.do("POST", path, `{"identifier":"b","properties":{"size":"1"}}`); status != 422 {
		t.Errorf("wrong type: %d", status)
	}
}

func TestRequiredFields(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("account", `{"identifier":"1"}`)
	w.upsert("strict", `{"identifier":"s","properties":{"name":"n"},"relations":{"account":"1"}}`)
	for name, tt := range map[string]struct{ query, entity, message string }{
		"a required property not given": {"", `{"identifier":"a","relations":{"account":"1"}}`,
			`required property "name"`},
		"a required relation not given": {"", `{"identifier":"a","properties":{"name":"n"}}`,
			`required relation "account"`},
		"a required property cleared": {"&merge=true", `{"identifier":"s","properties":{"name":null}}`,
			`required property "name"`},
		"a required relation wiped": {"&merge=false", `{"identifier":"s","properties":{"name":"n"}}`,
			`required relation "account"`},
		"required ones kept by merging": {"&merge=true", `{"identifier":"s","title":"t"}`, ""},
		"required ones given in another": {"",
			`{"identifier":"s","properties":{"name":"m"},"relations":{"account":"1"}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, body := w.do("POST", "/v1/blueprints/strict/entities/bulk?upsert=true"+tt.query,
				`{"entities":[`+tt.entity+`]}`)
			failed := body["errors"].([]any)
			switch {
			case tt.message == "" && len(failed) == 0:
			case tt.message == "" || len(failed) != 1:
				t.Errorf("%v", body)
			case !strings.Contains(failed[0].(map[string]any)["message"].(string), tt.message):
				t.Errorf("%v", failed)
			}
		})
	}
}

func TestStubs(t *testing.T) {
	w := listen(t, porttest.Options{})
	const path = bulk + "&create_missing_related_entities="
	body := `{"entities":[{"identifier":"b","relations":{"account":"1","copies":["c","c"]}}]}`
	if status, out := w.do("POST", path+"false", body); status != 207 {
		t.Fatalf("%d %v", status, out)
	}
	out := w.must("POST", path+"true", body)
	if n := len(out["entities"].([]any)); n != 1 {
		t.Errorf("%d entities answered: a stub is not said", n)
	}
	want := porttest.Entity{
		Blueprint: "account", Identifier: "1", Properties: map[string]any{}, Relations: map[string]any{},
		Datasource: ours, CreatedAt: w.clock, UpdatedAt: w.clock, CreatedBy: porttest.ClientID,
		UpdatedBy: porttest.ClientID,
	}
	if diff := cmp.Diff(want, w.srv.Entities("account")["1"], hidden); diff != "" {
		t.Errorf("stub (-want +got)\n%s", diff)
	}
	// A stub becomes whole by an upsert like any other.
	w.upsert("bucket", `{"identifier":"c","properties":{"arn":"c"}}`)
	_, out = w.do("POST", path+"true",
		`{"entities":[{"identifier":"d","relations":{"account":"2","strict":"s"}}]}`)
	e := out["errors"].([]any)[0].(map[string]any)
	if e["statusCode"] != 422.0 || !strings.Contains(e["message"].(string),
		`strict/s: properties must have required`) {
		t.Errorf("stub with required properties: %v", e)
	}
	if len(w.srv.Entities("account")) != 1 {
		t.Error("an entity refused for one target left a stub for another")
	}
	st := w.srv.Stats()
	if st.Stubs != 2 || st.Created != 1 || st.Updated != 1 {
		t.Errorf("stats %+v", st)
	}
	w.clean()
}

func TestValidationOnlyWritesNothing(t *testing.T) {
	w := listen(t, porttest.Options{})
	out := w.must("POST", bulk+"&validation_only=true&create_missing_related_entities=true",
		`{"entities":[{"identifier":"b","relations":{"account":"1"}}]}`)
	if len(out["entities"].([]any)) != 1 {
		t.Errorf("%v", out)
	}
	w.dump("[]\n")
	if st := w.srv.Stats(); st.Created != 0 || st.Stubs != 0 {
		t.Errorf("stats %+v", st)
	}
}

func TestTimesAndOwners(t *testing.T) {
	for _, tt := range []struct {
		name  string
		keep  bool
		moved time.Duration // of updatedAt, by the unchanged upsert
	}{
		{"an upsert that changes nothing moves updatedAt", false, 2 * time.Hour},
		{"or leaves it alone if told so", true, time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := listen(t, porttest.Options{KeepUnchanged: tt.keep, TokenLife: 24 * time.Hour})
			start := w.clock
			made := w.upsert("bucket", `{"identifier":"b"}`)["entities"].([]any)[0].(map[string]any)
			w.clock = start.Add(time.Hour)
			again := w.upsert("bucket", `{"identifier":"b","title":"x"}`)["entities"].([]any)[0].(map[string]any)
			if made["created"] != true || again["created"] != false {
				t.Errorf("created: %v, then %v", made, again)
			}
			w.clock, w.agent = start.Add(2*time.Hour), theirs
			w.upsert("bucket", `{"identifier":"b","title":"x"}`)
			got := w.srv.Entities("bucket")["b"]
			if got.CreatedAt != start || got.UpdatedAt != start.Add(tt.moved) || got.Datasource != theirs {
				t.Errorf("created %v, updated %v, owner %s", got.CreatedAt, got.UpdatedAt, got.Datasource)
			}
			if st := w.srv.Stats(); st.Created != 1 || st.Updated != 1 || st.Unchanged != 1 {
				t.Errorf("stats %+v", st)
			}
		})
	}
}

func TestSearchIdentifier(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("bucket", `{"identifier":"a","properties":{"arn":"x"}},{"identifier":"b","properties":{"arn":"y"}},
		{"identifier":"c","properties":{"arn":"y"}}`)
	find := func(arn string) map[string]any {
		_, out := w.do("POST", bulk+"&merge=true", `{"entities":[{"title":"found","identifier":
			{"combinator":"and","rules":[{"property":"arn","operator":"=","value":"`+arn+`"}]}}]}`)
		return out
	}
	if got := find("x")["entities"].([]any)[0].(map[string]any); got["identifier"] != "a" ||
		got["created"] != false {
		t.Errorf("one match: %v", got)
	}
	for arn, status := range map[string]float64{"y": 422, "z": 404} {
		e := find(arn)["errors"].([]any)[0].(map[string]any)
		if e["statusCode"] != status || e["identifier"] != "unknown" {
			t.Errorf("%s: %v", arn, e)
		}
	}
	if n := len(w.srv.Entities("bucket")); n != 3 {
		t.Errorf("%d entities: a search created one", n)
	}
}

func TestBlockedDelete(t *testing.T) {
	const path = "/v1/blueprints/account/bulk/entities/delete?delete_dependents=false"
	w := listen(t, porttest.Options{})
	w.upsert("account", `{"identifier":"1"},{"identifier":"2"}`)
	w.agent = theirs
	w.upsert("bucket", `{"identifier":"b","relations":{"account":"1"}}`)
	w.agent = ours

	status, body := w.do("POST", path, `{"entities":["1","2"]}`)
	if status != 409 || !strings.Contains(body["message"].(string), "bucket/b") {
		t.Errorf("blocked by another's entity: %d %v", status, body)
	}
	if status, _ := w.do("DELETE", "/v1/blueprints/account/entities/1?delete_dependents=false",
		""); status != 409 {
		t.Errorf("blocked single: %d", status)
	}
	if len(w.srv.Entities("account")) != 2 {
		t.Fatal("a blocked call deleted something")
	}

	w.upsert("bucket", `{"identifier":"b","relations":{"account":"2"}}`)
	w.srv.Dump() // the order of what is there is known from here on
	out := w.must("POST", path, `{"entities":["1","gone","1"]}`)
	if diff := cmp.Diff([]any{"1"}, out["deletedEntities"]); diff != "" {
		t.Errorf("deletedEntities (-want +got)\n%s", diff)
	}
	w.dump("[\n" + `{"blueprint":"account","identifier":"2"},` + "\n" +
		`{"blueprint":"bucket","identifier":"b","relations":{"account":"2"}}` + "\n]\n")
	w.upsert("bucket", `{"identifier":"c","relations":{"copies":["b","c"]}}`)
	out = w.must("POST", "/v1/blueprints/bucket/bulk/entities/delete?delete_dependents=false",
		`{"entities":["b","c"]}`)
	if diff := cmp.Diff([]any{"b", "c"}, out["deletedEntities"]); diff != "" {
		t.Errorf("both ends in one request (-want +got)\n%s", diff)
	}
	w.must("DELETE", "/v1/blueprints/account/entities/2?delete_dependents=false", "")
	w.dump("[]\n")
	if st := w.srv.Stats(); st.Deleted != 4 || st.Cascades != 0 || !cmp.Equal(st.Deletes, map[int]int{2: 2,
		3: 1}) {
		t.Errorf("stats %+v", st)
	}
	w.clean()
}

func TestCascade(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("account", `{"identifier":"1"},{"identifier":"2"}`)
	w.upsert("bucket", `{"identifier":"a","relations":{"account":"1"}},
		{"identifier":"b","relations":{"copies":["a","b"]}},
		{"identifier":"c","relations":{"account":"2"}}`)
	out := w.must("POST", "/v1/blueprints/account/bulk/entities/delete?delete_dependents=true",
		`{"entities":["1"]}`)
	if diff := cmp.Diff([]any{"1"}, out["deletedEntities"]); diff != "" {
		t.Errorf("deletedEntities (-want +got)\n%s", diff)
	}
	w.dump("[\n" + `{"blueprint":"account","identifier":"2"},` + "\n" +
		`{"blueprint":"bucket","identifier":"c","relations":{"account":"2"}}` + "\n]\n")
	if st := w.srv.Stats(); st.Deleted != 3 || st.Cascades != 1 {
		t.Errorf("stats %+v", st)
	}
}
