package porttest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func ids(body map[string]any) []string {
	out := []string{}
	for _, e := range body["entities"].([]any) {
		out = append(out, e.(map[string]any)["identifier"].(string))
	}
	return out
}

func TestOperators(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("account", `{"identifier":"1"},{"identifier":"2"}`)
	w.upsert("bucket", `{"identifier":"a","title":"Alpha","team":["x"],
		"properties":{"arn":"arn:aws:s3:::a","size":1,"names":["p","q"],"made":"2026-01-01T00:00:00Z"},
		"relations":{"account":"1"}},
		{"identifier":"b","properties":{"arn":"arn:aws:s3:::b","size":10,"public":true,
		"made":"2026-01-01T02:00:00+02:00"},
		"relations":{"account":"2","copies":["a"]}}`)
	w.clock, w.agent = w.clock.Add(time.Hour), theirs
	w.upsert("bucket", `{"identifier":"c"}`)

	const hour = `"2026-11-24T23:00:00Z"`
	for _, tt := range []struct{ rule, want string }{
		{`{"property":"$identifier","operator":"=","value":"a"}`, "a"},
		{`{"property":"$identifier","operator":"!=","value":"a"}`, "b c"},
		{`{"property":"$identifier","operator":"in","value":["c","a","x"]}`, "a c"},
		{`{"property":"$identifier","operator":"notIn","value":["c","a"]}`, "b"},
		{`{"property":"$blueprint","operator":"=","value":"bucket"}`, "a b c"},
		{`{"property":"$title","operator":"=","value":"Alpha"}`, "a"},
		{`{"property":"$team","operator":"contains","value":"x"}`, "a"},
		{`{"property":"$datasource","operator":"contains","value":"port-ocean/aws-v3/"}`, "a b"},
		{`{"property":"$datasource","operator":"endsWith","value":"/cluster/exporter"}`, "c"},
		{`{"property":"$createdBy","operator":"beginsWith","value":"porttest"}`, "a b c"},
		{`{"property":"$updatedAt","operator":"<","value":` + hour + `}`, "a b"},
		{`{"property":"$updatedAt","operator":">=","value":"2026-11-25T01:00:00+02:00"}`, "c"},
		{`{"property":"$createdAt","operator":"between","value":{"from":` + hour + `,"to":` + hour + `}}`, "c"},
		{`{"property":"$createdAt","operator":"notBetween","value":{"from":` + hour + `,"to":` + hour + `}}`,
			"a b"},
		{`{"property":"arn","operator":"contains","value":":::"}`, "a b"},
		{`{"property":"arn","operator":"doesNotContains","value":"::a"}`, "b c"},
		{`{"property":"arn","operator":"beginsWith","value":"arn:"}`, "a b"},
		{`{"property":"arn","operator":"doesNotBeginsWith","value":"arn:"}`, "c"},
		{`{"property":"arn","operator":"endsWith","value":":a"}`, "a"},
		{`{"property":"arn","operator":"doesNotEndsWith","value":":a"}`, "b c"},
		{`{"property":"arn","operator":"isEmpty"}`, "c"},
		{`{"property":"arn","operator":"isNotEmpty"}`, "a b"},
		{`{"property":"size","operator":"=","value":10}`, "b"},
		{`{"property":"size","operator":"<","value":10}`, "a"},
		{`{"property":"size","operator":"<=","value":10}`, "a b"},
		{`{"property":"size","operator":">","value":1}`, "b"},
		{`{"property":"size","operator":"between","value":{"from":1,"to":9}}`, "a"},
		{`{"property":"size","operator":">","value":"0"}`, ""},
		{`{"property":"public","operator":"=","value":true}`, "b"},
		{`{"property":"names","operator":"contains","value":"q"}`, "a"},
		{`{"property":"names","operator":"containsAny","value":["z","q"]}`, "a"},
		{`{"property":"made","operator":"<=","value":"2026-01-01T00:00:00.000Z"}`, "a b"},
		{`{"operator":"relatedTo","blueprint":"account","value":"1"}`, "a"},
		{`{"operator":"relatedTo","blueprint":"account","value":["1","2"],"required":false}`, "a b"},
		{`{"operator":"relatedTo","blueprint":"account","value":"1","required":true}`, ""},
		{`{"operator":"relatedTo","blueprint":"bucket","value":"a"}`, "b"},
		{`{"combinator":"or","rules":[{"property":"size","operator":"=","value":1},
			{"combinator":"and","rules":[{"property":"arn","operator":"isEmpty"},
			{"property":"$identifier","operator":"=","value":"c"}]}]}`,
			"a c"},
		{`{"property":"arn","operator":"like","value":"x"}`, "422"},
		{`{"property":"$color","operator":"=","value":"x"}`, "422"},
		{`{"property":"arn","operator":"in","value":"x"}`, "422"},
		{`{"property":"arn","operator":"="}`, "422"},
		{`{"combinator":"xor","rules":[]}`, "422"},
	} {
		for _, combinator := range []string{"and", "or"} {
			status, body := w.do("POST", "/v1/blueprints/bucket/entities/search",
				`{"query":{"combinator":"`+combinator+`","rules":[`+tt.rule+`]}}`)
			got := fmt.Sprint(status)
			if status == 200 {
				got = strings.Join(ids(body), " ")
			}
			if got != tt.want {
				t.Errorf("%s: found %q, want %q", tt.rule, got, tt.want)
			}
		}
	}
}

