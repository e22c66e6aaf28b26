package house_test

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// TestEveryPromiseNamesTestsThatExist reads docs/safety.md: a promise whose test was renamed or removed would be
// held by none.
func TestEveryPromiseNamesTestsThatExist(t *testing.T) {
	known := map[string]bool{}
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.test && f.Recv == nil {
				known[strings.TrimPrefix(f.Name.Name, "Test")] = true
			}
		}
	}
	promises := 0
	for line := range strings.Lines(read(t, "docs/safety.md")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || strings.HasPrefix(cells[0], "---") || strings.TrimSpace(cells[0]) == "promise" {
			continue
		}
		promises++
		names := regexp.MustCompile(`[A-Z][A-Za-z]+`).FindAllString(cells[2], -1)
		if len(names) == 0 {
			t.Errorf("no test holds: %s", cells[0])
		}
		for _, name := range names {
			if !known[name] {
				t.Errorf("there is no test %s", name)
			}
		}
	}
	if promises < 20 {
		t.Errorf("%d promises are read", promises)
	}
}
