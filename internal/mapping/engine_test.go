package mapping_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
)

func TestMapLeavesTheResourceAsItIs(t *testing.T) {
	const text = `{"Id": "x", "Properties": {"L": [{"k": "1"}, {"k": "2"}], "T": {"a": [3, 1, 2]}}}`
	b := block(t, `{"query": ".Properties.T.a |= sort | true"}`, `{"itemsToParse": ".Properties.L",
		"entity": {"mappings": {"identifier": ".item.k", "blueprint": "'b'",
		"title": ".Properties.T.a[0] = 9 | del(.Properties) | .Id",
		"properties": {"t": ".Properties.T", "u": ".Properties.T | .a += [4]",
			"w": "[.. | numbers] | map(. + 1)"}}}}`)
	resource := object(t, text)
	first := b.Map(t.Context(), resource, nil)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				if got := b.Map(t.Context(), resource, nil); !reflect.DeepEqual(first, got) {
					t.Error("differs when concurrent")
				}
			}
		})
	}
	wait.Wait()
	if diff := gocmp.Diff(object(t, text), resource); diff != "" || len(first.Entities) != 2 {
		t.Error(first.Err, diff)
	}
}

// What changes values in jq must not touch those that other goroutines read. Most of what this test
// finds, it finds with -race.
func TestProgramsThatChangeValuesHaveTheirOwn(t *testing.T) {
	resource := object(t, `{"Id": "x", "Properties": {"L": [{"k": "1", "n": [3, 1]}, {"k": "2"}],
		"T": {"a": [3, 1, 2], "b": {}}}}`)
	for _, program := range []string{
		`del(.Properties.T.a)`, `delpaths([["Properties", "L", 0]])`,
		`.Properties | map_values(select(type == "array"))`,
		`.Properties.T |= empty`, `.Properties.T.a += empty`, `.Properties.T.a //= empty`,
		`(.Properties.L[] | .n) |= empty`,
		`walk(if type == "number" then empty else . end)`, `.Properties | with_entries(select(.key == "T"))`,
		`{a: {b: {c: 1}}} | del(.x)`, `{a: {b: {c: 1}}} | map_values(.)`, `[1, {a: [2]}] | del(.[5])`,
		`def f: del(.Id); f`,
		`[1 | truncate_stream([[0], 1], [[1, 0], 2], [[1]])]`, `fromstream(tostream)`, `pick(.Properties.T.a)`,
		`.Properties.T = 1`, `.Properties.L[0].k = "3"`, `setpath(["Properties", "T", "a"]; 1)`,
		`to_entries`, `.Properties.T * {a: 1}`,
		`.Properties.L | sort_by(.k) | reverse`, `[.Properties.T.a, [1]] | add`,
		`.Properties.T.a | sort, unique`, `[..] | flatten`,
		`reduce .Properties.L[] as $x (.Properties; .T += $x | del(.b))`, `.Properties.L | group_by(.k)`,
		`.Id | sub("x"; empty)`,
	} {
		b := blockOf(t, `, "properties": {"p": `+quote(program)+`, "all": "."}`)
		want := ""
		var wait sync.WaitGroup
		if got := b.Map(t.Context(), resource, nil); got.Err != nil {
			t.Errorf("%s: %v", program, got.Err)
		} else if body, _, err := got.Entities[0].Encode(); err != nil {
			t.Errorf("%s: %v", program, err)
		} else {
			want = string(body)
		}
		for range 4 {
			wait.Go(func() {
				for range 10 {
					for _, e := range b.Map(t.Context(), resource, nil).Entities {
						if body, _, _ := e.Encode(); string(body) != want {
							t.Errorf("%s: %s, want %s", program, body, want)
						}
					}
				}
			})
		}
		wait.Wait()
	}
}

func TestAProgramThatDoesNotEndIsStopped(t *testing.T) {
	b := blockOf(t, `, "properties": {"p": "if .loop then def f: f; f else 1 end"}`)
	spin, calm := object(t, `{"Id": "x", "loop": true}`), object(t, `{"Id": "x"}`)
	start := time.Now()
	for range 3 {
		got := b.Map(t.Context(), spin, nil)
		if got.Err == nil || got.Err.Reason != "the program ran longer than 1s" {
			t.Fatal(got)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Error("three evaluations took", took)
	}
	got := b.Map(t.Context(), calm, nil)
	if got.Err == nil || !strings.Contains(got.Err.Reason, "not tried any more") {
		t.Error("a program that timed out three times goes on:", got)
	}
	if len(got.Entities) > 0 {
		t.Error("an entity without what the program would have said")
	}
}

func TestTheCallersEndIsNotTheProgramsFault(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("run is over")
	cancel(over)
	b := blockOf(t, `, "title": ".Id + \"\""`)
	for range 5 {
		if got := b.Map(ctx, object(t, `{"Id": "x"}`), nil); got.Err == nil || !errors.Is(got.Err, over) {
			t.Fatal(got)
		}
	}
	if got := b.Map(t.Context(), object(t, `{"Id": "x"}`), nil); got.Err != nil {
		t.Error(got.Err)
	}
}

func TestTheCallersDeadlineIsNotTheProgramsTimeOut(t *testing.T) {
	b := blockOf(t, `, "properties": {"p": [1, "if .loop then def f: f; f else 1 end"]}`)
	for range 4 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		got := b.Map(ctx, object(t, `{"Id": "x", "loop": true}`), nil)
		cancel()
		if got.Err == nil || !errors.Is(got.Err, context.DeadlineExceeded) {
			t.Fatal(got)
		}
	}
	if got := b.Map(t.Context(), object(t, `{"Id": "x"}`), nil); got.Err != nil {
		t.Error(got.Err)
	}
}

func TestAResultIsBoundedInSizeAndDepth(t *testing.T) {
	for program, reason := range map[string]string{
		`"x" * 2000000`:                                "the result is larger than 1048576 bytes",
		`[range(20) | "x" * 99999]`:                    "the result is larger than 1048576 bytes",
		`reduce range(1000) as $i (null; [.])`:         "the result is nested too deep",
		`reduce range(1000) as $i (null; {a: .})`:      "the result is nested too deep",
		`[range(300) | {key: ("k" * 9999), value: .}]`: "the result is larger than 1048576 bytes",
	} {
		b := blockOf(t, `, "properties": {"p": `+quote(program)+`}`)
		got := b.Map(t.Context(), object(t, `{"Id": "x"}`), nil)
		if got.Err == nil || got.Err.Reason != reason || len(got.Entities) > 0 {
			t.Errorf("%s: %v", program, got.Err)
		}
	}
}

func TestOneLeafTooLargeFailsThePropertyWhateverElseFails(t *testing.T) {
	b := blockOf(t, `, "properties": {"p": [".Id.x", "\"x\" * 2000000"]}`)
	if got := b.Map(t.Context(), object(t, `{"Id": "x"}`), nil); got.Err == nil || len(got.Entities) > 0 {
		t.Error(got)
	}
}
