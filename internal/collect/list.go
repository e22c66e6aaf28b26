package collect

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// Reasons of an unread cell.
const (
	InProgress    = "InProgress"    // stopped behind a page; its cursor says where
	CursorExpired = "CursorExpired" // the cursor it was to go on from is refused
)

// Request asks for one cell of an account.
type Request struct {
	Kind    kind.Kind
	Sites   []kind.Site           // where to ask; a global kind tries the next where one is refused
	Options []string              // includeActions of all blocks of the kind
	Reads   func(key string) bool // may any program read this key of Properties?
	Cursor  string                // where an earlier invocation stopped; "" = at the start
	Reveal  bool                  // leave in what may be secret
	Bound   kind.Bound            // of a kind with a history
}

// Resource is one listed item with all that was asked about it.
type Resource struct {
	kind.Item
	Site  kind.Site
	Gone  bool         // the service says that it does not exist, though it was listed
	Whole kind.Verdict // not Complete: why nothing is known but that it is there

	kind  kind.Kind
	parts []part // by enrichment
}

// part is what one enrichment gave.
type part struct {
	asked  bool
	gone   bool // the service says that the item does not exist
	answer map[string]any
	unread kind.Verdict // not Complete: why its keys are unread
}

// View is the raw object as a block with these options sees it, and the Properties keys in it that
// could not be read.
func (r *Resource) View(options []string) (object map[string]any, unread []string) {
	properties := maps.Clone(r.Properties)
	if properties == nil {
		properties = map[string]any{}
	}
	for i, e := range r.kind.Enrich {
		p := r.parts[i]
		if !p.asked || e.Option != "" && !slices.Contains(options, e.Option) {
			continue
		}
		if p.unread.State != kind.Complete {
			unread = append(unread, e.Keys...)
			continue
		}
		maps.Copy(properties, p.answer)
	}
	return r.kind.Resource(r.Site, r.Item, properties), unread
}

// Unread lists the verdicts of what could not be read of the resource, by enrichment.
func (r *Resource) Unread() (verdicts []kind.Verdict) {
	if r.Whole.State != kind.Complete {
		return []kind.Verdict{r.Whole}
	}
	for _, p := range r.parts {
		if p.asked && p.unread.State != kind.Complete {
			verdicts = append(verdicts, p.unread)
		}
	}
	return verdicts
}

// List reads a cell from its cursor on, calls page for each page, and says how far it came. When
// stop is closed it ends behind the page it is at; the cursor is then where to go on, and the
// verdict is Unread. An error of page or of ctx ends it and is returned, with the cursor of the page that
// was not taken.
func List(ctx context.Context, stop <-chan struct{}, cfg aws.Config, r Request, page func([]Resource) error) (
	v kind.Verdict, cursor string, err error,
) {
	var last kind.Verdict
	for _, site := range r.Sites {
		cfg.Region = site.Region
		c := cell{Request: r, cfg: cfg, site: site, seen: map[string]bool{}, counted: map[string]int{}, verdict: kind.Verdict{State: kind.Complete}}
		v, cursor, err = c.list(ctx, stop, page)
		if err != nil || c.pages > 0 || v.State != kind.Denied && v.State != kind.Unsupported {
			return v, cursor, err
		}
		if last.State == "" { // the first refusal is the one to tell
			last = v
		}
	}
	return last, "", nil
}

// cell is one listing under way.
type cell struct {
	Request
	cfg     aws.Config
	site    kind.Site
	pages   int
	seen    map[string]bool // cursors that were asked for
	verdict kind.Verdict    // of the items so far
	bulk    []*bulk         // by enrichment
	counted map[string]int  // items so far, by what they are of
}

func (c *cell) list(ctx context.Context, stop <-chan struct{}, page func([]Resource) error) (kind.Verdict, string, error) {
	cursor := c.begin()
	for {
		at := c.place(cursor)
		select {
		case <-stop:
			return kind.Verdict{State: kind.Unread, Reason: InProgress}, at, nil
		default:
		}
		c.seen[cursor] = true
		p, err := c.Kind.List(ctx, c.cfg, c.site, cursor)
		if err != nil {
			if lack := ctx.Err(); lack != nil {
				return kind.Verdict{}, at, lack
			}
			v := access.Judge(err)
			if c.pages == 0 && cursor != "" && v.State == kind.Failed && refused(err) {
				v = kind.Verdict{State: kind.Unread, Reason: CursorExpired, Message: v.Message}
			}
			return v, "", nil
		}
		c.pages++
		var rest []kind.Item
		p.Items, rest = c.part(p.Items)
		resources := c.bound(c.enrich(ctx, p), rest)
		if err := ctx.Err(); err != nil {
			return kind.Verdict{}, at, err // what is missing is missing for lack of time only
		}
		for i := range resources {
			if u := resources[i].Unread(); len(u) > 0 && u[0].Reason != Beyond && c.verdict.State == kind.Complete {
				c.verdict = kind.Verdict{State: kind.Listed, Reason: u[0].Reason, Message: u[0].Message}
			}
		}
		if err := page(resources); err != nil {
			return kind.Verdict{}, at, err
		}
		switch {
		case p.Next == "":
			return c.verdict, "", nil
		case c.seen[p.Next]:
			return kind.Verdict{State: kind.Failed, Reason: "PageTokenRepeated",
				Message: "the service gave the same page token twice, so the end of the list is unknown"}, "", nil
		}
		cursor = p.Next
	}
}
