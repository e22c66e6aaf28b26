package house_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/functions"
	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// events are the examples, <function>-<trigger>.json.
func events(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "events", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatal("there are no events", err)
	}
	all := map[string][]byte{}
	for _, p := range paths {
		name := filepath.Base(p)
		all[name] = []byte(read(t, filepath.Join("events", name)))
	}
	return all
}

// decodedBy hands an event to a function's handler, as Lambda does, and returns what arrives.
func decodedBy[In any](t *testing.T, name string, event []byte) (in In) {
	t.Helper()
	handle := edge.Handler(slog.New(slog.DiscardHandler), func(_ context.Context, got In) (any, error) {
		in = got
		return nil, nil
	})
	if _, err := handle(t.Context(), event); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return in
}

func TestEventsAreSuchAsTheFunctionsTake(t *testing.T) {
	for name, event := range events(t) {
		function, _, _ := strings.Cut(name, "-")
		switch function {
		case "discover":
			e := decodedBy[functions.DiscoverEvent](t, name, event)
			if sources := []bool{!e.ScheduledTime.IsZero(), e.Poll, e.Execution != ""}; count(sources) != 1 {
				t.Errorf("%s comes from a tick, a poll or an execution, which is it?", name)
			}
			if e.Options != nil {
				if _, err := run.ParseOptions(e.Options, kinds.All); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		case "sync":
			e := decodedBy[functions.SyncEvent](t, name, event)
			if e.Run == "" || e.Account.ID == "" || e.Account.Role == "" || e.Account.Joined.IsZero() {
				t.Errorf("%s lacks a run or part of an account", name)
			}
		case "sweep":
			if e := decodedBy[functions.SweepEvent](t, name, event); e.Run == "" {
				t.Errorf("%s lacks a run", name)
			}
		default:
			t.Errorf("%s is for no function", name)
		}
	}
}

// TestThereIsAnEventOfEveryTrigger compares the fields: those of the tasks of the state machine, of the
// schedule and of the rule.
func TestThereIsAnEventOfEveryTrigger(t *testing.T) {
	shapes := map[string]string{}
	for task, name := range tasks(t) {
		var keys []string
		for _, key := range task.at("Parameters").keys() {
			keys = append(keys, strings.TrimSuffix(key, ".$"))
		}
		shapes[shape(name, keys)] = "the state machine"
	}
	resources := load(t, template).at("Resources")
	for _, name := range []string{"Tick", "Poll"} {
		input := resources.at("Discover", "Properties", "Events", name, "Properties", "Input").text()
		shapes[shape("discover", fieldsIn(t, []byte(input)))] = "the schedule " + name
	}
	rule := resources.at("Sweep", "Properties", "Events", "RunCannotGoOn", "Properties", "InputTransformer")
	filled := regexp.MustCompile(`<(\w+)>`).ReplaceAllStringFunc(rule.at("InputTemplate").text(), func(v string) string {
		if rule.at("InputPathsMap", strings.Trim(v, "<>")).Node == nil {
			t.Errorf("the rule does not say what %s is", v)
		}
		return `""` // EventBridge puts a string into quotation marks
	})
	shapes[shape("sweep", fieldsIn(t, []byte(filled)))] = "the rule"

	for name, event := range events(t) {
		function, _, _ := strings.Cut(name, "-")
		s := shape(function, fieldsIn(t, event))
		if shapes[s] == "" {
			t.Errorf("%s: nothing sends %s", name, s)
		}
		delete(shapes, s)
	}
	for s, by := range shapes {
		t.Errorf("there is no event %s, as %s sends it", s, by)
	}
}

func count(all []bool) (n int) {
	for _, is := range all {
		if is {
			n++
		}
	}
	return n
}

func shape(function string, keys []string) string {
	return function + " {" + strings.Join(slices.Sorted(slices.Values(keys)), ", ") + "}"
}

func fieldsIn(t *testing.T, event []byte) []string {
	t.Helper()
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(event, &fields); err != nil {
		t.Fatalf("%s: %v", event, err)
	}
	return slices.Collect(maps.Keys(fields))
}
