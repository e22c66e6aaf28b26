package mapping_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

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
		got := b.Map(t.Context(), object(t, `{"Id": "x", "yes": true, "no": false, "one": 1, "list": ["a"]}`), nil)
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
		b := block(t, `{}`, `{"entity": {"mappings": {"identifier": `+quote(c.identifier)+`, "blueprint": ".Blue"}}}`)
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
	const resource = `{"Id": "x", "n": 7, "s": "text", "e": "", "list": ["x", "y"], "o": {"k": null}, "Properties": {}}`
	for _, c := range []struct{ name, more, want string }{
		{"nothing more", ``, ``},
		{"a null in the config is no key", `, "title": null, "icon": null, "team": null,
			"properties": {"p": null}, "relations": null`, `, "properties": {}`},
		{"a null value is a key", `, "title": ".none", "icon": ".none", "team": ".none", "properties": {"p": ".none"},
			"relations": {"r": ".none"}`, `, "title": null, "icon": null, "team": null, "properties": {"p": null},
			"relations": {"r": null}`},
		{"an error or no output is null", `, "properties": {"a": ".s.x", "b": "empty", "c": ".Id | error", "d": "1/0"}`,
			`, "properties": {"a": null, "b": null, "c": null, "d": null}`},
		{"the first output counts", `, "title": ".s, .e"`, `, "title": "text"`},
		{"a number is a title", `, "title": ".n"`, `, "title": "7"`},
		{"a team is passed on", `, "team": ".list"`, `, "team": ["x", "y"]`},
		{"a list of programs is a team", `, "team": [".s", "'z'"]`, `, "team": ["text", "z"]`},
		{"a list of programs is a relation, of what is there", `, "relations": {"r": [".s", ".none", ".n", ".e"]}`,
			`, "relations": {"r": ["text", "7"]}`},
		{"no target is null", `, "relations": {"r": ".e"}`, `, "relations": {"r": null}`},
		{"a target that Port cannot take is encoded like the identifier it refers to",
			`, "relations": {"r": "'Sandbox #4 (EU)'", "q": ".list"}`,
			`, "relations": {"r": "Sandbox_4_EU_4e3d98a6", "q": ["x", "y"]}`},
		{"a property may be an object and a list", `, "properties": {"p": {"a": ".s", "b": [".n", {"c": true}], "d": null}}`,
			`, "properties": {"p": {"a": "text", "b": [7, {"c": true}]}}`},
		{"scalars of the config are programs", `, "properties": {"t": true, "f": false, "n": 5, "m": -1.5}`,
			`, "properties": {"t": true, "f": false, "n": 5, "m": -1.5}`},
		{"null is neutral in an addition", `, "title": "\"arn:\" + null + \":x\""`, `, "title": "arn::x"`},
		{"NaN and infinities are null", `, "properties": {"p": "[nan, {a: infinite}, -infinite, 1]", "q": "nan"}`,
			`, "properties": {"p": [null, {"a": null}, null, 1], "q": null}`},
		{"a team may be a search", `, "team": {"combinator": "'and'", "rules": [{"property": "'$title'",
			"operator": "'='", "value": ".s"}]}`, `, "team": {"combinator": "and", "rules": [{"property": "$title",
			"operator": "=", "value": "text"}]}`},
		{"targets of a search stay as they are", `, "relations": {"r": {"combinator": "'and'", "rules": [{"property":
			"'a b'", "operator": "'='", "value": "'#'"}]}}`, `, "relations": {"r": {"combinator": "and", "rules":
			[{"property": "a b", "operator": "=", "value": "#"}]}}`},
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
	for key, programs := range map[string][]string{"title": {`[]`, `{a: 1}`, `true`}, "icon": {`5`, `{}`, `[.Id]`}} {
		for _, program := range programs {
			got := blockOf(t, `, "`+key+`": `+quote(program)).Map(t.Context(), object(t, `{"Id": "x"}`), nil)
			if got.Err == nil || !strings.HasSuffix(got.Err.Path, "mappings."+key) || len(got.Entities) > 0 {
				t.Errorf("%s %s: %v", key, program, got)
			}
		}
	}
}

