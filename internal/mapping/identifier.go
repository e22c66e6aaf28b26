package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Port's limits, in characters.
const (
	maxIdentifier = 1000
	maxBlueprint  = 100
)

// Legal characters besides letters and digits: Port's pattern is
// ^(?!\.{1,2}$)[\p{L}0-9@_.+:\\/=-]+$ for identifiers; that of blueprints lacks the =.
const (
	identifierMarks = `@_.+:\/=-`
	blueprintMarks  = `@_.+:\/-`
)

func legal(text, marks string, limit int) bool {
	illegal := func(r rune) bool { return !legalRune(r, marks) }
	return text != "" && text != "." && text != ".." &&
		utf8.RuneCountInString(text) <= limit && strings.IndexFunc(text, illegal) < 0
}

func legalRune(r rune, marks string) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	case r < utf8.RuneSelf:
		return strings.IndexByte(marks, byte(r)) >= 0
	default:
		return unicode.IsLetter(r)
	}
}

// encodeIdentifier returns an identifier that Port takes. A legal one stays as it is. In another one
// runs of illegal characters become one _, and part of its hash is appended: different texts stay
// different, and the same text is the same in every run. Encoding twice changes nothing.
func encodeIdentifier(id string) string {
	if legal(id, identifierMarks, maxIdentifier) {
		return id
	}
	var out strings.Builder
	gap := false
	for _, r := range id {
		if !legalRune(r, identifierMarks) {
			gap = true
			continue
		}
		if gap {
			out.WriteByte('_')
			gap = false
		}
		out.WriteRune(r)
	}
	sum := sha256.Sum256([]byte(id))
	tail := "_" + hex.EncodeToString(sum[:4])
	return firstRunes(out.String(), maxIdentifier-len(tail)) + tail
}

func firstRunes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
