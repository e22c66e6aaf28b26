package kinds_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestResourcesHaveTheShapeThatOceansMappingsExpect compares the recordings' resources with
// ocean.shapes: one line for each kind, path and type in objects that Ocean made.
func TestResourcesHaveTheShapeThatOceansMappingsExpect(t *testing.T) {
	ours := map[string]bool{}
	for _, path := range recordings(t) {
		_, _, want := parse(t, path)
		var results []result
		dec := json.NewDecoder(bytes.NewReader(want.Data))
		dec.UseNumber()
		if err := dec.Decode(&results); err != nil {
			t.Fatalf("%s: %v", filepath.Base(path), err)
		}
		for _, r := range results {
			addShape(ours, recordedKind(t, path).Name, "", r.Resource)
		}
	}
	oceans, err := os.ReadFile("testdata/ocean.shapes")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(oceans)) {
		if line = strings.TrimSpace(line); !ours[line] {
			t.Errorf("no recording has %s", line)
		}
	}
}

var timestamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z$`)

func addShape(shapes map[string]bool, kind, path string, v any) {
	add := func(name string) { shapes[kind+" "+path+" "+name] = true }
	switch v := v.(type) {
	case nil:
		add("null")
	case bool:
		add("boolean")
	case json.Number:
		add("integer")
	case string:
		if timestamp.MatchString(v) {
			add("time")
		} else {
			add("string")
		}
	case []any:
		add("list")
		for _, e := range v {
			addShape(shapes, kind, path+"[]", e)
		}
	case map[string]any:
		add("object")
		for k, e := range v {
			addShape(shapes, kind, strings.TrimPrefix(path+"."+k, "."), e)
		}
	}
}
