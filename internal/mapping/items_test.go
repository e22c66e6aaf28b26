package mapping_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestItemsToParse(t *testing.T) {
	const resource = `{"Id": "x", "Properties": {"A": {"B": [{"k": "1"}, {"k": "2"}], "C": 5},
		"M": {"k": "v"}}}`
	const gone, kept = `{"Id": "x", "Properties": {"A": {"C": 5}, "M": {"k": "v"}}}`, resource
	for _, c := range []struct {
		program, more string
		want          string // the rest of every item
		items         int
		reason        string
	}{
		{".Properties.A.B", "", gone, 2, ""},
		{".Properties | .A.B", "", gone, 2, ""},
		{".Properties.A.B // []", "", gone, 2, ""},
		{"(.Properties.A.B // [])", "", gone, 2, ""},
		{".Properties.A.B // []", `, "itemsToParseTopLevelTransform": false`, kept, 2, ""},
		{".Properties.None // []", "", kept, 0, ""},
		{".Properties.A.B // .Properties.M", "", kept, 2, ""},
		{".Properties.M | to_entries", "", kept, 1, ""},
		{"[.Properties.A.B[] | select(.k == '2')]", "", kept, 1, ""},
		{"[.Properties.A.B[], .Properties.A.B[]]", "", kept, 4, ""},
		{"if .Properties.M then .Properties.A.B else [] end", "", kept, 2, ""},
		{". as $r | $r.Properties.A.B", "", kept, 2, ""},
		{".Properties.None", "", "", 0, "null, not an array; `// []` after it says that it may be missing"},
		{".Properties.M", "", "", 0, "an object, not an array"},
		{".Properties.A.B[]", "", "", 0, "an object, not an array"},
		{".Id[]", "", "", 0, "cannot iterate over: string"},
	} {
		name := c.program + c.more
		b := block(t, `{}`, `{"itemsToParse": `+quote(c.program)+c.more+`, "entity": {"mappings": {
			"identifier": ".item | tojson", "blueprint": "'b'", "properties": {"rest": "del(.item)"}}}}`)
		got := b.Map(t.Context(), object(t, resource), nil)
		if got.Err != nil {
			if got.Err.Reason != c.reason || got.Err.Path != "resources[0].port.itemsToParse" {
				t.Errorf("%s: %v", name, got.Err)
			}
			continue
		}
		if len(got.Entities) != c.items || c.reason != "" {
			t.Errorf("%s: %d items", name, len(got.Entities))
		}
		for _, e := range got.Entities {
			rest := e.Body["properties"].(map[string]any)["rest"]
			if diff := gocmp.Diff(any(object(t, c.want)), rest); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

func TestOneBadItemLeavesTheGoodOnes(t *testing.T) {
	b := block(t, `{"query": ".it.take"}`, `{"itemsToParse": ".list", "itemsToParseName": "it",
		"entity": {"mappings": [
		{"identifier": ".it.id", "blueprint": "'b'"}, {"identifier": ".it.id", "blueprint": "'c'"}]}}`)
	got := b.Map(t.Context(), object(t, `{"list": [{"id": "1", "take": true}, {"take": true}, {"id": "3",
		"take": false},
		{"id": "4", "take": 4}, {"id": "5", "take": true}]}`), nil)
	var keys []string
	for _, e := range got.Entities {
		keys = append(keys, e.Blueprint+e.Identifier)
	}
	if diff := gocmp.Diff([]string{"b1", "c1", "b5", "c5"}, keys); diff != "" {
		t.Error(diff)
	}
	if got.Err == nil || got.Err.Reason != "null" ||
		got.Err.Path != "resources[0].port.entity.mappings[0].identifier" {
		t.Error(got.Err)
	}
}
