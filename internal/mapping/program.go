package mapping

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/itchyny/gojq"
)

// clock is the variable that carries the run's time into programs that call now.
const clock = "$__now"

// program is one compiled text. Blocks share the programs they have in common.
type program struct {
	text string

	read reads

	constant bool
	value    any // of a constant

	pure bool
	path []string // of a pure path; empty for "."

	code     *gojq.Code // of anything else
	clocked  bool       // takes the clock as its argument
	deletes  bool       // must have values of its own: see engine.alone
	turn     sync.Mutex // of a program that deletes
	timeouts atomic.Int32

	drop  []string // what an itemsToParse of this text takes out of the item
	stale string   // says that it reads a name of the older integration
}

// compile makes a program of text: the one place where gojq parses and compiles.
func (d *dialect) compile(text string) (*program, error) {
	query, err := parse(text)
	if err != nil {
		return nil, diagnose(text, err)
	}
	p := &program{text: text, drop: dropped(query), read: readsOf(query)}
	p.path, p.pure = purePath(query)
	p.constant = isConstant(query)
	uses := survey(query)
	p.stale = staleNames(uses, p.path)
	p.deletes = uses.deletes()
	switch {
	case uses.wrong != nil:
		return nil, uses.wrong
	case len(query.Imports) > 0:
		return nil, errModule
	}
	d.rewrite(query, uses)
	d.extend(query, survey(query))
	options := slices.Clone(d.options)
	if p.clocked = uses.calls("now/0"); p.clocked {
		now := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: clock}}}
		query.FuncDefs = slices.Insert(query.FuncDefs, 0, &gojq.FuncDef{Name: "now", Body: now})
		options = append(options, gojq.WithVariables([]string{clock}))
	}
	code, err := gojq.Compile(query, options...)
	if err != nil {
		if uses.calls("input/0") || uses.calls("inputs/0") {
			return nil, errInput
		}
		return nil, diagnose(text, err)
	}
	switch {
	case p.constant:
		v, _ := code.Run(nil).Next()
		p.value, err = clean(v, maxResult)
	case !p.pure:
		p.code = code
	}
	return p, err
}

// parse accepts single-quoted strings, as Ocean does, but only in a text that is not jq as it stands.
func parse(text string) (*gojq.Query, error) {
	query, err := gojq.Parse(text)
	if err == nil {
		return query, nil
	}
	if quoted, changed := requote(text); changed {
		if query, err := gojq.Parse(quoted); err == nil {
			return query, nil
		}
	}
	return nil, err
}

// reads tells whether the program may read one of these keys of .Properties.
func (p *program) reads(keys []string) bool { return p.read.any(keys) }

// run gives the first output for item.
func (p *program) run(ctx context.Context, e *engine, item any) (any, *failure) {
	switch {
	case p.constant:
		return p.value, nil
	case p.pure:
		v, err := walk(item, p.path)
		if err != nil {
			return nil, &failure{program: p.text, err: err}
		}
		if v, err = clean(v, math.MaxInt); err != nil {
			return nil, p.fatal(err)
		}
		return v, nil
	default:
		return e.run(ctx, p, item)
	}
}

// walk does what gojq does for a pure path.
func walk(v any, path []string) (any, error) {
	for _, key := range path {
		if v == nil {
			return nil, nil
		}
		object, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s cannot be indexed with a string", a(v))
		}
		v = object[key]
	}
	return v, nil
}
