package onig

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// escape consumes what stands behind a backslash outside of a class.
func (p *parser) escape(total int) (text string, repeats bool, err error) {
	if p.at == len(p.in) {
		return "", false, errors.New(`a \ at the end`)
	}
	c := p.in[p.at]
	switch c {
	case 'b', 'B':
		p.at++
		return boundary(c == 'b'), true, nil
	case 'A', 'Z', 'z', 'G':
		p.at++
		return `\` + string(c), true, nil
	case 'R':
		p.at++
		return `(?>\r\n|[\n-\r\x85\u2028\u2029])`, true, nil
	case 'X':
		p.at++
		return `(?>\r\n|\P{M}\p{M}*|[\s\S])`, true, nil
	case 'N':
		p.at++
		return `[^\n]`, true, nil
	case 'O':
		p.at++
		return `[\s\S]`, true, nil
	case 'K', 'y', 'Y':
		return "", false, &UnsupportedError{`\` + string(c), "say it with look-behind, (?<=…), or look-ahead, (?=…)"}
	case 'k':
		p.at++
		text, err = p.named()
		return text, true, err
	case 'g':
		if p.at+1 < len(p.in) && strings.ContainsRune("<'", p.in[p.at+1]) {
			return "", false, &UnsupportedError{`the call \g<…>`, "write the pattern out"}
		}
	case 'Q':
		p.at++
		return p.verbatim(), false, nil
	case 'E':
		p.at++
		return "", false, nil
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if number := p.number(); number <= 9 || number <= total {
			p.at += len(strconv.Itoa(number))
			return p.backref(number), true, nil
		}
	}
	text, err = p.member()
	return text, true, err
}

// number is the one that is next, without consuming it.
func (p *parser) number() int {
	end := p.at
	for end < len(p.in) && end < p.at+4 && '0' <= p.in[end] && p.in[end] <= '9' {
		end++
	}
	n, err := strconv.Atoi(string(p.in[p.at:end]))
	if err != nil {
		return 0
	}
	return n
}

// verbatim consumes what \Q begins and \E ends.
func (p *parser) verbatim() string {
	var out strings.Builder
	for p.at < len(p.in) && !p.take(`\E`) {
		out.WriteString(literal(p.in[p.at]))
		p.at++
	}
	return out.String()
}

// boundary is \b, or \B: this engine's own knows fewer letters.
func boundary(yes bool) string {
	word := "[" + wordClass + "]"
	if yes {
		return "(?:(?<=" + word + ")(?!" + word + ")|(?<!" + word + ")(?=" + word + "))"
	}
	return "(?:(?<=" + word + ")(?=" + word + ")|(?<!" + word + ")(?!" + word + "))"
}

// controlChars are what some letters stand for.
var controlChars = map[rune]rune{'t': '\t', 'n': '\n', 'r': '\r', 'f': '\f', 'a': '\a', 'e': 0x1b}

// char consumes an escaped single character.
func (p *parser) char() (rune, error) {
	c := p.in[p.at]
	p.at++
	if control, ok := controlChars[c]; ok {
		return control, nil
	}
	switch {
	case c == 'x' && p.take("{"):
		body, closed := p.until('}')
		n, err := strconv.ParseUint(body, 16, 32)
		if !closed || err != nil || !utf8.ValidRune(rune(n)) {
			return 0, fmt.Errorf(`\x{%s} is not a character`, body)
		}
		return rune(n), nil
	case c == 'x':
		return p.digits(2, 16), nil
	case '0' <= c && c <= '7':
		p.at--
		return p.digits(3, 8), nil
	case c == 'c' && p.at < len(p.in):
		p.at++
		return p.in[p.at-1] & 0x1f, nil
	default:
		return c, nil
	}
}

// digits consumes up to limit digits of a character's number.
func (p *parser) digits(limit, base int) (n rune) {
	for range limit {
		if p.at == len(p.in) {
			break
		}
		d, err := strconv.ParseUint(string(p.in[p.at]), base, 8)
		if err != nil {
			break
		}
		n = n*rune(base) + rune(d)
		p.at++
	}
	return n
}
