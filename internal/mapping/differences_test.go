package mapping_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// What docs/mapping.md lists as different from jq. If one of these changes, so must the list.
func TestWhatDiffersFromJqIsWhatTheDocumentSays(t *testing.T) {
	t.Setenv("PORT_CLIENT_SECRET", "s3cret")
	for _, c := range []struct{ program, here, jq string }{
		{`.o | keys_unsorted`, `["a","b"]`, `["b","a"]`},
		{`.o | to_entries | map(.key) | join(",")`, `"a,b"`, `"b,a"`},
		{`.o | tojson`, `"{\"a\":2,\"b\":1}"`, `"{\"b\":1,\"a\":2}"`},
		{`env | length`, `0`, `not 0`},
		{`$ENV.PORT_CLIENT_SECRET`, `null`, `the secret`},
		{`9007199254740993`, `9007199254740993`, `9007199254740992`},
		{`1.0 | tostring`, `"1"`, `"1.0"`},
		{`1e17 | tostring`, `"100000000000000000"`, `"1E+17"`},
		{`try (1 | keys) catch .`, `"keys cannot be applied to: number (1)"`, `"number (1) has no keys"`},
		{`"straße" | test("STRASSE"; "i")`, `false`, `true`},
		{`.none?//1`, `1`, `an error`},
		{`5 | todate | sub("^1970"; "0970") | strptime("%Y-%m-%dT%H:%M:%SZ") | todate`, `"0970-01-01T00:00:05Z"`,
			`"970-01-01T00:00:05Z"`},
		{`-0.7 | todate`, `"1969-12-31T23:59:59Z"`, `"1970-01-01T00:00:00Z"`},
		{`0 | reverse`, `null`, `[]`},
		{`[3, 1, 2] | bsearch(1)`, `-1`, `1`},
		{`nan`, `null`, `null`},
		{`[infinite, -infinite]`, `[1.7976931348623157e+308,-1.7976931348623157e+308]`, `the same`},
	} {
		got := blockOf(t, `, "properties": {"p": `+quote(c.program)+`}`).
			Map(t.Context(), object(t, `{"Id": "x", "o": {"b": 1, "a": 2}}`), nil)
		if got.Err != nil {
			t.Errorf("%s: %v", c.program, got.Err)
			continue
		}
		body, _, err := got.Entities[0].Encode()
		if want := `"properties":{"p":` + c.here + `}`; err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, want %s (%v)", c.program, body, want, err)
		}
	}
	for _, program := range []string{`input`, `[inputs]`, `"a" | test("a\\Kb")`, `"a" | test("(?<x>a)\\g<x>")`,
		`"a" | test("(?~a)")`, `"a" | test("a"; "l")`, `{@base64 "x": 1}`} {
		_, err := mapping.Compile([]byte(`{"resources": [{"kind": "k", "port": {"entity": {"mappings": {
			"identifier": "'i'", "blueprint": "'b'", "properties": {"p": ` + quote(program) + `}}}}}]}`))
		if err == nil {
			t.Errorf("%s is not refused", program)
		}
	}
}

