package mapping_test

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

// A pure path and a constant are evaluated without gojq; a group around them is evaluated by it.
func TestDirectProgramsDoWhatGojqDoes(t *testing.T) {
	resource := object(t, `{"Id": "x", "a": {"b": {"c d": [1, {"e": null}]}, "": 1}, "s": "text",
		"l": [1], "n": 5, "f": false, "z": null}`)
	for _, program := range []string{".", ".a", ".a.b", `.["a"]`, `.a["b"]`, `."a"."b"`, `.a | .b`,
		`(.a).b`, `.a.""`,
		`.a.b["c d"]`, ".none", ".none.x.y", ".s.x", ".l.x", ".n.x", ".f.x", ".z.x", "\"te\\u00e9xt\\n\"",
		"5", "-5", "1.0",
		"1e3", "1e1000", "true", "false", "null", "[]", "{}", `["a", 1, [null]]`, `("a")`,
		"123456789012345678901"} {
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

func TestNowIsTheRunsStart(t *testing.T) {
	m := compile(t, `{"resources": [{"kind": "k", "port": {"entity": {"mappings": {"identifier": "now",
		"blueprint": "'b'",
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
		if body["title"] != "mine" {
			t.Error("a program's own now is not its own:", body["title"])
		}
		if diff := gocmp.Diff(map[string]any{"p": []any{want, want}}, body["properties"]); diff != "" {
			t.Error(diff)
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

func TestALargeIntegerStaysExact(t *testing.T) {
	b := blockOf(t, `, "properties": {"a": "123456789012345678901234567890", "b": ".n * 1000000007"}`)
	got := b.Map(t.Context(), map[string]any{"Id": "x", "n": math.MaxInt}, nil)
	body, _, err := got.Entities[0].Encode()
	const want = `{"a":123456789012345678901234567890,"b":9223372101418380064983430649}`
	if err != nil || !strings.Contains(string(body), want) {
		t.Errorf("%s %v", body, err)
	}
}

func TestNaNAndInfinityOfAResourceAreChangedInTheEntityOnly(t *testing.T) {
	b := blockOf(t, `, "properties": {"p": ".v", "q": ".v | map(.)"}`)
	resource := map[string]any{"Id": "x", "v": []any{math.NaN(), map[string]any{"i": math.Inf(-1)}, 1}}
	got := b.Map(t.Context(), resource, nil)
	list := []any{nil, map[string]any{"i": -math.MaxFloat64}, 1}
	if diff := gocmp.Diff(map[string]any{"p": list, "q": list}, got.Entities[0].Body["properties"]); diff != "" {
		t.Error(diff)
	}
	v := resource["v"].([]any)
	if v[0] == nil || v[1].(map[string]any)["i"] != math.Inf(-1) {
		t.Error("the resource was changed:", v)
	}
}
