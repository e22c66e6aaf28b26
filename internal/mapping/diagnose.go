package mapping

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/itchyny/gojq"

	"github.com/port-aws-sync/port-aws-sync/internal/spelling"
)

// closing says what ends what.
var closing = map[string]string{
	"(": ")", "[": "]", "{": "}", `"`: `"`, "'": "'", "if": " end", "reduce": "", "foreach": "",
}

// opened is a bracket, quote or keyword with its place, in bytes.
type opened struct {
	what string
	at   int
}

var token = regexp.MustCompile(`\b(if|end)\b|[()\[\]{}"']`)

// unclosed finds what is open at the end of a program, and the place of what closes nothing, or -1.
func unclosed(text string) (open []opened, stray int) {
	for at := 0; at < len(text); {
		found := token.FindStringIndex(text[at:])
		if found == nil {
			break
		}
		start, end := at+found[0], at+found[1]
		what := text[start:end]
		at = end
		last := ""
		if len(open) > 0 {
			last = open[len(open)-1].what
		}
		switch {
		case what == `"` || what == "'":
			length, closed := stringLength(text[end:], what[0])
			if at = end + length; !closed {
				return append(open, opened{what, start}), -1
			}
		case what == "if" || what == "end":
			if start > 0 && strings.ContainsRune(".$", rune(text[start-1])) {
				continue // a key
			}
			if what == "if" {
				open = append(open, opened{what, start})
			} else if last == "if" {
				open = open[:len(open)-1]
			}
		case strings.Contains("([{", what):
			open = append(open, opened{what, start})
		case closing[last] == what:
			open = open[:len(open)-1]
		default:
			return nil, start
		}
	}
	return open, -1
}

// stringLength is that of a string behind its opening quote, with its closing one.
func stringLength(text string, quote byte) (int, bool) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i + 1, true
		}
	}
	return len(text), false
}

// diagnose says in a person's words why a program does not parse, and where.
func diagnose(text string, err error) error {
	parse, ok := errors.AsType[*gojq.ParseError](err)
	if !ok {
		if name, found := strings.CutPrefix(err.Error(), "function not defined: "); found {
			return undefined(name)
		}
		switch reason := err.Error(); {
		case strings.HasPrefix(reason, "variable not defined: "):
			name := strings.TrimPrefix(reason, "variable not defined: ")
			return fmt.Errorf("variable not defined: %s; `… as %s | …` would define it", name, name)
		case strings.HasPrefix(reason, "missing query"):
			return errors.New("no program stands here")
		}
		return err
	}
	reason := parse.Error()
	open, stray := unclosed(text)
	switch {
	case strings.HasPrefix(reason, "invalid escape"):
		return fmt.Errorf("%s; a regular expression needs the backslash twice, as in \"\\\\d\"", reason)
	case reason == "unterminated string literal" || len(open) > 0 && strings.HasPrefix(reason, "unexpected EOF"):
		if len(open) > 0 {
			last := open[len(open)-1]
			return fmt.Errorf("the %s at character %d is not closed", last.what, character(text, last.at))
		}
		return errors.New("a string is not closed")
	case strings.HasPrefix(reason, "unexpected EOF"):
		return errors.New("the program ends where more must follow")
	case stray >= 0 && parse.Offset-len(parse.Token) == stray:
		return fmt.Errorf("the %s at character %d closes nothing", parse.Token, character(text, stray))
	}
	at := max(0, parse.Offset-len(parse.Token))
	return fmt.Errorf("unexpected %s at character %d", shown(parse.Token), character(text, at))
}

func shown(token string) string {
	if token == "\u00a0" {
		return "no-break space"
	}
	return token
}

// character counts from 1, as editors do.
func character(text string, at int) int {
	return utf8.RuneCountInString(text[:min(at, len(text))]) + 1
}

// undefined is about a function that is not there, by name/arity.
func undefined(signature string) error {
	name, arity, _ := strings.Cut(signature, "/")
	if arity == "0" {
		return fmt.Errorf("function not defined: %s; a path begins with a dot, a text stands in quotes", name)
	}
	return fmt.Errorf("function not defined: %s with %s argument(s), which ; separates", name, arity)
}

// otherNames are what functions are called elsewhere.
var otherNames = map[string]string{
	"len": "length", "size": "length", "count": "length", "lower": "ascii_downcase", "upper": "ascii_upcase",
	"lowercase": "ascii_downcase", "uppercase": "ascii_upcase", "tolower": "ascii_downcase",
	"toupper": "ascii_upcase", "downcase": "ascii_downcase", "upcase": "ascii_upcase", "replace": "gsub",
	"includes": "contains", "filter": "select", "strip": "trim", "tolowercase": "ascii_downcase",
	"touppercase": "ascii_upcase", "tojsonstring": "tojson", "parsejson": "fromjson", "str": "tostring",
	"string": "tostring", "int": "tonumber", "number": "tonumber", "exists": "has", "matches": "test",
	"match_regex": "test", "substring": "ltrimstr", "distinct": "unique", "uniq": "unique",
}

// called finds names, and strings, which are none.
var called = regexp.MustCompile(`"(?:\\.|[^"\\])*"|\$?\.?\b[A-Za-z_]\w*`)

// renamed puts known functions in the place of unknown ones that are called nearly the same.
func (d *dialect) renamed(text string) string {
	return called.ReplaceAllStringFunc(text, func(name string) string {
		if strings.Contains(`."$`, name[:1]) || slices.Contains(d.names(), name) {
			return name
		}
		if other, ok := otherNames[strings.ToLower(name)]; ok {
			return other
		}
		if len(name) < 4 {
			return name
		}
		if near, apart := spelling.Nearest(d.names(), name); apart <= 1+len(name)/6 {
			return near
		}
		return name
	})
}
