package mapping

import "strings"

// requote turns a program's single-quoted strings into double-quoted ones. Text inside double
// quotes and comments stays as it is; changed is false if there was no single-quoted string.
func requote(program string) (_ string, changed bool) {
	r := requoter{in: program}
	r.code(false)
	return r.out.String(), r.changed
}

type requoter struct {
	in      string
	at      int
	out     strings.Builder
	changed bool
}

func (r *requoter) copy(n int) {
	n = min(n, len(r.in)-r.at)
	r.out.WriteString(r.in[r.at : r.at+n])
	r.at += n
}

// code copies program text to its end; one inside a string, \( … ), to its closing parenthesis.
func (r *requoter) code(inside bool) {
	for depth := 0; r.at < len(r.in); {
		switch r.in[r.at] {
		case '"':
			r.copy(1)
			r.text('"')
			continue
		case '\'':
			r.at++
			r.changed = true
			r.out.WriteByte('"')
			r.text('\'')
			continue
		case '#':
			comment, _, _ := strings.Cut(r.in[r.at:], "\n")
			r.copy(len(comment))
			continue
		case '(':
			depth++
		case ')':
			depth--
		}
		r.copy(1)
		if inside && depth < 0 {
			return
		}
	}
}

// text copies a string from behind its opening quote to its closing one, which becomes double.
func (r *requoter) text(quote byte) {
	for r.at < len(r.in) {
		switch c := r.in[r.at]; {
		case c == quote:
			r.at++
			r.out.WriteByte('"')
			return
		case strings.HasPrefix(r.in[r.at:], `\(`):
			r.copy(2)
			r.code(true)
		case quote == '\'' && strings.HasPrefix(r.in[r.at:], `\'`):
			r.at += 2
			r.out.WriteByte('\'')
		case c == '\\':
			r.copy(2)
		case c == '"':
			r.at++
			r.out.WriteString(`\"`)
		default:
			r.copy(1)
		}
	}
}
