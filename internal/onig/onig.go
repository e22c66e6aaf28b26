// Package onig runs the regular expressions of jq, whose engine is Oniguruma in its Perl dialect, so
// that a pattern finds here what it finds there: classes are Unicode's, look-around and
// back-references work.
package onig

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// timeLimit bounds a search, about: this engine tries alternatives, and a pattern may have very many.
const timeLimit = 500 * time.Millisecond

// ErrTimeout says nothing of the text: it may have a match.
var ErrTimeout = fmt.Errorf("the pattern was tried for longer than %s", timeLimit)

// Regexp is a compiled pattern, safe for concurrent use.
type Regexp struct {
	re     *regexp2.Regexp
	names  []string // of the capture groups, "" for one without
	first  int      // the engine's number of the first of them
	Global bool     // flag g: all matches, not only the first
}

// Match is what a pattern or one of its groups found. Positions count characters.
type Match struct {
	Found          bool // a group may have no part in a match
	Offset, Length int
	Text           string
	Name           string // of a group that has one
	Groups         []Match
}

// UnsupportedError names something of Oniguruma that this engine lacks.
type UnsupportedError struct{ What, Instead string }

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s is not supported; %s", e.What, e.Instead)
}

// Compile takes a pattern and jq's flags: g, i, x, s, n, p and m; s changes nothing in this dialect.
func Compile(pattern, flags string) (*Regexp, error) {
	if !utf8.ValidString(pattern) {
		return nil, errors.New("the pattern is not UTF-8")
	}
	p := &parser{in: []rune(pattern)}
	r := &Regexp{first: 1}
	options := regexp2.None
	notEmpty := false
	for _, flag := range flags {
		switch flag {
		case 'g':
			r.Global = true
		case 'i':
			options |= regexp2.IgnoreCase
		case 'x':
			p.extended = true
		case 'm', 'p':
			options |= regexp2.Singleline
		case 's':
		case 'n':
			notEmpty = true
		case 'l':
			return nil, &UnsupportedError{"the flag l", "put the longest alternative first in the pattern"}
		default:
			return nil, fmt.Errorf("%q is not a flag; there are g, i, m, n, p, s and x", flag)
		}
	}
	if notEmpty {
		r.first = 2
	}
	p.shift = r.first - 1
	text, err := p.parse()
	if err != nil {
		return nil, err
	}
	if notEmpty { // the first group is all that follows: at the end of a match it must have changed
		text = `(?=([\s\S]*))(?:` + text + `)(?!\1\z)`
	}
	r.names = p.names
	if r.re, err = regexp2.Compile(text, options); err != nil {
		return nil, errors.New("not a pattern that this engine takes")
	}
	r.re.MatchTimeout = timeLimit
	return r, nil
}

// Test tells whether text has a match.
func (r *Regexp) Test(text string) (bool, error) {
	m, err := r.re.FindRunesMatch([]rune(text))
	return m != nil, explain(err)
}

// Find returns the matches in text, only the first of them unless the pattern is global. It stops
// where found says so.
func (r *Regexp) Find(text string, found func(Match) bool) error {
	runes, start := []rune(text), time.Now()
	for at := 0; at <= len(runes); {
		if time.Since(start) > timeLimit {
			return ErrTimeout
		}
		m, err := r.re.FindRunesMatchStartingAt(runes, at)
		if m == nil || err != nil {
			return explain(err)
		}
		if !found(r.match(m)) || !r.Global {
			return nil
		}
		at = m.Index + m.Length
		if m.Length > 0 {
			continue
		}
		if at < len(runes) && !r.repeat(runes[at], at+1, found) {
			return nil
		}
		at++
	}
	return nil
}

// repeat does what jq does behind an empty match before a character of several bytes: it goes on
// byte by byte, and finds an empty match again inside of the character.
func (r *Regexp) repeat(char rune, offset int, found func(Match) bool) bool {
	size := utf8.RuneLen(char)
	if size < 2 {
		return true
	}
	inside := []rune{char, utf8.RuneError, utf8.RuneError}
	m, err := r.re.FindRunesMatchStartingAt(inside, 1)
	if m == nil || err != nil || m.Index != 1 || m.Length != 0 {
		return true
	}
	again := r.match(m)
	again.Offset = offset
	for i := range again.Groups {
		if again.Groups[i].Found {
			again.Groups[i].Offset = offset
		}
	}
	for range size - 1 {
		if !found(again) {
			return false
		}
	}
	return true
}

func (r *Regexp) match(m *regexp2.Match) Match {
	found := Match{Found: true, Offset: m.Index, Length: m.Length, Text: m.String()}
	for i, name := range r.names {
		g := m.GroupByNumber(r.first + i)
		group := Match{Offset: -1, Name: name}
		if len(g.Captures) > 0 {
			group = Match{Found: true, Offset: g.Index, Length: g.Length, Text: g.String(), Name: name}
		}
		found.Groups = append(found.Groups, group)
	}
	return found
}

// explain hides the text of the engine's own errors: it quotes what was searched.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "timeout"):
		return ErrTimeout
	default:
		return errors.New("the pattern could not be tried")
	}
}