func TestALargeIntegerStaysExact(t *testing.T) {
	b := blockOf(t, `, "properties": {"a": "123456789012345678901234567890", "b": ".n * 1000000007"}`)
	got := b.Map(t.Context(), map[string]any{"Id": "x", "n": math.MaxInt}, nil)
	body, _, err := got.Entities[0].Encode()
	const want = `{"a":123456789012345678901234567890,"b":9223372101418380064983430649}`
	if err != nil || !strings.Contains(string(body), want) {
		t.Errorf("%s %v", body, err)
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

func TestItemsToParse(t *testing.T) {
	const resource = `{"Id": "x", "Properties": {"A": {"B": [{"k": "1"}, {"k": "2"}], "C": 5}, "M": {"k": "v"}}}`
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
	b := block(t, `{"query": ".it.take"}`, `{"itemsToParse": ".list", "itemsToParseName": "it", "entity": {"mappings": [
		{"identifier": ".it.id", "blueprint": "'b'"}, {"identifier": ".it.id", "blueprint": "'c'"}]}}`)
	got := b.Map(t.Context(), object(t, `{"list": [{"id": "1", "take": true}, {"take": true}, {"id": "3", "take": false},
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

// A pure path and a constant are evaluated without gojq; a group around them is evaluated by it.
func TestDirectProgramsDoWhatGojqDoes(t *testing.T) {
	resource := object(t, `{"Id": "x", "a": {"b": {"c d": [1, {"e": null}]}, "": 1}, "s": "text", "l": [1], "n": 5,
		"f": false, "z": null}`)
	for _, program := range []string{".", ".a", ".a.b", `.["a"]`, `.a["b"]`, `."a"."b"`, `.a | .b`, `(.a).b`, `.a.""`,
		`.a.b["c d"]`, ".none", ".none.x.y", ".s.x", ".l.x", ".n.x", ".f.x", ".z.x", "\"te\\u00e9xt\\n\"", "5", "-5", "1.0",
		"1e3", "1e1000", "true", "false", "null", "[]", "{}", `["a", 1, [null]]`, `("a")`, "123456789012345678901"} {
		b := blockOf(t, `, "properties": {"direct": `+quote(program)+`, "gojq": `+quote("first("+program+")")+`}`)
		got := b.Map(t.Context(), resource, nil)
		if got.Err != nil {
			t.Errorf("%s: %v", program, got.Err)
			continue
		}
		p := plain(t, got.Entities[0])["properties"].(map[string]any)
		if diff := gocmp.Diff(p["gojq"], p["direct"]); diff != "" {
			t.Errorf("%s (-gojq +direct):\n%s", program, diff)
		}
	}
}

func TestSingleQuotedStrings(t *testing.T) {
	resource := object(t, `{"Id": "x", "x": "Bug", "name": "edge-1", "o": {"k": "v"}}`)
	for program, want := range map[string]any{
		`.x == 'Bug'`:                            true,
		`'a' + .x`:                               "aBug",
		`.name | startswith('edge-')`:            true,
		`.name | test('^edge')`:                  true,
		`"dogs' bones"`:                          "dogs' bones",
		`.x == 'Bug' and "dogs' bones" != 'x'`:   true,
		`'say "hi"'`:                             `say "hi"`,
		`'it\'s'`:                                "it's",
		`'a\tb'`:                                 "a\tb",
		`'<\(.x)>'`:                              "<Bug>",
		`'<\(.o['k'] + (.x))>'`:                  "<vBug>",
		`"<\('a' + .x)>"`:                        "<aBug>",
		`.o['k'] # don't`:                        "v",
		"# don't\n.o['k']":                       "v",
		`"it's" as $s | $s # no single 'string'`: "it's",
		`''`:                                     "",
	} {
		got := blockOf(t, `, "properties": {"p": `+quote(program)+`}`).Map(t.Context(), resource, nil)
		if got.Err != nil {
			t.Errorf("%s: %v", program, got.Err)
		} else if p := got.Entities[0].Body["properties"].(map[string]any)["p"]; p != want {
			t.Errorf("%s: %#v, want %#v", program, p, want)
		}
	}
}

func TestMapLeavesTheResourceAsItIs(t *testing.T) {
	const text = `{"Id": "x", "Properties": {"L": [{"k": "1"}, {"k": "2"}], "T": {"a": [3, 1, 2]}}}`
	b := block(t, `{"query": ".Properties.T.a |= sort | true"}`, `{"itemsToParse": ".Properties.L", "entity": {"mappings": {
		"identifier": ".item.k", "blueprint": "'b'", "title": ".Properties.T.a[0] = 9 | del(.Properties) | .Id",
		"properties": {"t": ".Properties.T", "u": ".Properties.T | .a += [4]", "w": "[.. | numbers] | map(. + 1)"}}}}`)
	resource := object(t, text)
	first := b.Map(t.Context(), resource, nil)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if got := b.Map(t.Context(), resource, nil); !reflect.DeepEqual(first, got) {
					t.Error("differs when concurrent")
				}
			}
		})
	}
	wait.Wait()
	if diff := gocmp.Diff(object(t, text), resource); diff != "" || len(first.Entities) != 2 {
		t.Error(first.Err, diff)
	}
}

