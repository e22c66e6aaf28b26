package collect_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// things is a kind with these items on one page.
func things(its []kind.Item, enrich ...kind.Enrich) kind.Kind {
	return kind.Kind{
		Name: "AWS::Test::Thing", Scope: kind.Regional, Enrich: enrich,
		List: func(context.Context, aws.Config, kind.Site, string) (kind.Page, error) {
			return kind.Page{Items: its}, nil
		},
	}
}

// each answers about one item: what it is called, and the failure that the map has for it.
func each(c *calls, key string, failures map[string]error) kind.Call {
	return kind.Each(func(_ context.Context, _ aws.Config, _ kind.Site, it kind.Item) (found, error) {
		c.note(key + " " + it.Key)
		return map[string]any{key: key + " of " + it.Key}, failures[it.Key]
	})
}

// seen is what a block sees of a resource.
type seen struct {
	Gone       bool
	Whole      kind.State // "" = complete
	Properties map[string]any
	Unread     []string
}

func view(r *collect.Resource, options ...string) seen {
	object, unread := r.View(options)
	s := seen{Gone: r.Gone, Properties: object["Properties"].(map[string]any), Unread: unread}
	if r.Whole.State != kind.Complete {
		s.Whole = r.Whole.State
	}
	return s
}

func wantSeen(t *testing.T, got, want seen) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestNoTagsDeniedTagsAndAVanishedBucketAreDifferentFacts(t *testing.T) {
	var c calls
	k := things(items("b0", "b1", "b2", "b3", "b4"), kind.Enrich{
		Keys: []string{"Tags"}, Absent: []string{"NoSuchTagSet"}, Empty: map[string]any{"Tags": []any{}},
		Gone: []string{"NoSuchBucket"},
		Call: each(&c, "Tags", map[string]error{
			"b1": answered(404, "NoSuchTagSet"), "b2": errDenied, "b3": answered(404, "NoSuchBucket"),
			"b4": answered(503, "SlowDown"),
		}),
	})
	got := list(t.Context(), collect.Request{Kind: k})
	if got.verdict.State != kind.Listed || got.verdict.Reason != "Denied" {
		t.Errorf("verdict %+v", got.verdict)
	}
	want := map[string]seen{
		"b0": {Properties: map[string]any{"Key": "b0", "Tags": "Tags of b0"}},
		"b1": {Properties: map[string]any{"Key": "b1", "Tags": []any{}}},
		"b2": {Properties: map[string]any{"Key": "b2"}, Unread: []string{"Tags"}},
		"b3": {Properties: map[string]any{"Key": "b3"}, Gone: true},
		"b4": {Properties: map[string]any{"Key": "b4"}, Unread: []string{"Tags"}},
	}
	for key, s := range want {
		wantSeen(t, view(got.one(t, key)), s)
	}
	for key, state := range map[string]kind.State{"b2": kind.Denied, "b4": kind.Throttled} {
		if u := got.one(t, key).Unread(); len(u) != 1 || u[0].State != state {
			t.Errorf("%s is unread for %+v", key, u)
		}
	}
	for _, key := range []string{"b0", "b1", "b3"} {
		if u := got.one(t, key).Unread(); len(u) != 0 {
			t.Errorf("%s is unread for %+v", key, u)
		}
	}
}

func TestAVanishedItemLeavesItsCellComplete(t *testing.T) {
	var c calls
	k := things(items("wires", "tmp-7"), kind.Enrich{
		Keys: []string{"Size"}, Whole: true, Gone: []string{"ResourceNotFoundException"},
		Call: each(&c, "Size", map[string]error{"tmp-7": answered(400, "ResourceNotFoundException")}),
	}, kind.Enrich{Keys: []string{"Tags"}, Call: each(&c, "Tags", nil)})
	got := list(t.Context(), collect.Request{Kind: k})
	if got.verdict.State != kind.Complete || got.one(t, "wires").Gone || !got.one(t, "tmp-7").Gone {
		t.Errorf("%+v", got)
	}
}

func TestAnItemThatIsNothingWithoutItsDescriptionIsUnreadAsAWhole(t *testing.T) {
	var c calls
	k := things(items("a", "b"),
		kind.Enrich{Keys: []string{"Size"}, Whole: true,
			Call: each(&c, "Size", map[string]error{"b": errDenied})},
		kind.Enrich{Keys: []string{"Tags"}, Call: each(&c, "Tags",
			map[string]error{"a": errThrottle, "b": errThrottle})})
	got := list(t.Context(), collect.Request{Kind: k})
	a, b := got.one(t, "a"), got.one(t, "b")
	if a.Whole.State != kind.Complete || b.Whole.State != kind.Denied || got.verdict.State != kind.Listed {
		t.Errorf("a %+v, b %+v, cell %+v", a.Whole, b.Whole, got.verdict)
	}
	if u := b.Unread(); len(u) != 1 || u[0].State != kind.Denied {
		t.Errorf("b is unread for %+v", u)
	}
	if u := a.Unread(); len(u) != 1 || u[0].State != kind.Throttled {
		t.Errorf("a is unread for %+v", u)
	}
}

