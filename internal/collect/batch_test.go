package collect_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// batches answers about many items at once: by key, and how often that key has been asked about.
func batches(c *calls, answer func(key string, times int) (kind.Answer, bool),
	fails func(keys []string) error) kind.Call {
	times := map[string]int{}
	return func(_ context.Context, _ aws.Config, _ kind.Site, its []kind.Item) (replies, error) {
		var keys []string
		for _, it := range its {
			keys = append(keys, it.Key)
		}
		c.note(strings.Join(keys, "+"))
		c.mu.Lock()
		defer c.mu.Unlock()
		if err := fails(keys); err != nil {
			return nil, err
		}
		answers := replies{}
		for _, key := range keys {
			times[key]++
			if a, ok := answer(key, times[key]); ok {
				answers[key] = a
			}
		}
		return answers, nil
	}
}

func never([]string) error { return nil }

func TestABatchThatAnswersLessThanAskedIsAskedOnceMore(t *testing.T) {
	var c calls
	good := kind.Answer{Properties: map[string]any{"Size": 1}}
	k := things(items("a", "b", "c", "d", "e"), kind.Enrich{Keys: []string{"Size"}, Whole: true, Size: 10,
		Gone: []string{"Missing"}, Call: batches(&c, func(key string, times int) (kind.Answer, bool) {
			switch key {
			case "b":
				return kind.Answer{Gone: true}, true
			case "c":
				return kind.Answer{}, false
			case "d":
				return good, times == 2
			case "e":
				return kind.Answer{Err: errDenied}, true
			}
			return good, true
		}, never)})
	got := list(t.Context(), collect.Request{Kind: k})
	c.want(t, "a+b+c+d+e", "c+d")
	if got.verdict.State != kind.Listed || got.verdict.Reason != "BatchIncomplete" {
		t.Errorf("verdict %+v", got.verdict)
	}
	for key, want := range map[string]kind.Verdict{
		"a": {State: kind.Complete}, "b": {State: kind.Complete}, "d": {State: kind.Complete},
		"c": {State: kind.Failed, Reason: "BatchIncomplete",
			Message: "the service left the item out of its answer, twice"},
		"e": {State: kind.Denied, Reason: "Denied", Message: "as asked"},
	} {
		if r := got.one(t, key); r.Whole != want || r.Gone != (key == "b") {
			t.Errorf("%s: %+v, gone %t", key, r.Whole, r.Gone)
		}
	}
}

func TestABatchThatIsRefusedForOneItemIsAskedItemByItem(t *testing.T) {
	good := func(string, int) (kind.Answer, bool) { return kind.Answer{Properties: found{"Size": 1}}, true }
	tests := []struct {
		name  string
		fails func(keys []string) error
		calls []string
		bad   map[string]kind.State
	}{
		{"one item is at fault", func(keys []string) error {
			return failIf(slices.Contains(keys, "b"), errInvalid)
		},
			[]string{"a+b", "a", "b", "c+d", "e"}, map[string]kind.State{"b": kind.Failed}},
		{"one item is gone", func(keys []string) error {
			return failIf(slices.Contains(keys, "b"), answered(400, "Missing"))
		},
			[]string{"a+b", "a", "b", "c+d", "e"}, nil},
		{"all are denied", func([]string) error { return errDenied }, []string{"a+b", "c+d", "e"},
			map[string]kind.State{"a": kind.Denied, "b": kind.Denied, "c": kind.Denied, "d": kind.Denied,
				"e": kind.Denied}},
		{"throttled", func(keys []string) error { return failIf(keys[0] == "c", errThrottle) },
			[]string{"a+b", "c+d", "e"},
			map[string]kind.State{"c": kind.Throttled, "d": kind.Throttled}},
		{"AWS fails itself", func(keys []string) error { return failIf(keys[0] == "a", errInternal) },
			[]string{"a+b", "c+d", "e"},
			map[string]kind.State{"a": kind.Failed, "b": kind.Failed}},
		{"the connection breaks", func(keys []string) error { return failIf(keys[0] == "a", errBroken) },
			[]string{"a+b", "c+d", "e"},
			map[string]kind.State{"a": kind.Failed, "b": kind.Failed}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c calls
			k := things(items("a", "b", "c", "d", "e"),
				kind.Enrich{Keys: []string{"Size"}, Whole: true, Size: 2,
					Gone: []string{"Missing"}, Call: batches(&c, good, tt.fails)})
			got := list(t.Context(), collect.Request{Kind: k})
			c.want(t, tt.calls...)
			for _, key := range []string{"a", "b", "c", "d", "e"} {
				r, want := got.one(t, key), kind.Complete
				if s, bad := tt.bad[key]; bad {
					want = s
				}
				if r.Whole.State != want || r.Gone != (tt.name == "one item is gone" && key == "b") {
					t.Errorf("%s: %+v, gone %t", key, r.Whole, r.Gone)
				}
			}
		})
	}
}

func failIf(bad bool, err error) error {
	if bad {
		return err
	}
	return nil
}

