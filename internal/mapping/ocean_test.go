package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

const both = `"selector":{"query":"true"},"port":{"entity":{"mappings":{"identifier":".id","blueprint":"\"b\""}}}`

func TestAConfigThatOceanTakesStaysAsItIs(t *testing.T) {
	config := `{"resources": [{"kind":"K",` + both + `}]}`
	got, changes, err := mapping.ForOcean([]byte(config), []string{"K"})
	if err != nil || len(changes) > 0 || string(got) != config {
		t.Errorf("%s, %q, %v", got, changes, err)
	}
}

// TestOceanIsGivenOnlyWhatItKnows: one thing that it does not know costs it the whole config.
func TestOceanIsGivenOnlyWhatItKnows(t *testing.T) {
	config := `{"entityDeletionThreshold":0.5,"resources":[
		{"kind":"PortAwsSync::Account",` + both + `},
		{"kind":"K","selector":{"query":true,"includeActions":["A","B","C","D"],"regionPolicy":{"deny":["x"]}},
		 "port":{"itemsToParse":".list","entity":{"mappings":[
			{"identifier":".id","blueprint":"\"b\"","title":null,"team":[".a",".b"],"properties":{"n":7,"o":{"x":".x","y":[".y"]},"s":".s"},
			 "relations":{"r":[".a"],"q":{"combinator":"\"and\"","rules":[]}}},
			{"identifier":".id","blueprint":"\"c\""}]}}},
		{"kind":"K","port":{"entity":{"mappings":{"identifier":".id","blueprint":"\"b\""}}}}]}`
	got, changes, err := mapping.ForOcean([]byte(config), []string{"K"})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"entityDeletionThreshold":0.5,"resources":[
		{"kind":"K","selector":{"query":"true","includeActions":["A","B","C"],"regionPolicy":{"deny":["x"]}},
		 "port":{"itemsToParse":".list","entity":{"mappings":
			{"identifier":".id","blueprint":"\"b\"","team":"[([.a] | first), ([.b] | first)]",
			 "properties":{"n":"7","o":"{\"x\": ([.x] | first), \"y\": [([.y] | first)]}","s":".s"},
			 "relations":{"r":"[([.a] | first)]","q":{"combinator":"\"and\"","rules":[]}}}}}},
		{"kind":"K","selector":{"query":"true","includeActions":["A","B","C"],"regionPolicy":{"deny":["x"]}},
		 "port":{"itemsToParse":".list","entity":{"mappings":{"identifier":".id","blueprint":"\"c\""}}}},
		{"kind":"K",` + both + `}]}`
	var a, b any
	if json.Unmarshal(got, &a) != nil || json.Unmarshal([]byte(want), &b) != nil {
		t.Fatalf("no JSON: %s", got)
	}
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, words := range []string{
		"resources[0] goes: Ocean knows no kind PortAwsSync::Account", "resources[1].selector.query", "includeActions: only the first 3, of 4",
		"a block for each of its 2 mappings", "mappings.title goes", "mappings.team", "properties.n", "properties.o", "relations.r", "resources[2].selector.query",
	} {
		if !strings.Contains(strings.Join(changes, "\n"), words) {
			t.Errorf("%q does not say %q", changes, words)
		}
	}
	if again, changes, err := mapping.ForOcean(got, []string{"K"}); err != nil || len(changes) > 0 || string(again) != string(got) {
		t.Errorf("a second time: %q, %v", changes, err)
	}
}

// TestWhatOceanIsGivenGivesTheSame maps a resource with both.
func TestWhatOceanIsGivenGivesTheSame(t *testing.T) {
	config := `{"resources":[{"kind":"K","selector":{"query":"true"},"port":{"entity":{"mappings":{
		"identifier":".id","blueprint":"\"b\"","team":[".t"],"properties":{"o":{"x":".x","none":".no","list":[".a[]"]},"n":1}}}}}]}`
	given, _, err := mapping.ForOcean([]byte(config), []string{"K"})
	if err != nil {
		t.Fatal(err)
	}
	resource := map[string]any{"id": "1", "x": 2.5, "t": "core", "a": []any{"p", "q"}}
	var bodies []map[string]any
	for _, c := range []string{config, string(given)} {
		out := compile(t, c).Blocks[0].Map(t.Context(), resource, nil)
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		bodies = append(bodies, out.Entities[0].Body)
	}
	if diff := cmp.Diff(bodies[0], bodies[1]); diff != "" {
		t.Errorf("(-ours +Ocean's):\n%s", diff)
	}
}
