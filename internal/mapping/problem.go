package mapping

import (
	"fmt"
	"strings"
)

// Problem is one thing wrong with a config.
type Problem struct {
	Block   int    // index into resources, -1 where it concerns none
	Path    string // such as resources[2].port.entity.mappings.properties.state
	Program string // its text, where the problem is a program
	Reason  string
	Fix     string // what was most likely meant; a program here compiles. Often empty
}

func (p Problem) String() string {
	text := p.Path + ": " + p.Reason
	if p.Path == "" {
		text = p.Reason
	}
	if p.Program != "" {
		text += fmt.Sprintf(", in `%s`", p.Program)
	}
	if p.Fix != "" {
		text += fmt.Sprintf("; perhaps `%s`", p.Fix)
	}
	return text
}

// InvalidError says all that is wrong with a config: nothing of it can be used.
type InvalidError struct{ Problems []Problem }

func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return "mapping is invalid: " + strings.Join(lines, "\n")
}

// Code is the name under which the error leaves a Lambda function.
func (*InvalidError) Code() string { return "MappingInvalid" }