func TestEitherOfTwoRules(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("bucket", `{"identifier":"a"},{"identifier":"b","title":"B"},{"identifier":"c"}`)
	out := w.must("POST", "/v1/blueprints/bucket/entities/search", `{"query":{"combinator":"or","rules":[
		{"property":"$identifier","operator":"=","value":"a"},{"property":"$title","operator":"=","value":"B"}]}}`)
	if diff := cmp.Diff([]string{"a", "b"}, ids(out)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Deleting each page while paging must not make the next one skip.
func TestPages(t *testing.T) {
	w := listen(t, porttest.Options{})
	for i := range 3 {
		w.upsert("bucket", fmt.Sprintf(`{"identifier":"b%d"},{"identifier":"a%d"}`, i, i))
	}
	var got []string
	var next any
	pages := 0
	for first := true; first || next != nil; first = false {
		body := `{"limit":2}`
		if next != nil {
			body = `{"limit":2,"from":"` + next.(string) + `"}`
		}
		out := w.must("POST", "/v1/blueprints/bucket/entities/search", body)
		got, next = append(got, ids(out)...), out["next"]
		pages++
		w.must("POST", "/v1/blueprints/bucket/bulk/entities/delete?delete_dependents=false",
			`{"entities":["`+strings.Join(ids(out), `","`)+`"]}`)
	}
	if diff := cmp.Diff([]string{"a0", "a1", "a2", "b0", "b1", "b2"}, got); diff != "" || pages != 3 {
		t.Errorf("in %d pages (-want +got)\n%s", pages, diff)
	}
	w.clean()
}

func TestDefaultPageIsTwoHundred(t *testing.T) {
	w := listen(t, porttest.Options{})
	for i := range 11 {
		list := []string{}
		for j := range 20 {
			list = append(list, fmt.Sprintf(`{"identifier":"b%d"}`, 20*i+j))
		}
		w.upsert("bucket", strings.Join(list, ","))
	}
	out := w.must("POST", "/v1/blueprints/bucket/entities/search", `{}`)
	if n := len(ids(out)); n != 200 || out["next"] == nil {
		t.Errorf("%d entities, next %v", n, out["next"])
	}
}

func TestInclude(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("account", `{"identifier":"1"}`)
	w.upsert("bucket", `{"identifier":"b","properties":{"arn":"x","size":1},"relations":{"account":"1"}}`)
	out := w.must("POST", "/v1/blueprints/bucket/entities/search",
		`{"include":["identifier","title","properties.size","properties.tags","relations.account","$datasource"]}`)
	want := map[string]any{
		"identifier": "b", "title": nil, "properties": map[string]any{"size": 1.0},
		"relations": map[string]any{"account": "1"},
	}
	if diff := cmp.Diff([]any{want}, out["entities"]); diff != "" {
		t.Errorf("include (-want +got)\n%s", diff)
	}
	out = w.must("POST", "/v1/blueprints/bucket/entities/search", `{"exclude":["properties.size","createdAt"]}`)
	want = map[string]any{
		"identifier": "b", "blueprint": "bucket", "title": nil, "icon": nil, "team": []any{},
		"properties": map[string]any{"arn": "x"},
		"relations":  map[string]any{"account": "1", "copies": []any{}, "strict": nil},
		"createdBy":  porttest.ClientID, "updatedBy": porttest.ClientID, "updatedAt": "2026-11-24T22:00:00.000Z",
	}
	if diff := cmp.Diff([]any{want}, out["entities"]); diff != "" {
		t.Errorf("exclude (-want +got)\n%s", diff)
	}
}

func TestSearchOverAllBlueprints(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("account", `{"identifier":"1"},{"identifier":"2"}`)
	w.upsert("bucket", `{"identifier":"1"}`)
	q := url.Values{"include": {"identifier", "blueprint"}, "exclude_calculated_properties": {"true"}}
	out := w.must("POST", "/v1/entities/search?"+q.Encode(),
		`{"combinator":"and","rules":[{"property":"$identifier","operator":"in","value":["1"]}]}`)
	want := map[string]any{
		"ok": true, "matchingBlueprints": []any{"account", "bucket"}, "failedBlueprints": []any{},
		"entities": []any{
			map[string]any{"identifier": "1", "blueprint": "account"}, map[string]any{"identifier": "1",
				"blueprint": "bucket"},
		},
	}
	if diff := cmp.Diff(want, out); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDatasourceEntities(t *testing.T) {
	w := listen(t, porttest.Options{})
	w.upsert("account", `{"identifier":"1"},{"identifier":"2"}`)
	w.upsert("bucket", `{"identifier":"b"}`)
	for _, agent := range []string{
		theirs, "port-ocean/aws/1.0.0/hub/exporter", "port-ocean/aws-v3/1.0.0/nonhub/exporter",
		"port-ocean/aws-v3/1.0.0/hub/gitops",
	} {
		w.agent = agent
		w.upsert("bucket", `{"identifier":"`+agent+`"}`)
	}
	w.agent = ours
	w.clock = w.clock.Add(time.Second)
	w.upsert("bucket", `{"identifier":"late"}`)

	const path = "/v1/blueprints/entities/datasource-entities"
	const who = `"datasource_prefix":"port-ocean/aws-v3/","datasource_suffix":"/hub/exporter"`
	first := w.must("POST", path, `{`+who+`,"limit":2}`)
	second := w.must("POST", path, `{`+who+`,"limit":2,"from":"`+first["next"].(string)+`"}`)
	if diff := cmp.Diff([]string{"1", "2", "b", "late"}, append(ids(first), ids(second)...)); diff != "" ||
		second["next"] != nil {
		t.Errorf("next %v, (-want +got)\n%s", second["next"], diff)
	}
	out := w.must("POST", path, `{`+who+`,"before":"2026-11-24T22:00:01Z"}`)
	if diff := cmp.Diff([]string{"1", "2", "b"}, ids(out)); diff != "" {
		t.Errorf("before (-want +got)\n%s", diff)
	}
	for _, body := range []string{`{"datasource_prefix":"x"}`, `{` + who + `,"limit":5001}`, `{` + who +
		`,"before":"yesterday"}`} {
		if status, _ := w.do("POST", path, body); status != 422 {
			t.Errorf("%s: %d", body, status)
		}
	}
}
