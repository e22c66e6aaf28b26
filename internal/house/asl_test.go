package house_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/port-aws-sync/port-aws-sync/functions"
	"github.com/port-aws-sync/port-aws-sync/internal/asl"
)

const definition = "functions/run.asl.yaml"

// rendered is the state machine's definition as CloudFormation hands it to Step Functions, in a partition
// that is not aws.
func rendered(t *testing.T) []byte {
	const function = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:port-aws-sync-"
	return []byte(strings.NewReplacer("${DiscoverArn}", function+"discover", "${SyncArn}", function+"sync",
		"${SweepArn}", function+"sweep", "${Partition}", "aws-us-gov", "${StateBucket}", "state").Replace(read(t, definition)))
}

func TestTheStateMachineIsSound(t *testing.T) {
	for _, p := range asl.Check(rendered(t), errorNames(t)) {
		t.Errorf("%s: %s", definition, p)
	}
}

func TestTheStateMachineIsGivenWhatItTakes(t *testing.T) {
	taken := map[string]bool{}
	load(t, definition).walk(func(n node) {
		for _, m := range hole.FindAllStringSubmatch(n.Value, -1) {
			taken[m[1]] = true
		}
	})
	given := map[string]bool{}
	for _, name := range load(t, template).at("Resources", "Run", "Properties", "DefinitionSubstitutions").keys() {
		given[name] = true
	}
	if diff := cmp.Diff(taken, given); diff != "" {
		t.Errorf("-definition +template\n%s", diff)
	}
}

// triedAgain are the errors that may pass by themselves: no Retry of the state machine names them, so they
// are tried again as States.TaskFailed.
var triedAgain = []string{"DiscoverUnfinished", "OrganizationUnavailable", "OutOfTime", "Unexpected"}

// TestEveryErrorOfOursIsFinalOrTriedAgain: whoever declares one decides which.
func TestEveryErrorOfOursIsFinalOrTriedAgain(t *testing.T) {
	named := slices.Clone(triedAgain)
	load(t, definition).walk(func(n node) {
		for _, name := range n.at("ErrorEquals").list() {
			named = append(named, name.Value)
		}
	})
	declared := errorNames(t)
	for _, name := range declared {
		if !slices.Contains(named, name) {
			t.Errorf("%s names no error %s, and it is not among those that are tried again", definition, name)
		}
	}
	for _, name := range triedAgain {
		if !slices.Contains(declared, name) {
			t.Errorf("%s is tried again, and nobody gives it", name)
		}
	}
}

// contracts are the events and answers of the functions.
var contracts = map[string]struct{ takes, gives reflect.Type }{
	"discover": {reflect.TypeFor[functions.DiscoverEvent](), reflect.TypeFor[functions.DiscoverAnswer]()},
	"sync":     {reflect.TypeFor[functions.SyncEvent](), reflect.TypeFor[functions.Turn]()},
	"sweep":    {reflect.TypeFor[functions.SweepEvent](), reflect.TypeFor[functions.SweepAnswer]()},
}

// members are the names of a struct in JSON, and whether they are always there.
func members(s reflect.Type) map[string]bool {
	all := map[string]bool{}
	for f := range fieldsOf(s) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		all[name] = !strings.Contains(options, "omit")
	}
	return all
}

func fieldsOf(s reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for _, f := range reflect.VisibleFields(s) {
			if !f.Anonymous && !yield(f) {
				return
			}
		}
	}
}

// tasks are the states of the machine that call a function, with the function's name.
func tasks(t *testing.T) map[node]string {
	var doc yaml.Node
	if err := yaml.Unmarshal(rendered(t), &doc); err != nil {
		t.Fatal(err)
	}
	all := map[node]string{}
	node{doc.Content[0]}.walk(func(n node) {
		if n.at("Type").text() == "Task" {
			all[n] = regexp.MustCompile(`[a-z]+$`).FindString(n.at("Resource").text())
		}
	})
	return all
}

func TestTheStateMachineSendsWhatFunctionsTake(t *testing.T) {
	called := map[string]bool{}
	for task, name := range tasks(t) {
		called[name] = true
		takes := members(contracts[name].takes)
		for _, key := range task.at("Parameters").keys() {
			if _, known := takes[strings.TrimSuffix(key, ".$")]; !known {
				t.Errorf("%s:%d: %s does not take %s", definition, task.Line, name, key)
			}
		}
	}
	if len(called) != len(contracts) {
		t.Errorf("it calls %v", called)
	}
}

// TestTheStateMachineReadsWhatFunctionsGive: a path to nothing ends an execution with States.Runtime, which
// no state can catch.
func TestTheStateMachineReadsWhatFunctionsGive(t *testing.T) {
	gives := map[string]map[string]bool{} // by ResultPath
	for task, name := range tasks(t) {
		if at := task.at("ResultPath").text(); at != "" {
			gives[at] = members(contracts[name].gives)
		}
	}
	read := regexp.MustCompile(`^(\$\.\w+)\.(\w+)$`)
	load(t, definition).walk(func(n node) {
		for _, v := range n.pairs {
			m := read.FindStringSubmatch(v.text())
			if m == nil || m[1] == "$.error" {
				continue
			}
			always, known := gives[m[1]][m[2]]
			if !known {
				t.Errorf("%s:%d: nobody gives %s", definition, v.Line, v.Value)
			}
			if n.at("BooleanEquals").Node != nil && !always {
				t.Errorf("%s:%d: %s is not always there", definition, v.Line, v.Value)
			}
		}
	})
}

// TestTheChildrenReadWhatTheyAreGiven: an account's execution knows what ItemSelector hands over, and what its
// own states add.
func TestTheChildrenReadWhatTheyAreGiven(t *testing.T) {
	first := regexp.MustCompile(`^\$\.(\w+)`)
	load(t, definition).walk(func(n node) {
		child := n.at("ItemProcessor")
		var given []string
		for _, key := range n.at("ItemSelector").keys() {
			given = append(given, strings.TrimSuffix(key, ".$"))
		}
		child.walk(func(n node) {
			if m := first.FindStringSubmatch(n.at("ResultPath").text()); m != nil {
				given = append(given, m[1])
			}
		})
		child.walk(func(n node) {
			if m := first.FindStringSubmatch(n.Value); m != nil && !slices.Contains(given, m[1]) {
				t.Errorf("%s:%d: nobody gives %s, only %q", definition, n.Line, n.Value, given)
			}
		})
	})
}
