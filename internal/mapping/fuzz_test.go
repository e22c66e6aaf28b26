package mapping_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// Whatever the block and the resource: no panic, an end, and entities that encode.
func FuzzMap(f *testing.F) {
	names, err := os.ReadDir("testdata/map")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		archive, err := txtar.ParseFile("testdata/map/" + name.Name())
		if err != nil {
			f.Fatal(err)
		}
		var resources []json.RawMessage
		if err := json.Unmarshal(archive.Files[1].Data, &resources); err != nil {
			f.Fatal(err)
		}
		f.Add(string(archive.Files[0].Data), string(resources[0]), "Tags")
	}
	f.Fuzz(func(t *testing.T, block, resource, unread string) {
		m, err := mapping.Compile(fmt.Appendf(nil, `{"resources": [%s]}`, block))
		if err != nil {
			return
		}
		var item map[string]any
		if json.Unmarshal([]byte(resource), &item) != nil {
			return
		}
		for _, b := range m.Blocks {
			got := b.Map(t.Context(), item, strings.Fields(unread))
			for _, e := range got.Entities {
				if _, _, err := e.Encode(); err != nil {
					t.Error(err)
				}
			}
			if got.Err != nil {
				_ = got.Err.Error()
			}
			if len(got.Entities) > 0 {
				mapping.Merge(got.Entities)
			}
		}
	})
}

func FuzzProgram(f *testing.F) {
	for _, program := range []string{".a.b", `'a' + "b"`, `"\(.a | 'x')"`, ".[0]?", "# '", `'\`, `"\(`,
		"input", "def f: 1;",
		"now", "[nan]", ".a // 'x'", "$ENV", `.["a"] | .b`, "-1", "..", "{a: 'b'}",
		"reduce .[] as $x (0; . + 1)"} {
		f.Add(program)
	}
	f.Fuzz(func(t *testing.T, program string) {
		text, err := json.Marshal(program)
		if err != nil {
			return
		}
		m, err := mapping.Compile(fmt.Appendf(nil, `{"resources": [{"kind": "k", "port": {
			"itemsToParse": "[1]", "entity": {"mappings": {"identifier": "'i'", "blueprint": "'b'",
			"properties": {"p": %s}}}}}]}`, text))
		if err != nil {
			return
		}
		resource := map[string]any{"a": map[string]any{"b": 1.5}, "l": []any{"x", nil, true}}
		got := m.Blocks[0].Map(t.Context(), resource, nil)
		for _, e := range got.Entities {
			if _, _, err := e.Encode(); err != nil {
				t.Error(err)
			}
		}
	})
}
