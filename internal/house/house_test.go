// Package house_test holds the source to the rules of the house: who may import whom, where the
// environment is read, what must not be linked. docs/architecture.md has the reasons.
package house_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	root   = "../.."
	module = "github.com/port-aws-sync/port-aws-sync"
)

// source is one Go file of the project.
type source struct {
	path  string // from the root, with slashes
	room  string // as in mayImport
	test  bool
	lines int
	ast   *ast.File
}

// sources reads every Go file outside of testdata, for whatever system it is. Reading them here, and
// not through the go command, also lets go test see that a cached result has become stale.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		switch base := e.Name(); {
		case err != nil:
			return err
		case e.IsDir() && name != root && (base == "testdata" || strings.HasPrefix(base, ".")):
			return fs.SkipDir
		case e.IsDir() || path.Ext(base) != ".go":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		all = append(all, source{
			path:  rel,
			room:  roomOf(path.Dir(rel)),
			test:  strings.HasSuffix(rel, "_test.go"),
			lines: bytes.Count(text, []byte("\n")),
			ast:   file,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(all, func(s source) bool { return s.path == "internal/house/house_test.go" }) {
		t.Fatal("the walk does not find even this file")
	}
	return all
}

// roomOf is a package's name in mayImport. The functions are one room, and so is the lab.
func roomOf(dir string) string {
	dir = strings.TrimPrefix(dir, "internal/")
	for _, whole := range []string{"functions", "lab"} {
		if dir == whole || strings.HasPrefix(dir, whole+"/") {
			return whole
		}
	}
	return dir
}

// imports are the paths a file imports.
func (s source) imports() []string {
	var paths []string
	for _, i := range s.ast.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			paths = append(paths, p)
		}
	}
	return paths
}

// nameOf is the name under which a file knows a package of the standard library; "" = it does not.
func (s source) nameOf(pkg string) string {
	for _, i := range s.ast.Imports {
		if i.Path.Value != strconv.Quote(pkg) {
			continue
		}
		if i.Name != nil {
			return i.Name.Name
		}
		return path.Base(pkg)
	}
	return ""
}
