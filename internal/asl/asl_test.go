package asl_test

import (
	"os"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/asl"
)

var declared = []string{"RunBusy", "PortUnauthorized"}

func sound(t *testing.T) string {
	text, err := os.ReadFile("testdata/sound.asl.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestASoundMachineHasNoProblems(t *testing.T) {
	for _, p := range asl.Check([]byte(sound(t)), declared) {
		t.Error(p)
	}
}

func TestJSONIsReadToo(t *testing.T) {
	const machine = `{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"a": [1, null]}, "Next": "B"}, "B": {"Type": "Fail"}}}`
	for _, p := range asl.Check([]byte(machine), nil) {
		t.Error(p)
	}
}

// broken are mistakes: what of the sound machine is replaced, by what, and what is to be said of it.
var broken = []struct{ mistake, old, new, want string }{
	{"no YAML", "StartAt: Planned?", "StartAt: [", "yaml: line 2"},
	{"two documents", "StartAt: Planned?", "StartAt: Planned?\n---\n", "more than one document"},
	{"no object", whole, "[]", "must be an object"},
	{"a key twice", "TimeoutSeconds: 604800", "TimeoutSeconds: 604800\nTimeoutSeconds: 1", "comes twice"},
	{"a key that is no string", "Result: {}", "Result: {1: a}", "no string"},
	{"a value that JSON has not", "Result: {}", "Result: {a: 2026-11-24}", "which JSON has not"},
	{"an alias", "Result: {}", "Result: {a: &a {}, b: *a}", "alias"},
	{"a substitution without a value", "runs/{}/accounts.json", "${Prefix}/{}.json", "${Prefix}"},

	{"an unknown field of the machine", "TimeoutSeconds: 604800", "Timeout: 604800", "Timeout is not known"},
	{"JSONata", "TimeoutSeconds: 604800", "QueryLanguage: JSONata", "JSONPath"},
	{"no time at all", "TimeoutSeconds: 604800", "TimeoutSeconds: 0", "1 to"},
	{"no start", "StartAt: Planned?\n", "", "StartAt is missing"},
	{"a start nowhere", "StartAt: Planned?", "StartAt: Planned", `"Planned"`},
	{"a start of a map nowhere", "StartAt: Sync", "StartAt: Sink", `"Sink"`},
	{"a name twice", "        Done:", "        Sweep:", "comes twice"},
	{"a state that nothing leads to", "Default: Complete", "Default: Close", "nothing leads to it"},
	{"a circle without a way out", "Next: Verdict?", "Next: Later", "never comes to an end"},
	{"an unknown type", "Type: Succeed", "Type: Success", `"Success"`},
	{"no type", "    Type: Succeed\n", "    Comment: done\n", `Type ""`},

	{"a field of another type", "Type: Succeed", "Type: Succeed\n    End: true", "End is not known"},
	{"a field in lower case", "Result: {}", "result: {}", "result is not known"},
	{"a way on and an end", "Result: {}\n          End: true", "Result: {}\n          End: true\n          Next: Sync", "exactly one of Next, End"},
	{"neither", "          Result: {}\n          End: true\n", "          Result: {}\n", "exactly one of Next, End"},
	{"an end that is none", "End: true", "End: false", "must be true"},
	{"a way into another machine", "Next: Synced?", "Next: Verdict?", `"Verdict?"`},
	{"a task without a resource", "    Resource: arn:aws:lambda:eu-west-1:123456789012:function:sweep\n", "", "Resource is missing"},
	{"a resource that is no function", "function:sweep", "layer:sweep", "no ARN of a function"},
	{"a text for a number", "TimeoutSeconds: 960", `TimeoutSeconds: "960"`, "must be a number"},
	{"a heart that beats too slowly", "TimeoutSeconds: 960", "TimeoutSeconds: 960\n    HeartbeatSeconds: 1000", "less than TimeoutSeconds"},
	{"two times to wait", "TimestampPath: $.sweep.waitUntil", "TimestampPath: $.sweep.waitUntil\n    Seconds: 1", "exactly one of Seconds"},
	{"no time", "TimestampPath: $.sweep.waitUntil", `Timestamp: "2026-11-24 22:00"`, "no time such as"},
	{"a failure with two names", "ErrorPath: $.error.Error", "ErrorPath: $.error.Error\n    Error: E", "only one of Error"},

	{"a choice of nothing", "Default: Verdict?", "Default: Verdict?\n    InputPath: 1", "must be a string"},
	{"no default", "    Default: Complete\n", "", "Default is missing"},
	{"a choice that leads nowhere", "        Next: Later\n", "", "Next is missing"},
	{"a test that leads somewhere", "IsPresent: true }", "IsPresent: true, Next: Later }", "Next is not known"},
	{"an unknown comparison", "BooleanEquals: true,", "BooleanIs: true,", "BooleanIs is not known"},
	{"two comparisons", "StringEquals: failed", "StringEquals: failed\n        IsPresent: true", "exactly one comparison"},
	{"a comparison of another type", "StringEquals: failed", "StringEquals: true", "must be a string"},
	{"a comparison without a variable", "      - Variable: $.sweep.verdict\n        StringEquals: failed", "      - StringEquals: failed", "Variable is missing"},
	{"a variable that is no path", "Variable: $.sweep.verdict", "Variable: sweep.verdict", "no path"},

	{"an error that nobody gives", "[RunBusy, PortUnauthorized]", "[RunBusy, PortForbidden]", `"PortForbidden"`},
	{"an error of AWS misspelt", "States.TaskFailed", "States.TaskFail", `"States.TaskFail"`},
	{"an error that cannot be handled", "States.TaskFailed", "States.Runtime", `"States.Runtime"`},
	{"no error", "[RunBusy, PortUnauthorized]", "[]", "not empty"},
	{"all and another", "[States.ALL]", "[States.ALL, States.Timeout]", "alone, and last"},
	{"all before another", "[RunBusy, PortUnauthorized]", "[States.ALL]", "alone, and last"},
	{"an error twice", "[Lambda.TooManyRequestsException]", "[RunBusy]", "handled before"},
	{"an error after all failures", "[RunBusy, PortUnauthorized]", "[States.TaskFailed]", "has handled"},
	{"less than no attempt", "MaxAttempts: 0", "MaxAttempts: -1", "0 to"},
	{"a rate that shrinks", "BackoffRate: 1.5", "BackoffRate: 0.5", "1 to"},
	{"a delay below the first", "MaxDelaySeconds: 120", "MaxDelaySeconds: 5", "more than IntervalSeconds"},
	{"some jitter", "JitterStrategy: FULL", "JitterStrategy: SOME", "FULL, NONE"},
	{"a catch that leads nowhere", "          Next: Close\n", "", "Next is missing"},
	{"a result put into the context", "ResultPath: $.error", "ResultPath: $$.error", "no place for a result"},

	{"a path with a wildcard", "$.plan.width", "$.plan.*", "no path"},
	{"a path that does not end", "$.plan.width", "$.plan.", "no path"},
	{"a constant where a path is due", "run.$: $.plan.run", "run.$: plan", "no path"},
	{"a path where a constant is due", "run.$: $.plan.run", "run: $.plan.run", "plain text"},
	{"a key with both", "run.$: $.plan.run", "run.$: $.plan.run\n      run: a", "comes twice"},
	{"an unknown place in the context", "$$.Execution.Id", "$$.Execution.ID", "context object"},
	{"the context in a child", "account.$: $.account", "account.$: $$.Execution.Name", "in a child"},
	{"an item outside of a map", "run.$: $$.Execution.Name", "run.$: $$.Map.Item.Value", "item of a map"},
	{"an unknown function", "States.Format(", "States.Print(", "no intrinsic function"},
	{"a function without an end", ", $.plan.run)", ", $.plan.run", "do not end well"},
	{"a function with a trailing comma", ", $.plan.run)", ", )", "do not end well"},
	{"something after a function", ", $.plan.run)", ", $.plan.run) + 1", "follows the call"},
	{"a format with a place too few", "runs/{}/", "runs/", "0 places for 1 values"},

	{"a mode that is none", "Mode: DISTRIBUTED", "Mode: DISTRIBUTE", "INLINE, DISTRIBUTED"},
	{"a reader in an inline map", "ProcessorConfig: { Mode: DISTRIBUTED, ExecutionType: STANDARD }", "ProcessorConfig: { Mode: INLINE }", "Mode DISTRIBUTED"},
	{"no type of child", ", ExecutionType: STANDARD", "", "ExecutionType is missing"},
	{"children of five minutes", "ExecutionType: STANDARD", "ExecutionType: EXPRESS", "STANDARD"},
	{"a reader without a key", "          Key.$: States.Format('runs/{}/accounts.json', $.plan.run)\n", "", "exactly one of Key"},
	{"a reader of another service", "states:::s3:getObject", "states:::s3:readObject", "getObject"},
	{"another format of the list", "InputType: JSON", "InputType: JSONL", "JSON"},
	{"two limits", "MaxConcurrencyPath: $.plan.width", "MaxConcurrencyPath: $.plan.width\n    MaxConcurrency: 1", "only one of"},
	{"more than all failures", "ToleratedFailurePercentage: 100", "ToleratedFailurePercentage: 101", "0 to 100"},
	{"the old name of the processor", "ItemProcessor:", "Iterator:", "Iterator is not known"},
	{"a label with a blank", "Label: Accounts", "Label: All accounts", "no label"},
}

const whole = "the whole of it"

func TestEveryMistakeIsRefused(t *testing.T) {
	machine := sound(t)
	for _, b := range broken {
		t.Run(b.mistake, func(t *testing.T) {
			text := b.new
			if b.old != whole {
				if text = strings.Replace(machine, b.old, b.new, 1); text == machine {
					t.Fatalf("the sound machine has no %q", b.old)
				}
			}
			problems := asl.Check([]byte(text), declared)
			if !strings.Contains(strings.Join(problems, "\n"), b.want) {
				t.Errorf("got %q, want %q", problems, b.want)
			}
		})
	}
}
