package mapping_test

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

const plainMapping = `{"identifier": ".Id", "blueprint": "'b'"}`

func TestABlockReadsWhatItsProgramsMayRead(t *testing.T) {
	for program, want := range map[string]string{ // which of X and Y
		`.Properties.X`:                 "X",
		`.Properties.X.Z`:               "X",
		`.Properties["X"]`:              "X",
		`.["Properties"].X`:             "X",
		`.Properties | .X`:              "X",
		`.Type`:                         "",
		`.__ExtraContext.AccountId`:     "",
		`.X`:                            "",
		`"X"`:                           "",
		`'X'`:                           "",
		`5`:                             "",
		`true`:                          "",
		`null`:                          "",
		`["X"]`:                         "",
		`.`:                             "XY",
		`.Properties`:                   "XY",
		`.Properties.X // 1`:            "X",
		`.Properties.X | not`:           "X",
		`.Properties.X[0]`:              "X",
		`.Properties[("X", "Y")]`:       "XY",
		`"\(.Properties)"`:              "XY",
		`.Properties as $p | .Type`:     "",
		`def f: .Properties.X; f.Y.Z.W`: "XY",

		`.Properties | .X, .Y`:                 "XY",
		`.Properties | has("X")`:               "X",
		`.Properties | select(.X) | .Y`:        "XY",
		`.Properties | keys`:                   "XY",
		`.Properties[]`:                        "XY",
		`.[]`:                                  "XY",
		`..`:                                   "XY",
		`.Properties as $p | $p`:               "XY",
		`. as $i | .Type | $i.Properties.X`:    "X",
		`. as {Properties: $p} | .Type`:        "XY",
		`.Properties as $p | [1] | map($p.Y)`:  "Y",
		`.Properties.X | map(select(.Y == 1))`: "X",
		`first(.Properties.X[]? | select(.Key == "k")) // "Y"`: "X",
		`"\(.Type)/\(.Properties.X)"`:                          "X",
		`{a: .Properties.X, Type}`:                             "X",
		`{Properties}`:                                         "XY",
		`if .Type then .Properties else 1 end`:                 "XY",
		`if .Properties.X then "Y" end`:                        "XY",
		`if .Properties.X then "Y" else "Z" end`:               "X",
		`try .Properties.X catch "Y"`:                          "X",
		`try error(.Properties) catch .`:                       "XY",
		`reduce .Properties.X[] as $x (0; . + $x)`:             "X",
		`reduce .Properties[] as $x (0; . + $x)`:               "XY",
		`[foreach (1, 2) as $x (.Properties; .)]`:              "XY",
		`[limit(1; .Properties | .X)]`:                         "X",
		`.Properties.X |= 1`:                                   "XY",
		`@json "\(.Properties.X)"`:                             "X",
		`@json`:                                                "XY",
		`label $out | .Properties.X`:                           "X",
		`.Properties | .Z.X`:                                   "",
		`getpath(["Properties", "X"])`:                         "XY",
	} {
		for place, more := range map[string]string{
			"selector":   `"identifier": ".Id"`,
			"identifier": `"identifier": %`,
			"title":      `"identifier": ".Id", "title": %`,
			"team":       `"identifier": ".Id", "team": [5, %]`,
			"property":   `"identifier": ".Id", "properties": {"p": {"q": [1, %]}}`,
			"search":     `"identifier": ".Id", "relations": {"r": {"combinator": "'and'", "rules": [{"value": %}]}}`,
			"items":      `"identifier": ".Id"`,
		} {
			port := `{"entity": {"mappings": [` + plainMapping + `, {"blueprint": "'b'", ` + more + `}]}}`
			if place == "items" {
				port = `{"itemsToParse": %,` + port[1:]
			}
			selector := `{}`
			if place == "selector" {
				selector = `{"query": ` + quote(program) + `}`
			}
			b := block(t, selector, strings.ReplaceAll(port, "%", quote(program)))
			got := ""
			for _, key := range []string{"X", "Y"} {
				if b.Reads(key) {
					got += key
				}
			}
			if got != want {
				t.Errorf("%s as %s reads %q, want %q", program, place, got, want)
			}
		}
	}
}

