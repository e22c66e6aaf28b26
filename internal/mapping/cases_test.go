package mapping_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

var update = flag.Bool("update", false, "rewrite the says sections of testdata")

// A file holds one block, resources, and what they become: want.json the bodies, each with its
// blueprint, and says everything else: problems, warnings, errors, notes and unread paths.
func TestBlocksMapResourcesAsRecorded(t *testing.T) {
	files, err := filepath.Glob("testdata/map/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := readCase(t, archive)
			entities, says := c.outcome(t)
			if diff := gocmp.Diff(c.want, entities); diff != "" {
				t.Errorf("entities (-want +got):\n%s", diff)
			}
			if *update {
				rewrite(t, file, archive, says)
			} else if diff := gocmp.Diff(c.says, says); diff != "" {
				t.Errorf("says (-want +got):\n%s", diff)
			}
		})
	}
}

type mapCase struct {
	block     json.RawMessage
	resources []map[string]any
	unread    []string
	now       time.Time
	want      []any
	says      string
}

func readCase(t *testing.T, archive *txtar.Archive) (c mapCase) {
	t.Helper()
	c.want = []any{}
	for _, f := range archive.Files {
		var err error
		switch f.Name {
		case "block.json":
			c.block = f.Data
		case "resources.json":
			err = json.Unmarshal(f.Data, &c.resources)
		case "unread":
			c.unread = strings.Fields(string(f.Data))
		case "now":
			c.now, err = time.Parse(time.RFC3339, strings.TrimSpace(string(f.Data)))
		case "want.json":
			err = json.Unmarshal(f.Data, &c.want)
			slices.SortFunc(c.want, byIdentifier)
		case "says":
			c.says = string(f.Data)
		default:
			t.Fatalf("unknown section %s", f.Name)
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	}
	return c
}

func (c mapCase) outcome(t *testing.T) (entities []any, says string) {
	t.Helper()
	entities = []any{}
	m, err := mapping.Compile(fmt.Appendf(nil, `{"resources": [%s]}`, c.block))
	if err != nil {
		return entities, err.Error() + "\n"
	}
	var out strings.Builder
	for _, w := range m.Warnings {
		fmt.Fprintln(&out, "warning", w)
	}
	for i, resource := range c.resources {
		got := m.At(c.now).Blocks[0].Map(t.Context(), resource, c.unread)
		if got.Err != nil {
			fmt.Fprintf(&out, "item %d: %v (unread: %t)\n", i, got.Err, got.Err.Unread)
		}
		for _, e := range got.Entities {
			for _, n := range e.Notes {
				fmt.Fprintf(&out, "item %d: note %s: %s `%s`\n", i, n.Path, n.Reason, n.Program)
			}
			for _, path := range e.Unread {
				fmt.Fprintf(&out, "item %d: unread %s\n", i, path)
			}
			entities = append(entities, plain(t, e))
		}
	}
	slices.SortFunc(entities, byIdentifier)
	return entities, out.String()
}

// plain is an entity's body as Port would read it, with its blueprint.
func plain(t *testing.T, e mapping.Entity) map[string]any {
	t.Helper()
	body, _, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	v["blueprint"] = e.Blueprint
	return v
}

func byIdentifier(x, y any) int {
	id := func(v any) string { return fmt.Sprint(v.(map[string]any)["identifier"]) }
	return cmp.Compare(id(x), id(y))
}

func rewrite(t *testing.T, file string, archive *txtar.Archive, says string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "says" })
	if says != "" {
		archive.Files = append(archive.Files, txtar.File{Name: "says", Data: []byte(says)})
	}
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
