package onig

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// set is a set of characters: those of a class body of the engine, and those outside of others.
// The engine cannot say the second within a class.
type set struct {
	negated bool
	body    strings.Builder
	outside []string // bodies
}

func (s *set) add(other *set) {
	if other.negated {
		s.outside = append(s.outside, other.body.String())
		return
	}
	s.body.WriteString(other.body.String())
	s.outside = append(s.outside, other.outside...)
}

// text is the set as an atom.
func (s *set) text() string {
	body := s.body.String()
	if len(s.outside) == 0 {
		if s.negated {
			return "[^" + body + "]"
		}
		return "[" + body + "]"
	}
	var parts []string
	if body != "" {
		parts = append(parts, "["+body+"]")
	}
	for _, o := range s.outside {
		parts = append(parts, "[^"+o+"]")
	}
	any := "(?:" + strings.Join(parts, "|") + ")"
	if s.negated {
		return "(?:(?!" + any + `)[\s\S])`
	}
	return any
}

func single(c rune) *set {
	s := &set{}
	s.body.WriteString(member(c))
	return s
}

// member writes a character for a class body.
func member(c rune) string {
	if strings.ContainsRune(`\[]^-&`, c) {
		return `\` + string(c)
	}
	return string(c)
}

// class consumes one behind its opening bracket.
func (p *parser) class() (*set, error) {
	s := &set{negated: p.take("^")}
	for first := true; ; first = false {
		if p.at == len(p.in) {
			return nil, errors.New("[ without ]")
		}
		if !first && p.take("]") {
			return s, nil
		}
		if !first && p.has("&&") {
			// In this dialect both are characters, and most likely meant as more.
			p.at += 2
			s.body.WriteString(`\&`)
			continue
		}
		item, low, err := p.item()
		if err != nil {
			return nil, err
		}
		if low < 0 || !p.has("-") || p.has("-]") {
			s.add(item)
			continue
		}
		p.at++
		if p.at == len(p.in) {
			return nil, errors.New("[ without ]")
		}
		_, high, err := p.item()
		switch {
		case err != nil:
			return nil, err
		case high < 0:
			return nil, errors.New("a class ends a range in […]")
		case high < low:
			return nil, fmt.Errorf("the range %c-%c is empty", low, high)
		}
		s.body.WriteString(member(low) + "-" + member(high))
	}
}

// item consumes one of a class: a character, which then is char, or a set, and char is -1.
func (p *parser) item() (_ *set, char rune, _ error) {
	c := p.in[p.at]
	if p.has("[:") {
		if s, err := p.posix(); s != nil || err != nil {
			return s, -1, err
		}
	}
	p.at++
	if c != '\\' {
		return single(c), c, nil
	}
	if p.at == len(p.in) {
		return nil, 0, errors.New(`a \ at the end`)
	}
	if p.take("b") {
		return single('\b'), '\b', nil
	}
	start := p.at
	s, err := p.shorthand(posixWord)
	if s != nil || err != nil {
		return s, -1, err
	}
	p.at = start
	c, err = p.char()
	return single(c), c, err
}

// member consumes an escaped character or shorthand outside of a class. There, and only there, the
// case of letters matters to a shorthand even where a pattern ignores it.
func (p *parser) member() (string, error) {
	s, err := p.shorthand(wordClass)
	switch {
	case err != nil:
		return "", err
	case s != nil:
		return "(?-i:" + s.text() + ")", nil
	}
	c, err := p.char()
	return literal(c), err
}

// posix consumes [:name:]; nil if what is next only begins like it.
func (p *parser) posix() (*set, error) {
	rest := string(p.in[p.at:])
	name, _, closed := strings.Cut(rest[2:], ":]")
	if !closed || strings.ContainsAny(name, "]") {
		return nil, nil
	}
	p.at += len([]rune(name)) + 4
	bare := strings.TrimPrefix(name, "^")
	body, known := posixClasses[bare]
	if !known {
		return nil, fmt.Errorf("[:%s:] is not known", name)
	}
	s := &set{negated: bare != name}
	s.body.WriteString(body)
	return s, nil
}

// shorthand consumes the letter of one, such as \w, which is word here, or \p{Lu}; nil if what is next
// is none.
func (p *parser) shorthand(word string) (*set, error) {
	c := p.in[p.at]
	s := &set{negated: unicode.IsUpper(c)}
	switch c {
	case 'w', 'W':
		s.body.WriteString(word)
	case 'd', 'D':
		s.body.WriteString(`\p{Nd}`)
	case 's', 'S':
		s.body.WriteString(`\p{White_Space}`)
	case 'p', 'P':
		p.at++
		if !p.take("{") {
			p.at--
			return nil, nil
		}
		name, closed := p.until('}')
		if !closed {
			return nil, errors.New(`\p{ without }`)
		}
		bare := strings.TrimPrefix(name, "^")
		s.negated = s.negated != (bare != name)
		body, err := property(bare)
		s.body.WriteString(body)
		return s, err
	default:
		return nil, nil
	}
	p.at++
	return s, nil
}
