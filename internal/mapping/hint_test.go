package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// Broken programs, what is said of them, and the program that is proposed instead.
func TestABrokenProgramSaysWhereAndWhatWasMeant(t *testing.T) {
	for _, c := range []struct{ program, reason, fix string }{
		{`prod`, "function not defined: prod; a path begins with a dot", `"prod"`},
		{`Properties.Name`, "function not defined: Properties", `.Properties.Name`},
		{`True`, "function not defined: True", `true`},
		{`.a.b-c`, "function not defined: c", `.a["b-c"]`},
		{`.Properties.Tags.aws:name`, "unexpected : at character 21", `.Properties.Tags["aws:name"]`},
		{`.Properties.Name |`, "ends where more must follow", `.Properties.Name`},
		{`.Properties.Tags[`, "the [ at character 17 is not closed", `.Properties.Tags[]`},
		{`select(.a == "b"`, "the ( at character 7 is not closed", `select(.a == "b")`},
		{`.a == "é" and .b == "x`, `the " at character 21 is not closed`, `.a == "é" and .b == "x"`},
		{`.a)`, "the ) at character 3 closes nothing", `.a`},
		{`if .a then 1 else 2`, "the if at character 1 is not closed", `if .a then 1 else 2 end`},
		{`.a ? .b : .c`, "unexpected : at character 9", `if .a then .b else .c end`},
		{`{{ .a }}`, "unexpected { at character 2", `.a`},
		{`.a && .b`, "unexpected & at character 4", `.a and .b`},
		{`.a === 1 || .b`, "unexpected =", `.a == 1 or .b`},
		{`.a == “x”`, "unexpected “ at character 7", `.a == "x"`},
		{"\u00a0.a", "unexpected no-break space at character 1", `.a`},
		{`.a | strptim("%Y")`, "function not defined: strptim with 1 argument(s)", `.a | strptime("%Y")`},
		{`.a | test("\d+")`, "needs the backslash twice", `.a | test("\\d+")`},
		{`.a | test("(?P<x>a)")`, "write (?<…>)", `.a | test("(?<x>a)")`},
		{`.a | test("(")`, `test: the regular expression "(": ( without )`, ``},
		{`.a | test("x"; "q")`, `'q' is not a flag; there are g, i, m, n, p, s and x`, ``},
		{`.a | sub("a\\Kb"; "")`, `sub: the regular expression "a\\Kb": \K is not supported; say it with look-behind`, ``},
		{`.a.tostring()`, "unexpected ( at character 12", `.a | tostring`},
		{`.a | lowercase`, "function not defined: lowercase", `.a | ascii_downcase`},
		{`.a | startwith("a")`, "function not defined: startwith with 1 argument", `.a | startswith("a")`},
		{`len(.a)`, "function not defined: len", `(.a | length)`},
		{`.a | sub("x", "y")`, "function not defined: sub with 1 argument(s), which ; separates", `.a | sub("x"; "y")`},
		{`$Properties.x`, "variable not defined: $Properties", `.Properties.x`},
		{`.a is not null`, "unexpected is at character 4", `.a != null`},
		{`.a | @base65`, "@base65 is no format; there are @base64", ``},
		{`import "a" as a; 1`, "no modules", ``},
		{`inputs`, "a program sees one item", ``},
		{` `, "no program stands here", `.`},
	} {
		_, err := mapping.Compile([]byte(`{"resources": [{"kind": "k", "port": {"entity": {"mappings": {
			"identifier": "'i'", "blueprint": "'b'", "properties": {"p": ` + quote(c.program) + `}}}}}]}`))
		invalid, ok := errors.AsType[*mapping.InvalidError](err)
		if !ok || len(invalid.Problems) != 1 {
			t.Errorf("%s: %v", c.program, err)
			continue
		}
		p := invalid.Problems[0]
		if !strings.Contains(p.Reason, c.reason) || p.Fix != c.fix || p.Program != c.program ||
			p.Path != "resources[0].port.entity.mappings.properties.p" {
			t.Errorf("%s: %s\n want %s; %s", c.program, p, c.reason, c.fix)
		}
	}
}
