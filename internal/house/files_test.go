package house_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

func TestFilesAreShortEnoughToRead(t *testing.T) {
	const most = 300
	for _, s := range sources(t) {
		if s.lines > most {
			t.Errorf("%s has %d lines, over %d: does it still have one reason?", s.path, s.lines, most)
		}
	}
}

func TestNoPackageActsBeforeMain(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.path)
			}
		}
	}
}

// TestEnvironmentIsReadInOneRoom lets edge and the lab read it; a main.go may hand the function that
// reads it on, but not call it.
func TestEnvironmentIsReadInOneRoom(t *testing.T) {
	readers := []string{"Environ", "ExpandEnv", "Getenv", "LookupEnv"}
	for _, s := range sources(t) {
		if s.test || s.room == "edge" || s.room == "lab" {
			continue
		}
		handsOn := s.room == "functions" && strings.HasSuffix(s.path, "/main.go")
		for _, pkg := range []string{"os", "syscall"} {
			name := s.nameOf(pkg)
			called := map[*ast.SelectorExpr]bool{}
			ast.Inspect(s.ast, func(n ast.Node) bool {
				if call, ok := n.(*ast.CallExpr); ok {
					if f, ok := call.Fun.(*ast.SelectorExpr); ok {
						called[f] = true
					}
				}
				f, ok := n.(*ast.SelectorExpr)
				if !ok || !slices.Contains(readers, f.Sel.Name) {
					return true
				}
				if x, ok := f.X.(*ast.Ident); ok && x.Name == name && (called[f] || !handsOn) {
					t.Errorf("%s reads the environment with %s.%s", s.path, pkg, f.Sel.Name)
				}
				return true
			})
		}
	}
}
