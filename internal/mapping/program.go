package mapping

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/itchyny/gojq"
)

// clock is the variable that carries the run's time into programs that call now.
const clock = "$__now"

// program is one compiled text. Blocks share the programs they have in common.
type program struct {
	text string

	constant bool
	value    any // of a constant

	pure bool
	path []string // of a pure path; empty for "."

	code     *gojq.Code // of anything else
	clocked  bool       // takes the clock as its argument
	timeouts atomic.Int32

	drop  []string // what an itemsToParse of this text takes out of the item
	stale string   // says that it reads a name of the older integration
}

// compile makes a program of text: the one place where gojq parses and compiles.
func compile(text string) (*program, error) {
	query, err := parse(text)
	if err != nil {
		return nil, err
	}
	p := &program{text: text, drop: dropped(query)}
	p.path, p.pure = purePath(query)
	p.constant = isConstant(query)
	uses := survey(query)
	p.stale = staleNames(uses, p.path)
	var options []gojq.CompilerOption
	if p.clocked = uses.calls("now"); p.clocked {
		now := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: clock}}}
		query.FuncDefs = slices.Insert(query.FuncDefs, 0, &gojq.FuncDef{Name: "now", Body: now})
		options = append(options, gojq.WithVariables([]string{clock}))
	}
	code, err := gojq.Compile(query, options...)
	if err != nil {
		if uses.calls("input") || uses.calls("inputs") {
			return nil, errInput
		}
		return nil, err
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
func (p *program) reads(keys []string) bool {
	switch {
	case len(keys) == 0 || p.constant:
		return false
	case !p.pure || len(p.path) == 0:
		return true
	case p.path[0] != "Properties":
		return false
	default:
		return len(p.path) == 1 || slices.Contains(keys, p.path[1])
	}
}

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
			return nil, &failure{program: p.text, fatal: true, err: err}
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

const (
	timeLimit    = time.Second // of one evaluation
	timeoutLimit = 3           // a program that timed out so often is not started any more
	atOnce       = 4           // evaluations of gojq at once: a deadline bounds time, not memory
)

// engine runs gojq for all blocks of a mapping.
type engine struct {
	slots chan struct{}
	now   float64 // seconds since 1970
}

func newEngine(now time.Time) *engine {
	return (&engine{slots: make(chan struct{}, atOnce)}).at(now)
}

func (e *engine) at(now time.Time) *engine {
	return &engine{slots: e.slots, now: float64(now.UnixMicro()) / 1e6}
}

func (e *engine) run(ctx context.Context, p *program, item any) (v any, f *failure) {
	if p.timeouts.Load() >= timeoutLimit {
		return nil, &failure{program: p.text, fatal: true, err: errStopped}
	}
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return nil, &failure{program: p.text, fatal: true, err: context.Cause(ctx)}
	}
	defer func() {
		if r := recover(); r != nil { // a person's program must not end the run of all accounts
			v, f = nil, &failure{program: p.text, fatal: true, err: fmt.Errorf("the interpreter broke: %v", r)}
		}
	}()
	within, cancel := context.WithTimeout(ctx, 3*timeLimit)
	defer cancel()
	var arguments []any
	if p.clocked {
		arguments = []any{e.now}
	}
	v, ok := p.code.RunWithContext(within, item, arguments...).Next()
	if !ok {
		return nil, &failure{program: p.text, err: errEmpty}
	}
	if err, failed := v.(error); failed {
		return nil, p.failed(ctx, within, err)
	}
	v, err := clean(v, maxResult)
	if err != nil {
		return nil, &failure{program: p.text, fatal: true, err: err}
	}
	return v, nil
}

func (p *program) failed(ctx, within context.Context, err error) *failure {
	switch {
	case ctx.Err() != nil:
		return &failure{program: p.text, fatal: true, err: context.Cause(ctx)}
	case within.Err() != nil:
		p.timeouts.Add(1)
		return &failure{program: p.text, fatal: true, err: errTimeout}
	default:
		return &failure{program: p.text, err: err}
	}
}

// usage is what a query names anywhere: functions called without arguments, and keys.
type usage struct{ functions, keys []string }

func (u usage) calls(name string) bool { return slices.Contains(u.functions, name) }

func survey(query *gojq.Query) usage {
	var u usage
	u.visit(reflect.ValueOf(query))
	return u
}

func (u *usage) visit(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		switch n := v.Interface().(type) {
		case *gojq.Func:
			if len(n.Args) == 0 {
				u.functions = append(u.functions, n.Name)
			}
		case *gojq.Index:
			if key, ok := stringKey(n); ok {
				u.keys = append(u.keys, key)
			}
		}
		u.visit(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			u.visit(field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			u.visit(v.Index(i))
		}
	}
}
