package onig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// plain are the openings that this engine reads as Oniguruma does.
var plain = []string{"?:", "?>", "?=", "?!", "?<=", "?<!"}

// group consumes a group behind its opening parenthesis.
func (p *parser) group(total int) (text string, repeats bool, _ error) {
	if p.take("?#") {
		if _, closed := p.until(')'); !closed {
			return "", false, errors.New("(?# without )")
		}
		return "", false, nil
	}
	outer := p.extended
	opening, whole, err := p.opening()
	if err != nil || whole {
		return opening, false, err
	}
	inner, err := p.alternatives(total)
	if err != nil {
		return "", false, err
	}
	p.extended = outer
	if !p.take(")") {
		return "", false, errors.New("( without )")
	}
	looks := strings.HasPrefix(opening, "(?=") || strings.HasPrefix(opening, "(?!") ||
		strings.HasPrefix(opening, "(?<")
	return opening + inner + ")", !looks, nil
}

// opening consumes what tells the sort of a group; whole: there is nothing more of it.
func (p *parser) opening() (text string, whole bool, _ error) {
	for _, o := range plain {
		if p.take(o) {
			return "(" + o, false, nil
		}
	}
	switch {
	case !p.has("?"):
		p.names = append(p.names, "")
		return "(", false, nil
	case p.take("?<"):
		return "(", false, p.name('>')
	case p.take("?'"):
		return "(", false, p.name('\'')
	case p.has("?P<"):
		return "", false, errors.New("(?P<…>) is not known to jq's engine; write (?<…>)")
	case p.has("?~"):
		return "", false, &UnsupportedError{"the absence operator (?~…)", "write it with (?!…)"}
	case p.has("?1"), p.has("?&"), p.has("?R"):
		return "", false, &UnsupportedError{"recursion, (?1) or (?R)", "write the pattern out"}
	}
	return p.flags()
}

// flags consumes (?i) or (?i: behind its parenthesis. White space is dealt with here, by extended.
func (p *parser) flags() (text string, whole bool, _ error) {
	var out strings.Builder
	out.WriteString("(?")
	on := true
	for p.at++; p.at < len(p.in); {
		c := p.in[p.at]
		p.at++
		switch c {
		case '-':
			on = false
			out.WriteRune(c)
		case 'x':
			p.extended = on
		case 'i', 'm', 's':
			out.WriteRune(c)
		case ')', ':':
			text := strings.TrimSuffix(out.String(), "-")
			if c == ')' && text == "(?" {
				return "", true, nil
			}
			return text + string(c), c == ')', nil
		default:
			return "", false, fmt.Errorf("(?%c is not known", c)
		}
	}
	return "", false, errors.New("( without )")
}

func (p *parser) name(end rune) error {
	name, closed := p.until(end)
	first := []rune(name + "1")[0]
	if !closed || unicode.IsDigit(first) || strings.ContainsAny(name, "()") {
		return fmt.Errorf("%q is not the name of a group", name)
	}
	p.names = append(p.names, name)
	return nil
}

// backref is one to a group by its number, from 1.
func (p *parser) backref(number int) string {
	p.refs = append(p.refs, number)
	return fmt.Sprintf(`(?:\%d)`, number+p.shift)
}

// named consumes <name> or 'name' behind \k.
func (p *parser) named() (string, error) {
	end := '>'
	if !p.take("<") {
		if end = '\''; !p.take("'") {
			return "", errors.New(`\k without <name>`)
		}
	}
	name, closed := p.until(end)
	if !closed {
		return "", errors.New(`\k without <name>`)
	}
	if number, err := strconv.Atoi(name); err == nil {
		if number < 0 {
			number += len(p.names) + 1
		}
		if number < 1 {
			return "", fmt.Errorf(`\k<%s> refers to no group`, name)
		}
		return p.backref(number), nil
	}
	var groups []string // the last of several that share the name is tried first
	for i := len(p.names) - 1; i >= 0; i-- {
		if p.names[i] == name {
			groups = append(groups, p.backref(i+1))
		}
	}
	if groups == nil {
		return "", fmt.Errorf(`\k<%s> refers to no group`, name)
	}
	return "(?:" + strings.Join(groups, "|") + ")", nil
}
