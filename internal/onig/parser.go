package onig

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// parser rewrites a pattern of Oniguruma for the engine we have. Every group becomes one without a
// name, so that groups are numbered in order and may share a name; every class is spelled out.
type parser struct {
	in       []rune
	at       int
	extended bool // white space and comments mean nothing
	depth    int
	names    []string
	shift    int   // groups before the pattern's own
	refs     []int // numbers of groups, checked at the end: a group may come later
}

const maxDepth = 200

func (p *parser) parse() (string, error) {
	total := countGroups(p.in)
	text, err := p.alternatives(total)
	if err != nil {
		return "", err
	}
	if p.at < len(p.in) {
		return "", errors.New("unmatched )")
	}
	for _, ref := range p.refs {
		if ref > len(p.names) {
			return "", fmt.Errorf(`\%d refers to no group`, ref)
		}
	}
	return text, nil
}

// countGroups counts capture groups beforehand: whether \12 is a reference or a character depends
// on their number.
func countGroups(in []rune) (n int) {
	for i := 0; i < len(in); i++ {
		switch in[i] {
		case '\\':
			i++
		case '[':
			i++
			if i < len(in) && in[i] == '^' {
				i++
			}
			if i < len(in) && in[i] == ']' {
				i++
			}
			for i < len(in) && in[i] != ']' {
				if in[i] == '\\' {
					i++
				}
				i++
			}
		case '(':
			if i+1 < len(in) && in[i+1] == '?' {
				named := i+3 < len(in) && (in[i+2] == '<' && in[i+3] != '=' && in[i+3] != '!' || in[i+2] == '\'')
				if !named {
					continue
				}
			}
			n++
		}
	}
	return n
}

func (p *parser) has(text string) bool {
	return strings.HasPrefix(string(p.in[p.at:min(len(p.in), p.at+len(text))]), text)
}

// take consumes text if it is next.
func (p *parser) take(text string) bool {
	if !p.has(text) {
		return false
	}
	p.at += len(text)
	return true
}

// until consumes what is before the next end, and end itself.
func (p *parser) until(end rune) (string, bool) {
	i := slices.Index(p.in[p.at:], end)
	if i < 0 {
		return "", false
	}
	text := string(p.in[p.at : p.at+i])
	p.at += i + 1
	return text, true
}

func (p *parser) alternatives(total int) (string, error) {
	if p.depth++; p.depth > maxDepth {
		return "", errors.New("nested too deep")
	}
	defer func(extended bool) { p.depth--; p.extended = extended }(p.extended)
	var out strings.Builder
	for {
		if err := p.sequence(&out, total); err != nil {
			return "", err
		}
		if !p.take("|") {
			return out.String(), nil
		}
		out.WriteByte('|')
	}
}

func (p *parser) sequence(out *strings.Builder, total int) error {
	for p.at < len(p.in) && p.in[p.at] != '|' && p.in[p.at] != ')' {
		if p.extended && p.blank() {
			continue
		}
		text, repeats, err := p.atom(total)
		if err != nil {
			return err
		}
		if text, err = p.quantified(text, repeats); err != nil {
			return err
		}
		out.WriteString(text)
	}
	return nil
}

// blank consumes white space or a comment.
func (p *parser) blank() bool {
	if unicode.IsSpace(p.in[p.at]) {
		p.at++
		return true
	}
	if p.in[p.at] != '#' {
		return false
	}
	for p.at < len(p.in) && p.in[p.at] != '\n' {
		p.at++
	}
	return true
}

// quantified adds the quantifiers behind an atom to it.
func (p *parser) quantified(text string, repeats bool) (string, error) {
	for first := true; ; first = false {
		for p.extended && p.at < len(p.in) && p.blank() {
		}
		quantifier, err := p.quantifier()
		if quantifier == "" || err != nil {
			return text, err
		}
		if !repeats {
			return "", errors.New("nothing that a quantifier could repeat")
		}
		if !first {
			text = "(?:" + text + ")"
		}
		text += quantifier
		switch {
		case p.take("?"):
			text += "?"
		case p.take("+"): // possessive
			text = "(?>" + text + ")"
		}
	}
}

// quantifier consumes one. A brace that is none stays.
func (p *parser) quantifier() (string, error) {
	if p.at == len(p.in) {
		return "", nil
	}
	switch c := p.in[p.at]; c {
	case '*', '+', '?':
		p.at++
		return string(c), nil
	case '{':
		start := p.at
		p.at++
		body, closed := p.until('}')
		low, high, isRange := strings.Cut(body, ",")
		if closed && digits(low) && (!isRange || high == "" || digits(high)) {
			from, errFrom := strconv.Atoi(low)
			to, errTo := strconv.Atoi(high)
			if errFrom != nil || from > 100_000 || high != "" && (errTo != nil || to > 100_000) {
				return "", errors.New("too big a number in {…}")
			}
			if high != "" && to < from {
				return "", fmt.Errorf("{%s}: the upper bound is below the lower", body)
			}
			return "{" + body + "}", nil
		}
		p.at = start
	}
	return "", nil
}

func digits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// atom consumes what a quantifier would repeat.
func (p *parser) atom(total int) (text string, repeats bool, _ error) {
	c := p.in[p.at]
	p.at++
	switch c {
	case '(':
		return p.group(total)
	case '[':
		s, err := p.class()
		if err != nil {
			return "", false, err
		}
		return s.text(), true, nil
	case '\\':
		return p.escape(total)
	case '*', '+', '?':
		return "", false, fmt.Errorf("nothing before %c that it could repeat", c)
	case '.':
		return ".", true, nil
	case '^', '$':
		return string(c), true, nil
	default:
		return literal(c), true, nil
	}
}

func literal(c rune) string {
	if strings.ContainsRune(`\*+?|{}[]()^$.# `, c) {
		return `\` + string(c)
	}
	return string(c)
}
