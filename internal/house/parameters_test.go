package house_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/edge"
)

// TestParametersAreGroupedLabelledAndExplained: the console shows groups and labels, sam deploy --guided
// asks in the order of the parameters, and both show what is said of a value that does not fit.
func TestParametersAreGroupedLabelledAndExplained(t *testing.T) {
	for _, file := range templates() {
		n := load(t, file)
		form := n.at("Metadata", "AWS::CloudFormation::Interface")
		var grouped []string
		for _, g := range form.at("ParameterGroups").list() {
			for _, p := range g.at("Parameters").list() {
				grouped = append(grouped, p.text())
			}
		}
		names := n.at("Parameters").keys()
		if diff := cmp.Diff(names, grouped); diff != "" {
			t.Errorf("%s: -parameters +groups\n%s", file, diff)
		}
		if diff := cmp.Diff(names, form.at("ParameterLabels").keys()); diff != "" {
			t.Errorf("%s: -parameters +labels\n%s", file, diff)
		}
		for k, p := range n.at("Parameters").pairs {
			if p.at("Description").text() == "" {
				t.Errorf("%s: %s has no description", file, k.Value)
			}
			if p.at("Type").text() == "String" && p.at("AllowedValues").Node == nil {
				requirePattern(t, file+": "+k.Value, p)
			}
		}
	}
}

// requirePattern wants a pattern that fits the default and the examples, and not everything.
func requirePattern(t *testing.T, name string, p node) {
	pattern, err := regexp.Compile(p.at("AllowedPattern").text())
	if err != nil || p.at("AllowedPattern").text() == "" {
		t.Errorf("%s: pattern %q: %v", name, p.at("AllowedPattern").text(), err)
		return
	}
	if d := p.at("Default"); d.Node != nil && !pattern.MatchString(d.Value) {
		t.Errorf("%s: its default %q does not fit its pattern", name, d.Value)
	}
	if pattern.MatchString("\n") || pattern.MatchString("\t") {
		t.Errorf("%s: its pattern lets anything through", name)
	}
	said := p.at("ConstraintDescription").text()
	_, examples, ok := strings.Cut(said, "for instance ")
	if p.at("NoEcho").Node != nil {
		return // an example of a secret is one somebody uses
	}
	if !ok {
		t.Errorf("%s: %q has no example", name, said)
	}
	for example := range strings.SplitSeq(examples, ", or ") {
		if !pattern.MatchString(example) {
			t.Errorf("%s: the example %q does not fit the pattern", name, example)
		}
	}
}

func TestEveryParameterDoesSomething(t *testing.T) {
	for _, file := range templates() {
		n := load(t, file)
		used := slices.Concat(n.at("Conditions").refers(), n.at("Globals").refers(), n.at("Resources").refers())
		for _, name := range n.at("Parameters").keys() {
			if !slices.Contains(used, name) {
				t.Errorf("%s: %s is asked for and not used", file, name)
			}
		}
	}
}

// TestFunctionsAreToldWhatTheyRead compares the environment in the template with the names that edge asks for.
func TestFunctionsAreToldWhatTheyRead(t *testing.T) {
	asked := map[string]bool{}
	_, _ = edge.Load(func(name string) string { asked[name] = true; return "" }) // its complaints do not matter here
	delete(asked, "STATE_DIR")                                                   // is for the one-process run
	told := map[string]bool{}
	for _, name := range load(t, template).at("Globals", "Function", "Environment", "Variables").keys() {
		told[name] = true
	}
	if diff := cmp.Diff(asked, told); diff != "" {
		t.Errorf("-edge +template\n%s", diff)
	}
	for name, f := range functionsOf(load(t, template)) {
		if f.at("Environment").Node != nil {
			t.Errorf("%s has an environment of its own", name)
		}
	}
}

// TestTheEnvironmentFitsIntoAFunction adds the longest values that the parameters let through. Lambda takes 4 KB
// in all: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
func TestTheEnvironmentFitsIntoAFunction(t *testing.T) {
	n := load(t, template)
	longest := map[string]int{
		// Of what is not a parameter: a secret's ARN, its name holding the stack's and a UUID; and a machine's.
		"PortSecret":        len("arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:-123456") + 55 + len("/port-") + 36,
		"STATE_MACHINE_ARN": len("arn:aws-us-gov:states:us-gov-west-1:123456789012:stateMachine:") + 55,
		"StateBucket":       63, "AWS::StackName": 55 + len("-read"),
	}
	for k, p := range n.at("Parameters").pairs {
		if most, err := strconv.Atoi(p.at("MaxLength").text()); err == nil {
			longest[k.Value] = most
		} else if p.at("MaxValue").Node != nil {
			longest[k.Value] = len(p.at("MaxValue").Value)
		}
	}
	size := func(without ...string) (sum int) {
		for k, v := range n.at("Globals", "Function", "Environment", "Variables").pairs {
			most, known := longest[k.Value]
			for _, name := range v.refers() {
				l, ok := longest[name]
				known = known || ok
				if !slices.Contains(without, name) {
					most = max(most, l)
				}
			}
			if !known {
				t.Fatalf("how long can %s be?", k.Value)
			}
			sum += len(k.Value) + most
		}
		return sum
	}
	// Rules let AccountRoleArns stand only without what selects accounts of an organization.
	for _, without := range [][]string{{"AccountRoleArns"}, {"OuIds", "AccountTags", "OrganizationRoleArn", "ExcludedAccounts"}} {
		if got := size(without...); got > 4096 {
			t.Errorf("without %s the environment may have %d bytes, over 4096", without, got)
		}
	}
}

// TestNamesOfRolesAreShortEnough: the description promises how long a stack's name may be.
func TestNamesOfRolesAreShortEnough(t *testing.T) {
	n := load(t, template)
	m := regexp.MustCompile(`up to (\d+) characters`).FindStringSubmatch(n.at("Description").text())
	if m == nil {
		t.Fatal("the description does not say how long a stack's name may be")
	}
	stack, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	most := map[string]int{"RoleName": 64, "FunctionName": 64, "Name": 80, "StackSetName": 128, "LogGroupName": 512}
	for k, r := range n.at("Resources").pairs {
		for p, v := range r.at("Properties").pairs {
			if limit := most[p.Value]; limit > 0 && v.Tag == "!Sub" && v.Value != "" {
				if l := stack + len(strings.ReplaceAll(v.Value, "${AWS::StackName}", "")); l > limit {
					t.Errorf("%s: %s", k.Value, fmt.Sprintf("%s may have %d characters, over %d", p.Value, l, limit))
				}
			}
		}
	}
}
