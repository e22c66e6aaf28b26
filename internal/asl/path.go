package asl

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A path leads to one value: no wildcard, filter or slice, which also moto and Step Functions read differently.
var (
	step      = `(?:\.[A-Za-z_][\w-]*|\['[^'\]]+'\]|\[\d+\])`
	reference = regexp.MustCompile(`^\$` + step + `*$`)
	context   = regexp.MustCompile(`^\$\$\.(?:Execution\.(?:Id|Name|RoleArn|StartTime|RedriveCount|RedriveTime|Input` + step + `*)` +
		`|StateMachine\.(?:Id|Name)|State\.(?:Name|EnteredTime|RetryCount)|Task\.Token|Map\.Item\.(?:Index|Key|Source|Value` + step + `*))$`)
)

// intrinsics are the language's functions, with how many arguments they take at least and at most.
var intrinsics = map[string][2]int{
	"Array": {0, 99}, "ArrayContains": {2, 2}, "ArrayGetItem": {2, 2}, "ArrayLength": {1, 1}, "ArrayPartition": {2, 2},
	"ArrayRange": {3, 3}, "ArrayUnique": {1, 1}, "Base64Decode": {1, 1}, "Base64Encode": {1, 1}, "Format": {1, 99},
	"Hash": {2, 2}, "JsonMerge": {3, 3}, "JsonToString": {1, 1}, "MathAdd": {2, 2}, "MathRandom": {2, 3},
	"StringSplit": {2, 2}, "StringToJson": {1, 1}, "UUID": {0, 0},
}

// path is a rule for a string that says where a value is: in the input, or in the context object.
func path(c *checker, at place, v *yaml.Node) {
	text(c, at, v)
	c.path(at, v, v.Value)
}

func (c *checker) path(at place, v *yaml.Node, s string) {
	switch {
	case strings.HasPrefix(s, "$$"):
		switch {
		case !context.MatchString(s):
			c.complain(v, at, "%q leads to nothing in the context object", s)
		case at.child:
			c.complain(v, at, "%q is another thing in a child: hand it over in ItemSelector", s)
		case strings.HasPrefix(s, "$$.Map.") && !at.item:
			c.complain(v, at, "%q is something for an item of a map only", s)
		}
	case !reference.MatchString(s):
		c.complain(v, at, "%q is no path to one value, such as $.plan.run", s)
	}
}

func pathOrNull(c *checker, at place, v *yaml.Node) {
	if v.Tag != "!!null" {
		path(c, at, v)
	}
}

// referenceOrNull is a rule for where to put a result.
func referenceOrNull(c *checker, at place, v *yaml.Node) {
	if v.Tag == "!!null" {
		return
	}
	if text(c, at, v); !reference.MatchString(v.Value) || strings.Contains(v.Value, "[") {
		c.complain(v, at, "%q is no place for a result, such as $.plan", v.Value)
	}
}

// payload is a rule for an object that is made of paths (keys that end in .$) and of constants.
func payload(c *checker, at place, v *yaml.Node) {
	if v.Kind != yaml.MappingNode {
		c.complain(v, at, "this must be an object")
		return
	}
	c.template(at, v)
}

func (c *checker) template(at place, v *yaml.Node) {
	for k, w := range pairs(v) {
		name, dynamic := strings.CutSuffix(k.Value, ".$")
		switch {
		case dynamic && field(v, name) != nil:
			c.complain(k, at, "%s comes twice, with and without .$", name)
		case dynamic && (w.Kind != yaml.ScalarNode || w.Tag != "!!str"):
			c.complain(w, at, "%s must be a path", k.Value)
		case dynamic:
			c.expression(at, w)
		case w.Kind == yaml.ScalarNode && (strings.HasPrefix(w.Value, "$.") || strings.HasPrefix(w.Value, "$$.") ||
			strings.HasPrefix(w.Value, "States.")):
			c.complain(w, at, "%s is plain text, since the key %s does not end in .$", w.Value, k.Value)
		default:
			c.template(at, w)
		}
	}
	if v.Kind == yaml.SequenceNode {
		for _, e := range v.Content {
			c.template(at, resolved(e))
		}
	}
}

// expression checks a path or a call of an intrinsic function.
func (c *checker) expression(at place, v *yaml.Node) {
	if !strings.HasPrefix(v.Value, "States.") {
		c.path(at, v, v.Value)
		return
	}
	if rest, ok := c.call(at, v, v.Value); ok && rest != "" {
		c.complain(v, at, "%q follows the call of an intrinsic function", rest)
	}
}

var (
	callee   = regexp.MustCompile(`^States\.(\w+)\(\s*`)
	literal  = regexp.MustCompile(`^(?:'(?:[^'\\]|\\.)*'|-?\d+(?:\.\d+)?|true|false|null)`)
	variable = regexp.MustCompile(`^\$[^,()\s]*`)
)

// call reads a call from the beginning of s, and returns what follows it.
func (c *checker) call(at place, v *yaml.Node, s string) (rest string, ok bool) {
	m := callee.FindStringSubmatch(s)
	if m == nil {
		c.complain(v, at, "%q is no call of an intrinsic function", s)
		return "", false
	}
	arity, known := intrinsics[m[1]]
	if !known {
		c.complain(v, at, "States.%s is no intrinsic function", m[1])
		return "", false
	}
	args, rest, ok := c.arguments(at, v, s[len(m[0]):])
	if ok && (len(args) < arity[0] || len(args) > arity[1]) {
		c.complain(v, at, "States.%s does not take %d arguments", m[1], len(args))
	}
	if ok && m[1] == "Format" && len(args) > 0 && strings.Count(args[0], "{}") != len(args)-1 {
		c.complain(v, at, "States.Format has %d places for %d values", strings.Count(args[0], "{}"), len(args)-1)
	}
	return rest, ok
}

// arguments reads up to the closing parenthesis.
func (c *checker) arguments(at place, v *yaml.Node, s string) (args []string, rest string, ok bool) {
	for !strings.HasPrefix(s, ")") {
		before := s
		switch {
		case literal.MatchString(s):
			s = s[len(literal.FindString(s)):]
		case strings.HasPrefix(s, "$"):
			p := variable.FindString(s)
			c.path(at, v, p)
			s = s[len(p):]
		case strings.HasPrefix(s, "States."):
			if s, ok = c.call(at, v, s); !ok {
				return nil, "", false
			}
		default:
			c.complain(v, at, "%q is no argument", s)
			return nil, "", false
		}
		args = append(args, before[:len(before)-len(s)])
		s = strings.TrimLeft(s, " ")
		comma := strings.HasPrefix(s, ",")
		s = strings.TrimLeft(strings.TrimPrefix(s, ","), " ")
		if closing := strings.HasPrefix(s, ")"); comma == closing {
			c.complain(v, at, "its arguments do not end well before %q", s)
			return nil, "", false
		}
	}
	return args, s[1:], true
}
