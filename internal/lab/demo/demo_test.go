package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/port-aws-sync/port-aws-sync/functions" // so that go test runs this anew when it changes
)

// TestDemoTellsItsStoryAsItShouldBe is the test of the whole system. Where .venv is missing it is made,
// which takes a package index.
func TestDemoTellsItsStoryAsItShouldBe(t *testing.T) {
	root, err := checkout(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// As above: nobody can import this one.
	if _, err := os.ReadFile(filepath.Join(root, "functions", "local", "main.go")); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	var out bytes.Buffer
	if err := tell(t.Context(), &out, root); err != nil {
		t.Fatalf("%v\n\n%s", err, out.Bytes())
	}
	for _, want := range []string{"no longer selected", "gone", "SCP", "RoleDenied", "Suspended", "What Port holds now"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.Bytes())
		}
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