func TestOnlyWhatSomebodyReadsIsAsked(t *testing.T) {
	whole := func(c *calls) kind.Kind {
		return things(items("a"),
			kind.Enrich{Keys: []string{"Name", "Size"}, Call: each(c, "Size", nil)},
			kind.Enrich{Keys: []string{"Status"}, Whole: true, Call: each(c, "Status", nil)},
			kind.Enrich{Keys: []string{kind.Any}, Whole: true, Call: each(c, "All", nil)},
			kind.Enrich{Option: "TagsAction", Keys: []string{"Tags"}, Call: each(c, "Tags", nil)},
			kind.Enrich{Option: "PolicyAction", Keys: []string{"Policy"}, Call: each(c, "Policy", nil)})
	}
	tests := []struct {
		name    string
		reads   string
		options []string
		want    []string
	}{
		{"nothing is read", "", nil, []string{"All a"}},
		{"one key of several", "Size", nil, []string{"Size a", "All a"}},
		{"a key whose option is not asked for", "Tags", nil, []string{"All a"}},
		{"a key whose option is asked for", "Tags", []string{"TagsAction"}, []string{"All a", "Tags a"}},
		{"an option whose keys nobody reads", "Size", []string{"TagsAction", "PolicyAction"},
			[]string{"Size a", "All a"}},
		{"a key without which the item is nothing", "Status", nil, []string{"Status a", "All a"}},
		{"everything", "Name Tags Policy", []string{"PolicyAction", "TagsAction"},
			[]string{"Size a", "All a", "Tags a", "Policy a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c calls
			reads := func(key string) bool { return slices.Contains(strings.Fields(tt.reads), key) }
			got := list(t.Context(), collect.Request{Kind: whole(&c), Options: tt.options, Reads: reads})
			c.want(t, tt.want...)
			if _, unread := got.one(t, "a").View(tt.options); got.verdict.State != kind.Complete ||
				unread != nil {
				t.Errorf("%+v, unread is %q", got.verdict, unread)
			}
		})
	}
}

func TestABlockSeesWhatItsOptionsNameOnly(t *testing.T) {
	var c calls
	k := things(items("a", "b"),
		kind.Enrich{Keys: []string{"Size"}, Call: each(&c, "Size", nil)},
		kind.Enrich{Option: "TagsAction", Keys: []string{"Tags"},
			Call: each(&c, "Tags", map[string]error{"b": errDenied})},
		kind.Enrich{Option: "PolicyAction", Keys: []string{"Policy", "Statement"},
			Call: each(&c, "Policy", map[string]error{"b": errDenied})})
	got := list(t.Context(), collect.Request{Kind: k, Options: []string{"TagsAction", "PolicyAction"}})
	a, b := got.one(t, "a"), got.one(t, "b")
	plainA := map[string]any{"Key": "a", "Size": "Size of a"}
	plainB := map[string]any{"Key": "b", "Size": "Size of b"}
	wantSeen(t, view(a), seen{Properties: plainA})
	wantSeen(t, view(a, "TagsAction"), seen{Properties: map[string]any{"Key": "a", "Size": "Size of a",
		"Tags": "Tags of a"}})
	wantSeen(t, view(b), seen{Properties: plainB})
	wantSeen(t, view(b, "PolicyAction"), seen{Properties: plainB, Unread: []string{"Policy", "Statement"}})
	wantSeen(t, view(b, "PolicyAction", "TagsAction"),
		seen{Properties: plainB, Unread: []string{"Tags", "Policy", "Statement"}})

	object, _ := a.View(nil)
	want := map[string]any{
		"Type": "AWS::Test::Thing", "Properties": plainA,
		"__ExtraContext": map[string]any{"AccountId": "111122223333", "Region": "eu-west-1"},
	}
	if diff := cmp.Diff(want, object); diff != "" {
		t.Errorf("raw object (-want +got):\n%s", diff)
	}
	object["Properties"].(map[string]any)["Key"] = "changed by a block"
	wantSeen(t, view(a), seen{Properties: plainA})
}

func TestAnItemWithoutPropertiesOfItsOwnHasThoseOfItsEnrichments(t *testing.T) {
	var c calls
	k := things([]kind.Item{{Key: "a"}}, kind.Enrich{Keys: []string{"Size"}, Call: each(&c, "Size", nil)})
	got := list(t.Context(), collect.Request{Kind: k})
	wantSeen(t, view(got.one(t, "a")), seen{Properties: map[string]any{"Size": "Size of a"}})
}

func TestCallsAboutAnItemGoToItsOwnRegion(t *testing.T) {
	var c calls
	where := kind.Each(func(_ context.Context, cfg aws.Config, at kind.Site, it kind.Item) (found, error) {
		c.note(fmt.Sprint(it.Key, " ", cfg.Region, " ", at.Region, " ", at.Account))
		if at.Region == "me-south-1" {
			return nil, errDenied
		}
		return map[string]any{"Tags": "some"}, nil
	})
	k := things([]kind.Item{{Key: "ledger-me", Region: "me-south-1"},
		{Key: "ledger-eu", Region: "eu-west-1"}, {Key: "old"}},
		kind.Enrich{Keys: []string{"Tags"}, Call: where})
	k.Scope = kind.Global
	got := list(t.Context(), collect.Request{Kind: k, Sites: sites("us-east-1")})
	c.want(t, "ledger-me me-south-1 me-south-1 111122223333", "ledger-eu eu-west-1 eu-west-1 111122223333",
		"old us-east-1 us-east-1 111122223333")
	wantSeen(t, view(got.one(t, "ledger-me")), seen{Properties: map[string]any{}, Unread: []string{"Tags"}})
	for _, key := range []string{"ledger-eu", "old"} {
		wantSeen(t, view(got.one(t, key)), seen{Properties: map[string]any{"Tags": "some"}})
	}
	if r := got.one(t, "ledger-eu"); r.Site.Region != "us-east-1" {
		t.Errorf("its listing was in %s", r.Site.Region)
	}
}
