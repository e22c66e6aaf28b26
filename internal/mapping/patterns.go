package mapping

import (
	"errors"
	"fmt"
	"sync"

	"github.com/itchyny/gojq"

	"github.com/port-aws-sync/port-aws-sync/internal/onig"
)

// maxPatterns bounds what is kept of patterns: a program may make one of every item.
const maxPatterns = 1000

// patterns has the functions of regular expressions, and what it compiled for them.
type patterns struct {
	mu    sync.Mutex
	known map[[2]string]*onig.Regexp
}

// regexp takes the arguments of match: a pattern, or an array of pattern and flags, or two.
func (p *patterns) regexp(args []any) (*onig.Regexp, error) {
	pattern, flags := args[0], any(nil)
	if len(args) > 1 {
		flags = args[1]
	} else if list, ok := pattern.([]any); ok {
		if len(list) == 0 {
			return nil, errors.New("array not a string or array")
		}
		if pattern = list[0]; len(list) > 1 {
			flags = list[1]
		}
	}
	text, ok := pattern.(string)
	if !ok {
		return nil, fmt.Errorf("%s cannot be matched, as it is not a string", a(pattern))
	}
	modes, ok := flags.(string)
	if !ok && flags != nil {
		return nil, fmt.Errorf("%s is not a string", a(flags))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if re := p.known[[2]string{text, modes}]; re != nil {
		return re, nil
	}
	re, err := onig.Compile(text, modes)
	if err != nil {
		return nil, &patternError{text, err}
	}
	if len(p.known) >= maxPatterns || p.known == nil {
		p.known = map[[2]string]*onig.Regexp{}
	}
	p.known[[2]string{text, modes}] = re
	return re, nil
}

// patternError is about a regular expression, which may come from an item.
type patternError struct {
	pattern string
	err     error
}

func (e *patternError) Error() string {
	return fmt.Sprintf("the regular expression %q: %v", e.pattern, e.err)
}

func (e *patternError) Unwrap() error { return e.err }

func (p *patterns) prepare(v any, args []any) (text string, re *onig.Regexp, _ error) {
	text, ok := v.(string)
	if !ok {
		return "", nil, fmt.Errorf("%s cannot be matched, as it is not a string", a(v))
	}
	re, err := p.regexp(args)
	return text, re, err
}

func (p *patterns) test(v any, args []any) any {
	text, re, err := p.prepare(v, args)
	if err != nil {
		return err
	}
	found, err := re.Test(text)
	if err != nil {
		return err
	}
	return found
}

func (p *patterns) find(v any, args []any) any {
	text, re, err := p.prepare(v, args)
	if err != nil {
		return err
	}
	found := []any{}
	err = re.Find(text, func(m onig.Match) bool {
		captures := make([]any, len(m.Groups))
		for i, g := range m.Groups {
			captures[i] = matched(g)
		}
		one := matched(m)
		delete(one, "name")
		one["captures"] = captures
		found = append(found, one)
		return true
	})
	if err != nil {
		return err
	}
	return found
}

func matched(m onig.Match) map[string]any {
	object := map[string]any{"offset": m.Offset, "length": m.Length, "string": nil, "name": nil}
	if m.Found {
		object["string"] = m.Text
	}
	if m.Name != "" {
		object["name"] = m.Name
	}
	return object
}

// pieces are what is between the matches.
func (p *patterns) pieces(v any, args []any) any {
	text, re, err := p.prepare(v, args)
	if err != nil {
		return err
	}
	runes := []rune(text)
	list, from := []any{}, 0
	err = re.Find(text, func(m onig.Match) bool {
		list = append(list, string(runes[from:max(from, m.Offset)]))
		from = m.Offset + m.Length
		return true
	})
	if err != nil {
		return err
	}
	return append(list, string(runes[from:]))
}

// captured is what the named groups of a match found, by their names.
func captured(v any, _ []any) any {
	object := map[string]any{}
	match, _ := v.(map[string]any)
	captures, _ := match["captures"].([]any)
	for _, c := range captures {
		group, _ := c.(map[string]any)
		if name, ok := group["name"].(string); ok {
			object[name] = group["string"]
		}
	}
	return object
}

// takesPattern has the functions whose first argument is a pattern, with the place of their flags.
var takesPattern = map[string]int{
	"test/1": 0, "test/2": 1, "match/1": 0, "match/2": 1, "capture/1": 0, "capture/2": 1, "scan/1": 0,
	"scan/2": 1, "split/2": 1, "splits/1": 0, "splits/2": 1, "sub/2": 0, "sub/3": 2, "gsub/2": 0, "gsub/3": 2,
}

// checkPattern tries the pattern of a call if it stands in the program: what is wrong with it is
// wrong for every item.
func checkPattern(f *gojq.Func) error {
	place, takes := takesPattern[funcSignature(f)]
	if !takes {
		return nil
	}
	pattern, ok := literalText(f.Args[0])
	if !ok {
		return nil
	}
	flags := ""
	if place > 0 {
		flags, _ = literalText(f.Args[place])
	}
	if _, err := onig.Compile(pattern, flags); err != nil {
		return fmt.Errorf("%s: %w", f.Name, &patternError{pattern, err})
	}
	return nil
}

func literalText(q *gojq.Query) (string, bool) {
	if !bare(q) || q.Term == nil || q.Term.Type != gojq.TermTypeString || len(q.Term.SuffixList) > 0 {
		return "", false
	}
	return q.Term.Str.Str, q.Term.Str.Queries == nil
}
