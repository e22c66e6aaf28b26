package porttest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

const bulk = "/v1/blueprints/bucket/entities/bulk?upsert=true"

// entities is a bulk body of n good buckets.
func entities(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`{"identifier":"b%d"}`, i)
	}
	return `{"entities":[` + strings.Join(list, ",") + `]}`
}

func identifiers(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"b%d"`, i)
	}
	return `{"entities":[` + strings.Join(list, ",") + `]}`
}

func one(fields string) string { return `{"entities":[{"identifier":"good"},{` + fields + `}]}` }

func TestRequestLevelRules(t *testing.T) {
	filler := strings.Repeat("x", 1<<20)
	for _, tt := range []struct {
		name, method, path, body string
		alter                    func(*http.Request)
		status                   int
		misuse                   bool
	}{
		{"an unknown route", "GET", "/v1/nonsense", "", nil, 404, true},
		{"a known path with another method", "PUT", "/v1/blueprints/bucket", "{}", nil, 404, true},
		{"a path with an empty segment", "GET", "//v1/organization", "", nil, 404, true},
		{"no token", "GET", "/v1/organization", "", header("Authorization", ""), 401, true},
		{"an unknown token", "GET", "/v1/organization", "", header("Authorization", "Bearer x"), 401, false},
		{"a token of another type", "GET", "/v1/organization", "", header("Authorization", "Basic x"), 401, false},
		{"an entity write without an owner", "POST", bulk, entities(1), header("User-Agent", "curl/8"), 400, true},
		{"an entity write without a feature", "POST", bulk, entities(1), header("User-Agent", reads), 400, true},
		{"an entity read without an owner", "POST", "/v1/blueprints/bucket/entities/search", "{}",
			header("User-Agent", "curl/8"), 200, false},
		{"a body that is not said to be JSON", "POST", bulk, entities(1), header("Content-Type",
			"text/plain"), 415, true},
		{"a body that is no JSON", "POST", bulk, "{", nil, 400, true},
		{"a body that is no object", "POST", bulk, "null", nil, 400, true},
		{"a body of a mebibyte and a bit", "POST", bulk, one(`"identifier":"a","title":"` + filler + `"`),
			nil, 413, true},
		{"a body of almost a mebibyte", "POST", bulk, one(`"identifier":"a","title":"` + filler[100:] + `"`),
			nil, 200, false},
		{"a bulk without upsert", "POST", "/v1/blueprints/bucket/entities/bulk", entities(1), nil, 422, true},
		{"a bulk with a strange merge", "POST", bulk + "&merge=yes", entities(1), nil, 422, true},
		{"a bulk of twenty", "POST", bulk, entities(20), nil, 200, false},
		{"a bulk of twenty-one", "POST", bulk, entities(21), nil, 422, true},
		{"a bulk of none", "POST", bulk, entities(0), nil, 422, true},
		{"a delete of a hundred", "POST", "/v1/blueprints/bucket/bulk/entities/delete?delete_dependents=false",
			identifiers(100), nil, 200, false},
		{"a delete of a hundred and one", "POST",
			"/v1/blueprints/bucket/bulk/entities/delete?delete_dependents=false",
			identifiers(101), nil, 422, true},
		{"a delete that says nothing of dependents", "POST", "/v1/blueprints/bucket/bulk/entities/delete",
			identifiers(1), nil, 422, true},
		{"a single delete that says nothing of dependents", "DELETE", "/v1/blueprints/bucket/entities/b", "",
			nil, 422, true},
		{"a single delete of what is gone", "DELETE",
			"/v1/blueprints/bucket/entities/b?delete_dependents=false", "",
			nil, 404, false},
		{"a blueprint that does not exist", "POST", "/v1/blueprints/x/entities/bulk?upsert=true", entities(1),
			nil, 404, false},
		{"an identifier with a space", "POST", bulk, one(`"identifier":"a b"`), nil, 422, false},
		{"an identifier that is a number", "POST", bulk, one(`"identifier":1`), nil, 422, false},
		{"an identifier of two dots", "POST", bulk, one(`"identifier":".."`), nil, 422, false},
		{"an ARN with letters of another script", "POST", bulk, one(`"identifier":"arn:aws:s3:::é/x=1"`), nil,
			200, false},
		{"an identifier of 1000 characters", "POST", bulk, one(`"identifier":"` + strings.Repeat("é", 1000) + `"`),
			nil, 200, false},
		{"an identifier of 1001 characters", "POST", bulk, one(`"identifier":"` + strings.Repeat("é", 1001) + `"`),
			nil, 422, false},
		{"a title that is a number", "POST", bulk, one(`"identifier":"a","title":1`), nil, 422, false},
		{"a team that is an object of no sense", "POST", bulk, one(`"identifier":"a","team":{}`), nil, 422, false},
		{"a team in a list, and unknown keys", "POST", bulk,
			one(`"identifier":"a","team":["x"],"blueprint":"bucket"`), nil, 200, false},
		{"properties in a list", "POST", bulk, one(`"identifier":"a","properties":[]`), nil, 422, false},
		{"a relation to an illegal identifier", "POST", bulk, one(`"identifier":"a","relations":{"account":"a b"}`),
			nil, 422, false},
		{"a page of 1001", "POST", "/v1/blueprints/bucket/entities/search", `{"limit":1001}`, nil, 422, true},
		{"a cursor of one's own", "POST", "/v1/blueprints/bucket/entities/search", `{"from":"2"}`, nil, 422, true},
		{"a search without a combinator", "POST", "/v1/entities/search", `{"rules":[]}`, nil, 422, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := listen(t, porttest.Options{})
			r := w.request(tt.method, tt.path, tt.body)
			if tt.alter != nil {
				tt.alter(r)
			}
			res, body, err := w.send(r)
			if err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != tt.status {
				t.Errorf("status %d, want %d: %v", res.StatusCode, tt.status, body)
			}
			if wrong := tt.status >= 400; wrong && (body["ok"] != false || body["error"] == "" ||
				body["message"] == "") {
				t.Errorf("body %v is not Port's error", body)
			}
			if tt.status >= 400 && len(w.srv.Entities("bucket")) > 0 {
				t.Error("a refused request had an effect")
			}
			if m := w.srv.Stats().Misuse; len(m) > 0 != tt.misuse {
				t.Errorf("misuse %q, want some: %v", m, tt.misuse)
			}
		})
	}
}

func header(key, value string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set(key, value)
		if value == "" {
			r.Header.Del(key)
		}
	}
}

func TestEntityLevelRules(t *testing.T) {
	for _, tt := range []struct {
		name, fields string
		status       int // of the entity; 0 is taken
		message      string
	}{
		{"values of the right types",
			`"properties":{"arn":"x","size":1.5,"public":true,"tags":{},"names":["x"]}`, 0, ""},
		{"text for a number", `"properties":{"size":"1"}`, 422, `"size" must be number, not string`},
		{"a number for text", `"properties":{"arn":1}`, 422, `"arn" must be string, not number`},
		{"a list for an object", `"properties":{"tags":[]}`, 422, `"tags" must be object, not array`},
		{"a number in a list of texts", `"properties":{"names":["a",1]}`, 422, `"names" must be string`},
		{"an unknown property", `"properties":{"new":1}`, 422, `additional property "new"`},
		{"an unknown property that is null", `"properties":{"new":null}`, 422, `additional property "new"`},
		{"a value of the enum", `"properties":{"tier":"hot"}`, 0, ""},
		{"a value beyond the enum", `"properties":{"tier":"warm"}`, 422, "allowed values"},
		{"a time", `"properties":{"made":"2026-11-24T22:00:00.123Z"}`, 0, ""},
		{"a date for a time", `"properties":{"made":"2026-11-24"}`, 422, `"date-time"`},
		{"an address", `"properties":{"link":"https://example.com/x"}`, 0, ""},
		{"a path for an address", `"properties":{"link":"/x"}`, 422, `"url"`},
		{"a relation to what exists", `"relations":{"account":"111122223333"}`, 0, ""},
		{"a relation to itself", `"relations":{"copies":["b"]}`, 0, ""},
		{"a relation to an entity earlier in the request", `"relations":{"copies":["first"]}`, 0, ""},
		{"a relation to what is missing", `"relations":{"account":"9"}`, 404,
			`Entity with identifier "9" was not found`},
		{"a relation that does not exist", `"relations":{"owner":"9"}`, 422, `"owner" does not exist`},
		{"a list for a single relation", `"relations":{"account":["111122223333"]}`, 422,
			`"account" must be string`},
		{"a text for a many relation", `"relations":{"copies":"first"}`, 422, `"copies" must be array`},
		{"a search for a relation", `"relations":{"account":{"combinator":"and","rules":[
			{"property":"email","operator":"=","value":"a@example.com"}]}}`, 0, ""},
		{"a search for a single relation that finds two", `"relations":{"account":{"combinator":"and","rules":[
			{"property":"$identifier","operator":"contains","value":"2"}]}}`, 422, "finds 2 entities"},
		{"a search for a relation that finds none", `"relations":{"account":{"combinator":"and","rules":[
			{"property":"email","operator":"=","value":"x"}]}}`, 404, "finds no entity"},
		{"a search with an operator that relations lack", `"relations":{"account":{"combinator":"and","rules":[
			{"property":"email","operator":"!=","value":"x"}]}}`, 422, "not allowed here"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := listen(t, porttest.Options{})
			w.upsert("account",
				`{"identifier":"111122223333","properties":{"email":"a@example.com"}},{"identifier":"2"}`)
			status, body := w.do("POST", bulk+"&merge=true",
				`{"entities":[{"identifier":"first"},{"identifier":"b",`+tt.fields+`},{"identifier":"last"}]}`)
			failed := body["errors"].([]any)
			if tt.status == 0 {
				if status != 200 || body["ok"] != true || len(failed) > 0 {
					t.Fatalf("%d %v", status, body)
				}
				return
			}
			if status != 207 || body["ok"] != false || len(failed) != 1 || len(body["entities"].([]any)) != 2 {
				t.Fatalf("%d %v", status, body)
			}
			e := failed[0].(map[string]any)
			if e["index"] != 1.0 || e["identifier"] != "b" || e["statusCode"] != float64(tt.status) ||
				!strings.Contains(e["message"].(string), tt.message) {
				t.Errorf("error is %v", e)
			}
			if len(w.srv.Entities("bucket")) != 2 {
				t.Error("the refused entity is there, or its neighbours are not")
			}
		})
	}
}

func TestMissingBlueprintIsNamed(t *testing.T) {
	w := listen(t, porttest.Options{})
	_, body := w.do("POST", "/v1/blueprints/a%2Fb/entities/bulk?upsert=true", entities(1))
	if body["error"] != "not_found" || body["message"] != `Blueprint with identifier "a/b" was not found` {
		t.Errorf("%v", body)
	}
}