// What jq 1.8 answers, where its interpreter here would answer otherwise by itself.
func TestTheDialectIsJqs(t *testing.T) {
	for program, want := range map[string]string{
		`"abc"[0]`:                           `null`,
		`"abc"[0]? // "none"`:                `"none"`,
		`"abc" | first`:                      `null`,
		`"abc" | getpath([0])`:               `null`,
		`"abc"[1:]`:                          `"bc"`,
		`.Id.x[0]? // "none"`:                `null`,
		`.l[.n]`:                             `"y"`,
		`.l[-1]`:                             `"y"`,
		`[.l[0, 1]]`:                         `["x","y"]`,
		`[path(.l[0])]`:                      `[["l",0]]`,
		`.l[0] = "z" | .l`:                   `["z","y"]`,
		`.l[.n] |= "z" | .l`:                 `["x","z"]`,
		`del(.l[0]) | .l`:                    `["y"]`,
		`def getpath(f): "mine"; getpath(1)`: `"mine"`,
		`def first: "mine"; .l | first`:      `"mine"`,
		`reduce range(5) as $x (0; . + $x | select($x != 2))`: `7`,
		`reduce range(3) as $x (0; . + $x, . * 2)`:            `0`,
		`null | reverse`:            `[]`,
		`[[1], [2, 3]] | transpose`: `[[1,2],[null,3]]`,
		`"José Müller" | ascii_downcase | gsub("[^\\w]+"; "-")`:                 `"josé-müller"`,
		`"Zoë" | test("^\\w+$")`:                                                `true`,
		`"ab" | [match("(?<x>a)(b)?").captures[] | [.name, .string]]`:           `[["x","a"],[null,"b"]]`,
		`"a1b2" | [scan("[a-z]\\d")]`:                                           `["a1","b2"]`,
		`"a1b2" | [scan("([a-z])(\\d)")]`:                                       `[["a","1"],["b","2"]]`,
		`"a, b,c" | [splits(", *")]`:                                            `["a","b","c"]`,
		`"a, b,c" | split(", *"; null)`:                                         `["a","b","c"]`,
		`"aXbX" | [sub("X"; "1", "2")]`:                                         `["a1bX","a2bX"]`,
		`"ab" | gsub(""; "-")`:                                                  `"-a-b-"`,
		`"prod-eu" | capture("(?<env>\\w+)-(?<r>\\w+)")`:                        `{"env":"prod","r":"eu"}`,
		`"abc" | test(["B", "i"])`:                                              `true`,
		`5 | test("a")`:                                                         `null`,
		`"2025-03-04T10:11:12Z" | fromdate`:                                     `1741083072`,
		`"2025-03-04T10:11:12UTC" | strptime("%Y-%m-%dT%H:%M:%S%Z") | mktime`:   `1741083072`,
		`"2025-03-04T10:11:12+0200" | strptime("%Y-%m-%dT%H:%M:%S%z") | mktime`: `1741083072`,
		`"2025-03-04T10:11:12+02:00" | fromdate`:                                `null`,
		`"4 Mar 2025 3:04 PM" | strptime("%d %b %Y %I:%M %p") | todate`:         `"2025-03-04T15:04:00Z"`,
		`"10:11" | strptime("%H:%M") | .[3:5]`:                                  `[10,11]`,
		`"2025-064" | strptime("%Y-%j") | mktime`:                               `1741132800`,
		`1741083072.75 | gmtime | mktime`:                                       `1741083072`,
		`0 | strftime("%Z")`:                                                    `"GMT"`,
		`.l | debug | keys_unsorted`:                                            `[0,1]`,
		`{$__loc__} | .__loc__.line`:                                            `1`,
		`$__loc__.file`:                                                         `"<top-level>"`,
		`[limit(2; .l[], 3)]`:                                                   `["x","y"]`,
	} {
		got := blockOf(t, `, "properties": {"p": `+quote(program)+`}`).
			Map(t.Context(), object(t, `{"Id": "x", "l": ["x", "y"], "n": 1}`), nil)
		if got.Err != nil {
			t.Errorf("%s: %v", program, got.Err)
			continue
		}
		body, _, err := got.Entities[0].Encode()
		if !strings.Contains(string(body), `"properties":{"p":`+want+`}`) || err != nil {
			t.Errorf("%s: %s, want %s (%v)", program, body, want, err)
		}
	}
}

func TestTheMappingsInTheDocumentsCompile(t *testing.T) {
	text, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	samples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(samples) == 0 {
		t.Fatal("no sample")
	}
	for _, s := range samples {
		doc, err := mapping.ReadYAML([]byte(s[1]))
		if err != nil {
			t.Fatal(err)
		}
		if m, err := mapping.Compile(doc.Config); err != nil || len(m.Warnings) > 0 {
			t.Error(m, err)
		}
	}
}