func TestWhatMayReadAnUnreadKeyIsLeftOut(t *testing.T) {
	b := blockOf(t, `, "title": ".Properties.Tags.Name", "icon": "'AWS'",
		"team": [".Type", ".Properties.Tags.team"],
		"properties": {"state": ".Properties.State", "tags": ".Properties.Tags",
			"tagged": ".Properties.Tags != null", "region": ".__ExtraContext.Region", "all": ".",
			"some": {"a": ".Properties.State", "b": ".Properties.Tags"}},
		"relations": {"vpc": ".Properties.VpcId", "owner": ".Properties.Tags.owner", "by": {"combinator": "'and'",
			"rules": [{"property": "'x'", "operator": "'='", "value": ".Properties.Tags.x"}]}}`)
	resource := object(t, `{"Id": "i", "Type": "T", "Properties": {"State": "on", "VpcId": "v"},
		"__ExtraContext": {"Region": "r"}}`)
	got := b.Map(t.Context(), resource, []string{"Tags"})
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	e := got.Entities[0]
	want := object(t, `{"blueprint": "b", "identifier": "i", "icon": "AWS",
		"properties": {"state": "on", "region": "r"}, "relations": {"vpc": "v"}}`)
	if diff := gocmp.Diff(want, plain(t, e)); diff != "" {
		t.Error(diff)
	}
	unread := []string{"properties.all", "properties.some", "properties.tagged", "properties.tags",
		"relations.by", "relations.owner", "team", "title"}
	if diff := gocmp.Diff(unread, e.Unread); diff != "" {
		t.Error(diff)
	}
	whole := b.Map(t.Context(), resource, nil).Entities[0]
	if len(whole.Unread) > 0 || len(whole.Body["properties"].(map[string]any)) != 6 {
		t.Error("left out although all was read:", whole)
	}
}

func TestNothingIsSentWhereTheKeyMayBeUnread(t *testing.T) {
	for path, c := range map[string]struct{ selector, port string }{
		"selector.query": {`{"query": ".Properties.Tags == null"}`,
			`{"entity": {"mappings": {"identifier": ".Id", "blueprint": "'b'"}}}`},
		"port.entity.mappings.identifier": {`{}`,
			`{"entity": {"mappings": {"identifier": ".Properties.Tags.Name", "blueprint": "'b'"}}}`},
		"port.entity.mappings.blueprint": {`{}`,
			`{"entity": {"mappings": {"identifier": ".Id", "blueprint":
				"if .Properties.Tags then 'a' else 'b' end"}}}`},
		"port.itemsToParse": {`{}`, `{"itemsToParse": ".Properties.Tags // []",
			"entity": {"mappings": {"identifier": ".Id", "blueprint": "'b'"}}}`},
	} {
		resource := object(t, `{"Id": "i", "Properties": {"State": "on"}}`)
		got := block(t, c.selector, c.port).Map(t.Context(), resource, []string{"Other", "Tags"})
		if got.Err == nil || !got.Err.Unread || got.Err.Path != "resources[0]."+path || len(got.Entities) > 0 {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestAnItemsOwnFieldsAreReadWhereTheListIs(t *testing.T) {
	b := block(t, `{}`, `{"itemsToParse": ".Properties.Disks", "entity": {"mappings": {"identifier":
		".item.id",
		"blueprint": "'b'", "properties": {"size": ".item.size", "tags": ".Properties.Tags"}}}}`)
	got := b.Map(t.Context(), object(t, `{"Properties": {"Disks": [{"id": "1", "size": 5}]}}`),
		[]string{"Tags"})
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	if diff := gocmp.Diff(map[string]any{"size": 5.0}, got.Entities[0].Body["properties"]); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff([]string{"properties.tags"}, got.Entities[0].Unread); diff != "" {
		t.Error(diff)
	}
}
