package mapping_test

import (
	"encoding/json"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// block compiles one with this selector and port.
func block(t testing.TB, selector, port string) *mapping.Block {
	t.Helper()
	return compile(t, `{"resources": [{"kind": "k", "selector": `+selector+`, "port": `+port+`}]}`).Blocks[0]
}

// blockOf compiles one that has these mappings besides identifier and blueprint.
func blockOf(t testing.TB, more string) *mapping.Block {
	t.Helper()
	return block(t, `{}`, `{"entity": {"mappings": {"identifier": ".Id", "blueprint": "\"b\""`+more+`}}}`)
}

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func quote(program string) string {
	text, _ := json.Marshal(program)
	return string(text)
}

func TestASelectorMustSayTrueOrFalse(t *testing.T) {
	const port = `{"entity": {"mappings": {"identifier": ".Id", "blueprint": "\"b\""}}}`
	const resource = `{"Id": "x", "yes": true, "no": false, "one": 1, "list": ["a"]}`
	for _, c := range []struct {
		query, want string // want: "in", "out" or the error's reason
	}{
		{`"true"`, "in"},
		{`"false"`, "out"},
		{`true`, "in"},
		{`false`, "out"},
		{`null`, "in"},
		{`".Id == 'x'"`, "in"},
		{`".yes, .no"`, "in"},
		{`".no, error"`, "out"},
		{`".none"`, "null, not true or false"},
		{`".one"`, "a number, not true or false"},
		{`1`, "a number, not true or false"},
		{`"\"true\""`, "a string, not true or false"},
		{`"empty"`, "the program has no output"},
		{`".Id | error(\"no owner\")"`, "no owner"},
		{`".Id | error"`, "the program raised an error of its own"},
		{`".Id.x"`, "a string cannot be indexed with a string"},
		{`".Id + 1 == 2"`, "cannot add: string and number"},
		{`".Id | startswith(1)"`, "startswith cannot be applied to: string"},
		{`".list | join(\".\") | tonumber == 1"`, "tonumber cannot be applied to this value"},
	} {
		b := block(t, `{"query": `+c.query+`}`, port)
		got := b.Map(t.Context(), object(t, resource), nil)
		switch {
		case got.Err != nil:
			if got.Err.Reason != c.want || got.Err.Path != "resources[0].selector.query" || len(got.Entities) > 0 {
				t.Errorf("%s: %v, want %s", c.query, got.Err, c.want)
			}
		case len(got.Entities) == 1 && c.want != "in", len(got.Entities) == 0 && c.want != "out":
			t.Errorf("%s: %d entities, want %s", c.query, len(got.Entities), c.want)
		}
	}
	missing := block(t, `null`, port)
	if got := missing.Map(t.Context(), object(t, `{"Id": "x"}`), nil); len(got.Entities) != 1 {
		t.Error("a missing selector does not select:", got.Err)
	}
}

func TestAnEntityNeedsANameAndABlueprint(t *testing.T) {
	for _, c := range []struct{ identifier, want, reason string }{
		{`.Id`, "x", ""},
		{`123`, "123", ""},
		{`12.50`, "12.5", ""},
		{`1e15`, "1000000000000000", ""},
		{`9007199254740993 + 0`, "9007199254740993", ""},
		{`123456789012345678901234567890`, "123456789012345678901234567890", ""},
		{`.none`, "", "null"},
		{`""`, "", "an empty string"},
		{`0`, "", "0, which is no name"},
		{`0 - 0.0`, "", "0, which is no name"},
		{`[]`, "", "an array, not a string"},
		{`{}`, "", "an object, not a string"},
		{`true`, "", "a boolean, not a string"},
		{`nan`, "", "null"},
		{`.Id.x`, "", "a string cannot be indexed with a string"},
	} {
		b := block(t, `{}`, `{"entity": {"mappings": {"identifier": `+quote(c.identifier)+`,
			"blueprint": ".Blue"}}}`)
		got := b.Map(t.Context(), object(t, `{"Id": "x", "Blue": "b"}`), nil)
		if got.Err != nil {
			if got.Err.Reason != c.reason || got.Err.Path != "resources[0].port.entity.mappings.identifier" {
				t.Errorf("%s: %v", c.identifier, got.Err)
			}
		} else if e := got.Entities[0]; e.Identifier != c.want || e.Body["identifier"] != c.want {
			t.Errorf("%s: %q", c.identifier, e.Identifier)
		}
		for _, blue := range []string{`null`, `""`, `7`, `"two words"`, `".."`, `"a=b"`} {
			got := b.Map(t.Context(), object(t, `{"Id": "x", "Blue": `+blue+`}`), nil)
			if got.Err == nil || got.Err.Path != "resources[0].port.entity.mappings.blueprint" {
				t.Errorf("blueprint %s: %v", blue, got)
			}
		}
	}
}

func TestABodyHasWhatTheMappingHas(t *testing.T) {
	const resource = `{"Id": "x", "n": 7, "s": "text", "e": "", "list": ["x", "y"], "o": {"k": null},
		"Properties": {}}`
	for _, c := range []struct{ name, more, want string }{
		{"nothing more", ``, ``},
		{"a null in the config is no key", `, "title": null, "icon": null, "team": null,
			"properties": {"p": null}, "relations": null`, `, "properties": {}`},
		{"a null value is a key", `, "title": ".none", "icon": ".none", "team": ".none",
			"properties": {"p": ".none"}, "relations": {"r": ".none"}`, `, "title": null, "icon": null,
			"team": null, "properties": {"p": null}, "relations": {"r": null}`},
		{"an error or no output is null", `, "properties": {"a": ".s.x", "b": "empty",
			"c": ".Id | error", "d": "1/0"}`, `, "properties": {"a": null, "b": null, "c": null, "d": null}`},
		{"the first output counts", `, "title": ".s, .e"`, `, "title": "text"`},
		{"a number is a title", `, "title": ".n"`, `, "title": "7"`},
		{"a team is passed on", `, "team": ".list"`, `, "team": ["x", "y"]`},
		{"a list of programs is a team", `, "team": [".s", "'z'"]`, `, "team": ["text", "z"]`},
		{"a list of programs is a relation, of what is there", `, "relations":
			{"r": [".s", ".none", ".n", ".e"]}`, `, "relations": {"r": ["text", "7"]}`},
		{"no target is null", `, "relations": {"r": ".e"}`, `, "relations": {"r": null}`},
		{"a target that Port cannot take is encoded like the identifier it refers to",
			`, "relations": {"r": "'Sandbox #4 (EU)'", "q": ".list"}`,
			`, "relations": {"r": "Sandbox_4_EU_4e3d98a6", "q": ["x", "y"]}`},
		{"a property may be an object and a list", `, "properties":
			{"p": {"a": ".s", "b": [".n", {"c": true}], "d": null}}`,
			`, "properties": {"p": {"a": "text", "b": [7, {"c": true}]}}`},
		{"scalars of the config are programs", `, "properties": {"t": true, "f": false, "n": 5, "m": -1.5}`,
			`, "properties": {"t": true, "f": false, "n": 5, "m": -1.5}`},
		{"null is neutral in an addition", `, "title": "\"arn:\" + null + \":x\""`, `, "title": "arn::x"`},
		{"NaN is null, and infinity the largest number", `, "properties": {"p": "[nan, {a: infinite}, -infinite, 1]",
			"q": "nan"}`, `, "properties": {"p": [null, {"a": 1.7976931348623157e308}, -1.7976931348623157e308, 1],
			"q": null}`},
		{"a team may be a search", `, "team": {"combinator": "'and'", "rules": [{"property": "'$title'",
			"operator": "'='", "value": ".s"}]}`, `, "team": {"combinator": "and", "rules": [{"property": "$title",
			"operator": "=", "value": "text"}]}`},
		{"targets of a search stay as they are", `, "relations": {"r": {"combinator": "'and'", "rules": [
			{"property": "'a b'", "operator": "'='", "value": "'#'"}]}}`,
			`, "relations": {"r": {"combinator": "and", "rules": [
				{"property": "a b", "operator": "=", "value": "#"}]}}`},
		{"a Go template is text", `, "title": "'{{ .x }}'"`, `, "title": "{{ .x }}"`},
	} {
		got := blockOf(t, c.more).Map(t.Context(), object(t, resource), nil)
		if got.Err != nil {
			t.Errorf("%s: %v", c.name, got.Err)
			continue
		}
		want := object(t, `{"identifier": "x", "blueprint": "b"`+c.want+`}`)
		if diff := gocmp.Diff(want, plain(t, got.Entities[0])); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestATitleOrIconThatIsNoTextFailsItsEntity(t *testing.T) {
	for key, programs := range map[string][]string{
		"title": {`[]`, `{a: 1}`, `true`},
		"icon":  {`5`, `{}`, `[.Id]`},
	} {
		for _, program := range programs {
			got := blockOf(t, `, "`+key+`": `+quote(program)).Map(t.Context(), object(t, `{"Id": "x"}`), nil)
			if got.Err == nil || !strings.HasSuffix(got.Err.Path, "mappings."+key) || len(got.Entities) > 0 {
				t.Errorf("%s %s: %v", key, program, got)
			}
		}
	}
}

func TestASearchIdentifierGoesToPortAsItIs(t *testing.T) {
	b := block(t, `{}`, `{"entity": {"mappings": {"blueprint": "'b'", "identifier": {"combinator": "'and'",
		"rules": [{"property": "'arn'", "operator": "'='", "value": ".Arn"}]}}}}`)
	got := b.Map(t.Context(), object(t, `{"Arn": "a&b"}`), nil)
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	e := got.Entities[0]
	want := `{"combinator":"and","rules":[{"operator":"=","property":"arn","value":"a&b"}]}`
	if !e.Search || e.Identifier != want {
		t.Error(e.Search, e.Identifier)
	}
	if got := b.Map(t.Context(), object(t, `{"Arn": "a"}`), []string{"Arn"}); got.Err != nil {
		t.Error("a key outside of Properties is always read:", got.Err)
	}
}

func TestAFailedLeafOfAPropertyIsNoted(t *testing.T) {
	b := blockOf(t, `, "properties": {"p": {"a": ".Id.x", "b": ".Id", "c": [".Id | keys"]}}`)
	got := b.Map(t.Context(), object(t, `{"Id": "x"}`), nil).Entities[0]
	const reason = "a string cannot be indexed with a string"
	want := []mapping.Note{{Path: "properties.p", Program: ".Id.x", Reason: reason}}
	if diff := gocmp.Diff(want, got.Notes); diff != "" {
		t.Error(diff)
	}
	value := map[string]any{"p": map[string]any{"a": nil, "b": "x", "c": []any{nil}}}
	if diff := gocmp.Diff(value, got.Body["properties"]); diff != "" {
		t.Error(diff)
	}
}

func TestIdentifiersAreEncodedUnlessTheConfigSaysOtherwise(t *testing.T) {
	const config = `{%"resources": [{"kind": "k", "port": {"entity": {"mappings": {"identifier": ".Id",
		"blueprint": "'b'", "relations": {"r": ".To"}}}}}]}`
	on := compile(t, strings.Replace(config, "%", "", 1)).Blocks[0]
	off := compile(t, strings.Replace(config, "%", `"encodeIdentifiers": false, `, 1)).Blocks[0]
	for _, c := range []struct{ resource, id, refused string }{
		{`{"Id": "legal", "To": "legal"}`, "legal", ""},
		{`{"Id": "a b", "To": null}`, "a_b_c8687a08", "identifier"},
		{`{"Id": "legal", "To": ["ok", "a b"]}`, "legal", "relations.r"},
	} {
		if got := on.Map(t.Context(), object(t, c.resource), nil); got.Err != nil || got.Entities[0].Identifier != c.id {
			t.Errorf("%s: %v", c.resource, got)
		}
		got := off.Map(t.Context(), object(t, c.resource), nil)
		if c.refused == "" && got.Err != nil ||
			c.refused != "" && (got.Err == nil || !strings.HasSuffix(got.Err.Path, c.refused) || len(got.Entities) > 0) {
			t.Errorf("%s, not encoded: %v", c.resource, got)
		}
	}
}
