package mapping_test

import (
	"encoding/json"
	"fmt"
	"testing"
)

// TestTheTypeOfAProgramIsOnlyToldWhereItIsCertain: what is claimed wrongly stops a block that works.
func TestTheTypeOfAProgramIsOnlyToldWhereItIsCertain(t *testing.T) {
	for program, want := range map[string]string{
		`.a`: "", `.a // .b`: "", `.a.b[0]`: "", `"x"`: "string", `"x" + .a`: "string", `.a + .b`: "", `'x'`: "string",
		`.a | tostring`: "string", `"\(.a)"`: "string", `@base64`: "string", `.a // "x"`: "", `"x" // 1`: "",
		`.a | length`: "number", `1`: "number", `-1`: "number", `.a == 1`: "boolean", `.a and .b`: "boolean", `.a | not`: "boolean",
		`null`: "null", `if .a then "x" else null end`: "string", `if .a then "x" elif .b then "y" else "z" end`: "string",
		`if .a then "x" else 1 end`: "", `if .a then "x" end`: "", `[.a]`: "array", `[.a][0]`: "", `{a: .b}`: "object",
		`.a | map(.b)`: "array", `.a | to_entries`: "array", `.a | from_entries`: "object",
		`(.a | tostring) // null`: "string", `def tostring: 1; .a | tostring`: "", `1, "x"`: "", `.a | first`: "",
	} {
		text, err := json.Marshal(program)
		if err != nil {
			t.Fatal(err)
		}
		m := compile(t, fmt.Sprintf(`{"resources":[{"kind":"K","selector":{"query":"true"},"port":{"entity":{"mappings":{
			"identifier":".id","blueprint":"\"b\"","properties":{"p":%s}}}}}]}`, text))
		o := m.Blocks[0].Outlines()[0]
		if got := o.Properties[0].Type; got != want {
			t.Errorf("%s: got %q, want %q", program, got, want)
		}
		if o.Blueprint != "b" || o.Search {
			t.Errorf("%+v", o)
		}
	}
}