func TestBulkIsAskedOncePerCellAndCallForWhatItMisses(t *testing.T) {
	var c calls
	answer := func(key string) kind.Answer { return kind.Answer{Properties: map[string]any{"Tags": key}} }
	k, _ := listing(map[string]page{
		"eu-west-1":   {keys: []string{"a", "b"}, next: "A"},
		"eu-west-1 A": {next: "B"},
		"eu-west-1 B": {keys: []string{"c", "d", "e"}},
	})
	k.Enrich = []kind.Enrich{{
		Keys: []string{"Tags"},
		Bulk: func(_ context.Context, cfg aws.Config, at kind.Site) (replies, error) {
			c.note("bulk " + cfg.Region + " " + at.Region)
			return replies{"a": answer("bulk"), "c": answer("bulk"), "e": {Err: errDenied},
				"z": answer("bulk")}, nil
		},
		Call: batches(&c, func(key string, _ int) (kind.Answer, bool) { return answer("call"), key != "d" },
			never),
	}}
	got := list(t.Context(), collect.Request{Kind: k})
	c.want(t, "bulk eu-west-1 eu-west-1", "b", "d")
	for key, want := range map[string]seen{
		"a": {Properties: map[string]any{"Key": "a", "Tags": "bulk"}},
		"b": {Properties: map[string]any{"Key": "b", "Tags": "call"}},
		"c": {Properties: map[string]any{"Key": "c", "Tags": "bulk"}},
		"d": {Properties: map[string]any{"Key": "d"}, Unread: []string{"Tags"}}, // asked for the second time
		"e": {Properties: map[string]any{"Key": "e"}, Unread: []string{"Tags"}},
	} {
		wantSeen(t, view(got.one(t, key)), want)
	}
}

func TestOfAnEmptyCellNothingElseIsAsked(t *testing.T) {
	var c calls
	k := things(nil, kind.Enrich{
		Keys: []string{"Tags"}, Call: each(&c, "Tags", nil),
		Bulk: func(context.Context, aws.Config, kind.Site) (replies, error) {
			c.note("bulk")
			return nil, nil
		},
	})
	if got := list(t.Context(), collect.Request{Kind: k}); got.verdict.State != kind.Complete ||
		got.pages != 1 {
		t.Errorf("%+v", got)
	}
	c.want(t)
}

func TestABulkThatFailsLeavesTheKeysUnread(t *testing.T) {
	var c calls
	k, _ := listing(map[string]page{"eu-west-1": {keys: []string{"a"}, next: "A"},
		"eu-west-1 A": {keys: []string{"b"}}})
	k.Enrich = []kind.Enrich{{
		Keys: []string{"Tags"}, Call: each(&c, "Tags", nil),
		Bulk: func(context.Context, aws.Config, kind.Site) (replies, error) {
			c.note("bulk")
			return nil, errors.Join(errDenied)
		},
	}}
	got := list(t.Context(), collect.Request{Kind: k})
	c.want(t, "bulk")
	for _, key := range []string{"a", "b"} {
		wantSeen(t, view(got.one(t, key)), seen{Properties: map[string]any{"Key": key},
			Unread: []string{"Tags"}})
	}
	if got.verdict.State != kind.Listed || got.verdict.Reason != "Denied" {
		t.Errorf("%+v", got.verdict)
	}
}

func TestABatchIsOfOneParent(t *testing.T) {
	var c calls
	listed := items("a", "b", "c", "d", "e")
	for i, parent := range []string{"one", "two", "one", "one", "two"} {
		listed[i].Parent = parent
	}
	got := list(t.Context(), collect.Request{Kind: things(listed, kind.Enrich{
		Keys: []string{"Size"}, Size: 2,
		Call: func(_ context.Context, _ aws.Config, _ kind.Site, items []kind.Item) (replies, error) {
			asked, answers := items[0].Parent, replies{}
			for _, it := range items {
				asked += " " + it.Key
				answers[it.Key] = kind.Answer{Properties: found{"Size": it.Parent}}
			}
			c.note(asked)
			return answers, nil
		},
	})})
	c.want(t, "one a c", "one d", "two b e")
	if got.verdict.State != kind.Complete {
		t.Errorf("%+v", got.verdict)
	}
}

func TestOneItemAloneIsNotAskedAboutInBulk(t *testing.T) {
	for keys, want := range map[string]string{"a": "Tags a", "a b": "bulk"} {
		var c calls
		got := list(t.Context(), collect.Request{Kind: things(items(strings.Fields(keys)...), kind.Enrich{
			Keys: []string{"Tags"}, Call: each(&c, "Tags", nil),
			Bulk: func(context.Context, aws.Config, kind.Site) (replies, error) {
				c.note("bulk")
				return replies{"a": {}, "b": {}}, nil
			},
		})})
		c.want(t, want)
		if got.verdict.State != kind.Complete {
			t.Errorf("%+v", got.verdict)
		}
	}
}

func TestSecretsAreHiddenFromMappingsUnlessRevealed(t *testing.T) {
	kindOf := func() kind.Kind {
		listed := items("a")
		listed[0].Properties["Environment"] = found{"Variables": found{"TOKEN": "s3cret"}}
		k := things(listed, kind.Enrich{Keys: []string{"Containers"},
			Call: kind.Each(func(context.Context, aws.Config, kind.Site, kind.Item) (found, error) {
				return found{"Containers": []any{found{"environment": []any{found{"name": "TOKEN", "value": "s3cret"}}}}}, nil
			})})
		k.Secrets = []string{"Environment.Variables.*", "Containers[].environment[].value"}
		return k
	}
	for reveal, value := range map[bool]string{false: "***", true: "s3cret"} {
		got := list(t.Context(), collect.Request{Kind: kindOf(), Reveal: reveal})
		wantSeen(t, view(got.one(t, "a")), seen{Properties: found{
			"Key": "a", "Environment": found{"Variables": found{"TOKEN": value}},
			"Containers": []any{found{"environment": []any{found{"name": "TOKEN", "value": value}}}},
		}})
	}
}
