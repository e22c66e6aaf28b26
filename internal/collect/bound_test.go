package collect_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// builds are those of two projects on two pages, the newest first, whose times only their description tells.
func builds(c *calls) kind.Kind {
	pages := map[string]kind.Page{
		"":  {Items: items("a:4", "b:9", "a:3"), Next: "A"},
		"A": {Items: items("a:2", "b:8", "a:1")},
	}
	began := map[string]string{
		"a:4": "2026-03-04T10:00:00Z", "b:9": "2026-03-03T10:00:00.500000Z", "a:3": "2026-03-02T10:00:00Z",
		"a:2": "2026-03-01T10:00:00Z", "b:8": "2026-01-01T10:00:00Z", "a:1": "2026-01-01T10:00:00Z",
	}
	return kind.Kind{
		Name: "AWS::Test::Build", Scope: kind.Regional,
		List: func(_ context.Context, _ aws.Config, _ kind.Site, cursor string) (kind.Page, error) {
			return pages[cursor], nil
		},
		Enrich: []kind.Enrich{{
			Keys: []string{"StartTime"}, Whole: true,
			Call: kind.Each(func(_ context.Context, _ aws.Config, _ kind.Site, it kind.Item) (found, error) {
				c.note(it.Key)
				return found{"StartTime": began[it.Key]}, nil
			}),
		}},
		History: &kind.History{At: "StartTime", Of: func(it kind.Item) string { return it.Key[:1] }},
	}
}

func TestAHistoryIsReadWithinItsBound(t *testing.T) {
	march := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name         string
		bound        kind.Bound
		asked, known []string
	}{
		{"no bound", kind.Bound{}, []string{"a:4", "a:3", "a:2", "a:1", "b:9", "b:8"},
			[]string{"a:4", "a:3", "a:2", "a:1", "b:9", "b:8"}},
		{"the newest of each", kind.Bound{Newest: 1}, []string{"a:4", "b:9"}, []string{"a:4", "b:9"}},
		{"more than there are of one", kind.Bound{Newest: 3}, []string{"a:4", "a:3", "a:2", "b:9", "b:8"},
			[]string{"a:4", "a:3", "a:2", "b:9", "b:8"}},
		{"the last days", kind.Bound{Since: march}, []string{"a:4", "a:3", "a:2", "a:1", "b:9", "b:8"},
			[]string{"a:4", "a:3", "b:9"}},
		{"both", kind.Bound{Newest: 1, Since: march.AddDate(0, 0, 2)}, []string{"a:4", "b:9"}, []string{"a:4"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c, known calls
			got := list(t.Context(), collect.Request{Kind: builds(&c), Bound: tt.bound})
			c.want(t, tt.asked...)
			for i := range got.resources {
				switch r := &got.resources[i]; {
				case r.Whole.State == kind.Complete:
					known.note(r.Key)
				case r.Whole.Reason != collect.Beyond:
					t.Errorf("%s: %+v", r.Key, r.Whole)
				}
			}
			known.want(t, tt.known...)
			// What is beyond the bound is there: nothing may think it gone.
			if got.verdict.State != kind.Complete || len(got.resources) != 6 {
				t.Errorf("%+v with %d resources", got.verdict, len(got.resources))
			}
		})
	}
}

func TestABoundedListingThatGoesOnLaterStillCountsFromItsStart(t *testing.T) {
	var c calls
	request := collect.Request{Kind: builds(&c), Sites: sites("eu-west-1"), Reads: everyKey, Bound: kind.Bound{Newest: 1}}
	stop := make(chan struct{})
	v, cursor, err := collect.List(t.Context(), stop, aws.Config{}, request, func([]collect.Resource) error {
		close(stop)
		return nil
	})
	if err != nil || v.Reason != collect.InProgress {
		t.Fatal(v, err)
	}
	request.Cursor = cursor
	// It ends within a page, which is then to be read, and counted, again.
	ctx, cancel := context.WithCancel(t.Context())
	_, request.Cursor, err = collect.List(ctx, nil, aws.Config{}, request, func([]collect.Resource) error {
		cancel()
		return ctx.Err()
	})
	if request.Cursor != cursor || err == nil {
		t.Errorf("cursor %q after %q: %v", request.Cursor, cursor, err)
	}
	got := list(t.Context(), request)
	c.want(t, "a:4", "b:9")
	if got.verdict.State != kind.Complete || len(got.resources) != 3 {
		t.Errorf("%+v with %d resources", got.verdict, len(got.resources))
	}
}

func TestATimeThatTheListingTellsSavesTheDescription(t *testing.T) {
	var c calls
	k := builds(&c)
	list1 := k.List
	k.List = func(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
		p, err := list1(ctx, cfg, at, cursor)
		for i := range p.Items {
			p.Items[i].Properties["StartTime"] = "2026-01-01T00:00:00Z"
		}
		return p, err
	}
	got := list(t.Context(), collect.Request{Kind: k, Bound: kind.Bound{Since: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}})
	c.want(t)
	if got.verdict.State != kind.Complete || len(got.resources) != 6 {
		t.Errorf("%+v with %d resources", got.verdict, len(got.resources))
	}
}
