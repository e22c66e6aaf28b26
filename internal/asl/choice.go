package asl

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// comparisons are what a choice can ask of its Variable, without the twins that end in Path and compare
// it with another variable.
var comparisons = fields{
	"BooleanEquals": boolean,
	"IsBoolean":     boolean, "IsNull": boolean, "IsNumeric": boolean, "IsPresent": boolean, "IsString": boolean, "IsTimestamp": boolean,
	"NumericEquals": anyNumber, "NumericGreaterThan": anyNumber, "NumericGreaterThanEquals": anyNumber,
	"NumericLessThan": anyNumber, "NumericLessThanEquals": anyNumber,
	"StringEquals": text, "StringGreaterThan": text, "StringGreaterThanEquals": text,
	"StringLessThan": text, "StringLessThanEquals": text, "StringMatches": text,
	"TimestampEquals": timestamp, "TimestampGreaterThan": timestamp, "TimestampGreaterThanEquals": timestamp,
	"TimestampLessThan": timestamp, "TimestampLessThanEquals": timestamp,
}

var anyNumber = number(-1e308, 1e308)

// choice is one of the Choices, and leads somewhere.
func choice(c *checker, at place, v *yaml.Node) { test(c, at, v, true) }

// operand is a test within another, and leads nowhere.
func operand(c *checker, at place, v *yaml.Node) { test(c, at, v, false) }

func test(c *checker, at place, v *yaml.Node, outermost bool) {
	s := shape{fields: fields{"Comment": text}}
	if outermost {
		s.required = []string{"Next"}
		s.fields["Next"] = target
	}
	switch {
	case field(v, "And") != nil || field(v, "Or") != nil || field(v, "Not") != nil:
		s.fields["And"], s.fields["Or"], s.fields["Not"] = list(operand), list(operand), operand
		s.one = [][]string{{"And", "Or", "Not"}}
	default:
		s.required = append(s.required, "Variable")
		s.fields["Variable"] = path
		var names []string
		for name, check := range comparisons {
			s.fields[name] = check
			names = append(names, name)
			if !strings.HasPrefix(name, "Is") && name != "StringMatches" {
				s.fields[name+"Path"] = path
				names = append(names, name+"Path")
			}
		}
		if count(names, func(name string) bool { return field(v, name) != nil }) != 1 {
			c.complain(v, at, "it takes exactly one comparison")
		}
	}
	c.object(v, at, s)
}
