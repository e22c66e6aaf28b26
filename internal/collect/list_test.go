package collect_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

func TestListGivesItsVerdict(t *testing.T) {
	const eu, us = "eu-west-1", "us-east-1"
	tests := []struct {
		name    string
		pages   map[string]page
		sites   string
		cursor  string
		verdict kind.State
		reason  string
		keys    string // of the items taken in
		asked   string
	}{
		{"one page", map[string]page{eu: {keys: []string{"a"}}}, eu, "", kind.Complete, "", "a", eu},
		{"nothing", map[string]page{eu: {}}, eu, "", kind.Complete, "", "", eu},
		{"an empty page with a token does not end it",
			map[string]page{eu: {next: "A"}, eu + " A": {keys: []string{"a"}, next: "B"}, eu + " B": {}},
			eu, "", kind.Complete, "", "a", "eu-west-1|eu-west-1 A|eu-west-1 B"},
		{"from a cursor on", map[string]page{eu + " A": {keys: []string{"b"}}}, eu, "A", kind.Complete, "",
			"b", "eu-west-1 A"},
		{"an item on two pages comes twice",
			map[string]page{eu: {keys: []string{"a", "b"}, next: "A"}, eu + " A": {keys: []string{"b", "c"}}},
			eu, "", kind.Complete, "", "a b b c", "eu-west-1|eu-west-1 A"},

		{"the same page token twice",
			map[string]page{eu: {keys: []string{"a"}, next: "A"},
				eu + " A": {keys: []string{"b"}, next: "A"}},
			eu, "", kind.Failed, "PageTokenRepeated", "a b", "eu-west-1|eu-west-1 A"},
		{"page tokens in a circle",
			map[string]page{eu: {next: "A"}, eu + " A": {next: "B"},
				eu + " B": {keys: []string{"c"}, next: "A"}},
			eu, "", kind.Failed, "PageTokenRepeated", "c", "eu-west-1|eu-west-1 A|eu-west-1 B"},
		{"page tokens in a circle, begun in its middle",
			map[string]page{eu + " A": {keys: []string{"a"}, next: "B"},
				eu + " B": {keys: []string{"b"}, next: "A"}},
			eu, "A", kind.Failed, "PageTokenRepeated", "a b", "eu-west-1 A|eu-west-1 B"},

		{"denied", map[string]page{eu: {err: errDenied}}, eu, "", kind.Denied, "Denied", "", eu},
		{"throttled", map[string]page{eu: {err: errThrottle}}, eu, "", kind.Throttled,
			"ThrottlingException", "", eu},
		{"not subscribed", map[string]page{eu: {err: errNotHere}}, eu, "", kind.Unsupported,
			"OptInRequired", "", eu},
		{"failed at AWS", map[string]page{eu: {err: errInternal}}, eu, "", kind.Failed, "InternalFailure",
			"", eu},
		{"the connection breaks", map[string]page{eu: {err: errBroken}}, eu, "", kind.Failed, "Error", "",
			eu},
		{"refused as invalid", map[string]page{eu: {err: errInvalid}}, eu, "", kind.Failed,
			"ValidationException", "", eu},
		{"denied on the second page", map[string]page{eu: {keys: []string{"a"}, next: "A"},
			eu + " A": {err: errDenied}},
			eu, "", kind.Denied, "Denied", "a", "eu-west-1|eu-west-1 A"},
		{"refused as invalid on the second page",
			map[string]page{eu: {keys: []string{"a"}, next: "A"}, eu + " A": {err: errInvalid}},
			eu, "", kind.Failed, "ValidationException", "a", "eu-west-1|eu-west-1 A"},

		{"the cursor has expired", map[string]page{eu + " A": {err: errInvalid}},
			eu, "A", kind.Unread, "CursorExpired", "", "eu-west-1 A"},
		{"denied from the cursor on is not an expired cursor", map[string]page{eu + " A": {err: errDenied}},
			eu, "A", kind.Denied, "Denied", "", "eu-west-1 A"},
		{"throttled from the cursor on is not an expired cursor",
			map[string]page{eu + " A": {err: errThrottle}},
			eu, "A", kind.Throttled, "ThrottlingException", "", "eu-west-1 A"},
		{"AWS's own failure is not an expired cursor", map[string]page{eu + " A": {err: errInternal}},
			eu, "A", kind.Failed, "InternalFailure", "", "eu-west-1 A"},
		{"a cursor of this invocation does not expire",
			map[string]page{eu + " A": {next: "B"}, eu + " B": {err: errInvalid}},
			eu, "A", kind.Failed, "ValidationException", "", "eu-west-1 A|eu-west-1 B"},

		{"the next site where one is denied", map[string]page{us: {err: errDenied},
			eu: {keys: []string{"a"}}},
			us + " " + eu, "", kind.Complete, "", "a", "us-east-1|eu-west-1"},
		{"the next site where one is not supported",
			map[string]page{us: {err: errNotHere}, eu: {keys: []string{"a"}}},
			us + " " + eu, "", kind.Complete, "", "a", "us-east-1|eu-west-1"},
		{"no other site once there was a page",
			map[string]page{us: {keys: []string{"a"}, next: "A"}, us + " A": {err: errDenied}},
			us + " " + eu, "", kind.Denied, "Denied", "a", "us-east-1|us-east-1 A"},
		{"no other site where one is throttled", map[string]page{us: {err: errThrottle}},
			us + " " + eu, "", kind.Throttled, "ThrottlingException", "", us},
		{"the first refusal is told where all refuse",
			map[string]page{us: {err: errDenied}, eu: {err: errNotHere}},
			us + " " + eu, "", kind.Denied, "Denied", "", "us-east-1|eu-west-1"},
		{"the cursor goes to the next site too", map[string]page{us + " A": {err: errDenied},
			eu + " A": {keys: []string{"b"}}},
			us + " " + eu, "A", kind.Complete, "", "b", "us-east-1 A|eu-west-1 A"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, asked := listing(tt.pages)
			got := list(t.Context(), collect.Request{Kind: k, Sites: sites(strings.Fields(tt.sites)...),
				Cursor: tt.cursor})
			if got.err != nil || got.cursor != "" {
				t.Errorf("cursor %q, %v", got.cursor, got.err)
			}
			if got.verdict.State != tt.verdict || got.verdict.Reason != tt.reason {
				t.Errorf("got %+v, want %s %s", got.verdict, tt.verdict, tt.reason)
			}
			if (got.verdict.Message == "") != (tt.verdict == kind.Complete) {
				t.Errorf("message %q", got.verdict.Message)
			}
			if keys := strings.Join(got.keys(), " "); keys != tt.keys {
				t.Errorf("items %q, want %q", keys, tt.keys)
			}
			if diff := cmp.Diff(tt.asked, strings.Join(*asked, "|")); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListThatIsStoppedSaysWhereToGoOn(t *testing.T) {
	pages := map[string]page{"eu-west-1": {keys: []string{"a"}, next: "A"},
		"eu-west-1 A": {keys: []string{"b"}}}
	stopped := kind.Verdict{State: kind.Unread, Reason: "InProgress"}
	for _, tt := range []struct {
		name, cursor string
		stopAt       int // pages
		want         kind.Verdict
		wantCursor   string
	}{
		{"behind a page", "", 1, stopped, "A"},
		{"before the first page", "", 0, stopped, ""},
		{"before it went on", "A", 0, stopped, "A"},
		{"behind the last page", "A", 1, kind.Verdict{State: kind.Complete}, ""},
	} {
		k, _ := listing(pages)
		stop, n := make(chan struct{}), 0
		if tt.stopAt == 0 {
			close(stop)
		}
		r := collect.Request{Kind: k, Sites: sites("eu-west-1", "us-east-1"), Reads: everyKey,
			Cursor: tt.cursor}
		v, cursor, err := collect.List(t.Context(), stop, aws.Config{}, r, func([]collect.Resource) error {
			if n++; n == tt.stopAt {
				close(stop)
			}
			return nil
		})
		if v != tt.want || cursor != tt.wantCursor || err != nil || n != tt.stopAt {
			t.Errorf("%s: %+v, cursor %q, %v after %d pages", tt.name, v, cursor, err, n)
		}
	}
}

func TestListEndsWithItsContext(t *testing.T) {
	pages := map[string]page{"eu-west-1": {keys: []string{"a"}, next: "A"},
		"eu-west-1 A": {keys: []string{"b"}}}
	t.Run("in a listing", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		k, _ := listing(pages)
		inner := k.List
		k.List = func(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
			if cursor == "A" {
				cancel()
				return kind.Page{}, &aws.RequestCanceledError{Err: ctx.Err()}
			}
			return inner(ctx, cfg, at, cursor)
		}
		if got := list(ctx, collect.Request{Kind: k}); !errors.Is(got.err, context.Canceled) ||
			got.cursor != "A" || got.pages != 1 {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("in an enrichment", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		k, _ := listing(pages)
		k.Enrich = []kind.Enrich{{Keys: []string{"Tags"},
			Call: func(context.Context, aws.Config, kind.Site, []kind.Item) (replies, error) {
				cancel()
				return nil, errInternal
			}}}
		if got := list(ctx, collect.Request{Kind: k}); !errors.Is(got.err, context.Canceled) ||
			got.pages != 0 {
			t.Errorf("a page that lacks something for lack of time was taken in: %+v", got)
		}
	})
}

func TestListReturnsTheErrorOfItsReader(t *testing.T) {
	k, asked := listing(map[string]page{"eu-west-1": {keys: []string{"a"}, next: "A"}})
	errFull := errors.New("full")
	r := collect.Request{Kind: k, Sites: sites("eu-west-1", "us-east-1"), Reads: everyKey}
	_, _, err := collect.List(t.Context(), nil, aws.Config{}, r,
		func([]collect.Resource) error { return errFull })
	if !errors.Is(err, errFull) || len(*asked) != 1 {
		t.Errorf("%v after %q", err, *asked)
	}
}

func TestListIsListedWhereAnItemIsUnread(t *testing.T) {
	k, _ := listing(map[string]page{
		"eu-west-1":   {keys: []string{"a", "b"}, next: "A"},
		"eu-west-1 A": {keys: []string{"c"}, next: "B"}, "eu-west-1 B": {keys: []string{"d"}},
	})
	failures := map[string]error{"b": errThrottle, "c": errDenied}
	k.Enrich = []kind.Enrich{{Keys: []string{"Tags"},
		Call: func(_ context.Context, _ aws.Config, _ kind.Site, its []kind.Item) (replies, error) {
			return replies{its[0].Key: {}}, failures[its[0].Key]
		}}}
	got := list(t.Context(), collect.Request{Kind: k})
	want := kind.Verdict{State: kind.Listed, Reason: "ThrottlingException", Message: "as asked"} // the first
	if got.verdict != want || strings.Join(got.keys(), "") != "abcd" {
		t.Errorf("%+v of %q", got.verdict, got.keys())
	}
}
