package mapping

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// failure is a program that gave no value.
type failure struct {
	program string
	fatal   bool // says nothing of the item: a time-out, a size, an end of the run. Never a null
	err     error
}

var (
	errInput   = errors.New("input and inputs have nothing to read: a program sees one item")
	errModule  = errors.New("there are no modules to import: write the functions into the program")
	errEmpty   = errors.New("the program has no output")
	errBroken  = errors.New("the interpreter broke")
	errTimeout = fmt.Errorf("the program ran longer than %s", timeLimit)
	errStopped = fmt.Errorf("the program ran longer than %s for %d items and is not tried any more",
		timeLimit, timeoutLimit)
)

// reason is the error's text without what it quotes of the item: reasons go to logs and reports.
func (f *failure) reason() string {
	if errors.Is(f.err, errBroken) {
		return errBroken.Error()
	}
	if pattern, ok := errors.AsType[*patternError](f.err); ok && !strings.Contains(f.program, quoted(pattern.pattern)) {
		return "the regular expression that the program makes cannot be used"
	}
	text := f.err.Error()
	if said, ok := strings.CutPrefix(text, "error: "); ok {
		if strings.Contains(f.program, said) {
			return said
		}
		return "the program raised an error of its own"
	}
	text = quotedValue.ReplaceAllString(text, "$1$2")
	text = quotedArgument.ReplaceAllString(text, "$1 cannot be applied to")
	if name, _, ok := strings.Cut(text, " cannot be applied to "); ok {
		return name + " cannot be applied to this value"
	}
	return text
}

// The two ways in which gojq quotes values in its messages.
var (
	quotedValue    = regexp.MustCompile(`\b(boolean|number|string|array|object) \(.*?\)( and | by: |$)`)
	quotedArgument = regexp.MustCompile(`^(\w+)\(.*\) cannot be applied to`)
)

// quoted is text as a program has it between quotes.
func quoted(text string) string {
	encoded, err := encode(text)
	if err != nil {
		return text
	}
	return strings.Trim(string(encoded), `"`)
}
