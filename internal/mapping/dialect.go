package mapping

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// dialectText has the definitions that come before a program's own.
//
//go:embed dialect.jq
var dialectText string

// dialect makes gojq's jq the one that Ocean runs.
type dialect struct {
	defs    []*gojq.FuncDef
	uses    map[string]usage // of each definition, by name/arity
	options []gojq.CompilerOption
	known   []string // see names
}

func newDialect() *dialect {
	query, err := gojq.Parse(dialectText)
	if err != nil {
		panic(err) // a broken build
	}
	d := &dialect{defs: query.FuncDefs, uses: map[string]usage{}}
	for _, def := range d.defs {
		d.uses[signature(def)] = survey(def.Body)
	}
	patterns := &patterns{}
	d.options = []gojq.CompilerOption{
		gojq.WithFunction("_find", 1, 2, patterns.find),
		gojq.WithFunction("_test", 1, 2, patterns.test),
		gojq.WithFunction("_pieces", 2, 2, patterns.pieces),
		gojq.WithFunction("_captured", 0, 0, captured),
		gojq.WithFunction("_strptime", 1, 1, strptime),
		gojq.WithFunction("_indexes_string", 1, 1, indexesString),
	}
	return d
}

// names are those of functions and keywords, sorted. Only a broken program asks for them.
func (d *dialect) names() []string {
	if d.known != nil {
		return d.known
	}
	list := []string{"and", "as", "catch", "def", "elif", "else", "end", "foreach", "if", "label", "or",
		"reduce", "then", "try", "null", "true", "false", "import", "include", "empty"}
	for _, def := range d.defs {
		list = append(list, def.Name)
	}
	builtins := call("builtins")
	if code, err := gojq.Compile(builtins); err == nil {
		v, _ := code.Run(nil).Next()
		all, _ := v.([]any)
		for _, x := range all {
			text, _ := x.(string)
			name, _, _ := strings.Cut(text, "/")
			list = append(list, name)
		}
	}
	list = slices.DeleteFunc(list, func(name string) bool { return name == "" || name[0] == '_' })
	slices.Sort(list)
	d.known = slices.Compact(list)
	return d.known
}

func signature(def *gojq.FuncDef) string { return fmt.Sprintf("%s/%d", def.Name, len(def.Args)) }

// extend puts the definitions before a query that it calls, directly or through others. They are
// found after what the query defines itself.
func (d *dialect) extend(query *gojq.Query, uses usage) {
	called := slices.Clone(uses.functions)
	for i := 0; i < len(called); i++ {
		for _, name := range d.uses[called[i]].functions {
			if !slices.Contains(called, name) {
				called = append(called, name)
			}
		}
	}
	var defs []*gojq.FuncDef
	for _, def := range d.defs {
		if slices.Contains(called, signature(def)) {
			defs = append(defs, def)
		}
	}
	query.FuncDefs = slices.Concat(defs, query.FuncDefs)
}

// indexesString tells whether a path leads into a string by a number, which gojq allows and jq does not.
func indexesString(v any, args []any) any {
	path, _ := args[0].([]any)
	for _, key := range path {
		switch at := v.(type) {
		case string:
			_, isKey := key.(string)
			_, isSlice := key.(map[string]any)
			return !isKey && !isSlice
		case map[string]any:
			name, _ := key.(string)
			v = at[name]
		case []any:
			i, ok := gojq.ToInt(key)
			if !ok {
				return false
			}
			if i < 0 {
				i += len(at)
			}
			if i < 0 || i >= len(at) {
				return false
			}
			v = at[i]
		default:
			return false
		}
	}
	return false
}