func TestAProgramThatDoesNotEndIsStopped(t *testing.T) {
	b := blockOf(t, `, "properties": {"p": "if .loop then def f: f; f else 1 end"}`)
	spin, calm := object(t, `{"Id": "x", "loop": true}`), object(t, `{"Id": "x"}`)
	start := time.Now()
	for range 3 {
		if got := b.Map(t.Context(), spin, nil); got.Err == nil || got.Err.Reason != "the program ran longer than 1s" {
			t.Fatal(got)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Error("three evaluations took", took)
	}
	got := b.Map(t.Context(), calm, nil)
	if got.Err == nil || !strings.Contains(got.Err.Reason, "not tried any more") {
		t.Error("a program that timed out three times goes on:", got)
	}
	if len(got.Entities) > 0 {
		t.Error("an entity without what the program would have said")
	}
}

func TestTheCallersEndIsNotTheProgramsFault(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("run is over")
	cancel(over)
	b := blockOf(t, `, "title": ".Id + \"\""`)
	for range 5 {
		if got := b.Map(ctx, object(t, `{"Id": "x"}`), nil); got.Err == nil || !errors.Is(got.Err, over) {
			t.Fatal(got)
		}
	}
	if got := b.Map(t.Context(), object(t, `{"Id": "x"}`), nil); got.Err != nil {
		t.Error(got.Err)
	}
}

func TestAResultIsBoundedInSizeAndDepth(t *testing.T) {
	for program, reason := range map[string]string{
		`"x" * 2000000`:                                "the result is larger than 1048576 bytes",
		`[range(200000)]`:                              "the result is larger than 1048576 bytes",
		`reduce range(1000) as $i (null; [.])`:         "the result is nested too deep",
		`reduce range(1000) as $i (null; {a: .})`:      "the result is nested too deep",
		`[range(300) | {key: ("k" * 9999), value: .}]`: "the result is larger than 1048576 bytes",
	} {
		got := blockOf(t, `, "properties": {"p": `+quote(program)+`}`).Map(t.Context(), object(t, `{"Id": "x"}`), nil)
		if got.Err == nil || got.Err.Reason != reason || len(got.Entities) > 0 {
			t.Errorf("%s: %v", program, got.Err)
		}
	}
}

func TestNowIsTheRunsStart(t *testing.T) {
	m := compile(t, `{"resources": [{"kind": "k", "port": {"entity": {"mappings": {"identifier": "now", "blueprint": "'b'",
		"title": "def now: 'mine'; now", "properties": {"p": "[now, (1 | now)]"}}}}}]}`)
	if len(m.Warnings) != 3 {
		t.Error(m.Warnings)
	}
	for _, at := range []time.Time{time.Unix(1741910400, 500e6), time.Unix(7, 0)} {
		got := m.At(at).Blocks[0].Map(t.Context(), map[string]any{}, nil)
		if got.Err != nil {
			t.Fatal(got.Err)
		}
		want := float64(at.UnixMilli()) / 1000
		body := got.Entities[0].Body
		if id := fmt.Sprint(body["identifier"]); id != strings.TrimSuffix(fmt.Sprintf("%.1f", want), ".0") {
			t.Error(id)
		}
		if diff := gocmp.Diff(map[string]any{"p": []any{want, want}}, body["properties"]); diff != "" || body["title"] != "mine" {
			t.Error(body["title"], diff)
		}
	}
}

func TestProgramsHaveNoEnvironment(t *testing.T) {
	t.Setenv("PORT_CLIENT_SECRET", "hidden")
	b := blockOf(t, `, "properties": {"a": "$ENV", "b": "env", "c": "$ENV.PORT_CLIENT_SECRET"}`)
	got := b.Map(t.Context(), object(t, `{"Id": "x"}`), nil).Entities[0].Body["properties"].(map[string]any)
	want := map[string]any{"a": map[string]any{}, "b": map[string]any{}, "c": nil}
	if diff := gocmp.Diff(want, maps.Clone(got)); diff != "" {
		t.Error(diff)
	}
}
