package house_test

import (
	"go/ast"
	"path"
	"slices"
	"strconv"
	"testing"
)

// errorNames are the names under which errors cross the Lambda boundary: what methods Code return, where
// that is a field the values that literals give it, and what edge gives to errors without a name.
func errorNames(t *testing.T) []string {
	t.Helper()
	names := []string{"OutOfTime", "Unexpected"}
	for _, s := range sources(t) {
		if s.test || s.room == "lab" {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if f, ok := n.(*ast.FuncDecl); ok && isCode(f) {
				for _, stmt := range f.Body.List {
					if r, ok := stmt.(*ast.ReturnStmt); ok {
						names = append(names, namesIn(t, s, r.Results[0])...)
					}
				}
			}
			return true
		})
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func isCode(f *ast.FuncDecl) bool {
	return f.Recv != nil && f.Name.Name == "Code" && len(f.Type.Params.List) == 0 && f.Body != nil
}

// namesIn are the values that an expression of a Code method may have.
func namesIn(t *testing.T, s source, e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		name, err := strconv.Unquote(e.Value)
		if err != nil {
			t.Errorf("%s: %s is no name of an error", s.path, e.Value)
		}
		return []string{name}
	case *ast.Ident: // a constant
		return siblings(t, s, func(n ast.Node) ast.Expr {
			if v, ok := n.(*ast.ValueSpec); ok {
				for i, name := range v.Names {
					if name.Name == e.Name && i < len(v.Values) {
						return v.Values[i]
					}
				}
			}
			return nil
		})
	case *ast.SelectorExpr: // the first field of a literal of the type Error
		return siblings(t, s, func(n ast.Node) ast.Expr {
			lit, ok := n.(*ast.CompositeLit)
			if !ok || len(lit.Elts) == 0 {
				return nil
			}
			if typ, ok := lit.Type.(*ast.Ident); !ok || typ.Name != "Error" {
				return nil
			}
			return lit.Elts[0]
		})
	}
	t.Errorf("%s: a method Code gives names in a way that nothing else does", s.path)
	return nil
}

// siblings are the names that find finds in the package of s.
func siblings(t *testing.T, s source, find func(ast.Node) ast.Expr) (all []string) {
	for _, other := range sources(t) {
		if other.test || path.Dir(other.path) != path.Dir(s.path) {
			continue
		}
		ast.Inspect(other.ast, func(n ast.Node) bool {
			if e := find(n); e != nil {
				all = append(all, namesIn(t, other, e)...)
			}
			return true
		})
	}
	if len(all) == 0 {
		t.Errorf("%s: which names does Code give?", s.path)
	}
	return all
}
