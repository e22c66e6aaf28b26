package collect

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// bulk is the answer of an enrichment that asks once for the whole cell.
type bulk struct {
	once    sync.Once
	answers map[string]kind.Answer
	verdict kind.Verdict
}

// wants says whether an enrichment has to be called: it was asked for, and somebody reads it.
func (c *cell) wants(e kind.Enrich) bool {
	if e.Option != "" && !slices.Contains(c.Options, e.Option) {
		return false
	}
	return e.Feeds(c.Reads)
}

// enrich asks all that is wanted about the items of a page, everything at once: the pacer decides
// what runs.
func (c *cell) enrich(ctx context.Context, page kind.Page) []Resource {
	items := page.Items
	resources := make([]Resource, len(items))
	for i, it := range items {
		c.hide(it.Properties)
		resources[i] = Resource{Item: it, Site: c.site, kind: c.Kind,
			Whole: kind.Verdict{State: kind.Complete}, parts: make([]part, len(c.Kind.Enrich))}
	}
	if c.bulk == nil {
		c.bulk = make([]*bulk, len(c.Kind.Enrich))
		for i := range c.bulk {
			c.bulk[i] = &bulk{}
		}
	}
	var g errgroup.Group
	g.SetLimit(4 * PerService * len(regionsOf(items)))
	for n, e := range c.Kind.Enrich {
		if !c.wants(e) || len(items) == 0 {
			continue
		}
		ask := &question{cell: c, Enrich: e, n: n, resources: resources}
		alone := len(items) == 1 && c.pages == 1 && page.Next == ""
		if e.Bulk != nil && !alone {
			g.Go(func() error { ask.inBulk(ctx); return nil })
			continue
		}
		for _, batch := range batches(resources, indices(len(resources)), e.Size) {
			g.Go(func() error { ask.batch(ctx, batch, true); return nil })
		}
	}
	_ = g.Wait() // every failure is an item's own
	for i := range resources {
		resources[i].settle()
	}
	return resources
}

// hide keeps secrets from the mapping, unless it was told that they are to be there.
func (c *cell) hide(properties map[string]any) {
	if !c.Reveal {
		c.Kind.Redact(properties)
	}
}

// batches are the resources at these indices in batches of one region and parent.
func batches(resources []Resource, at []int, size int) (list [][]int) {
	type place struct{ region, parent string }
	open := map[place]int{} // the batch that is not full yet
	for _, i := range at {
		p := place{resources[i].Region, resources[i].Parent}
		n, ok := open[p]
		if !ok || len(list[n]) >= max(1, size) {
			n = len(list)
			open[p], list = n, append(list, nil)
		}
		list[n] = append(list[n], i)
	}
	return list
}

func regionsOf(items []kind.Item) map[string]bool {
	regions := map[string]bool{"": true}
	for _, it := range items {
		regions[it.Region] = true
	}
	return regions
}

func indices(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// settle draws an item's whole state from its parts.
func (r *Resource) settle() {
	for i, e := range r.kind.Enrich {
		p := r.parts[i]
		r.Gone = r.Gone || p.gone
		if p.asked && e.Whole && p.unread.State != kind.Complete {
			r.Whole = p.unread
		}
	}
}

// question is one enrichment asked about the items of a page. Goroutines write to different items.
type question struct {
	*cell
	kind.Enrich
	n         int
	resources []Resource
}

func (q *question) inBulk(ctx context.Context) {
	b := q.bulk[q.n]
	b.once.Do(func() {
		var err error
		b.answers, err = q.Bulk(ctx, q.cfg, q.site)
		b.verdict = access.Judge(err)
	})
	if b.verdict.State != kind.Complete {
		q.unread(indices(len(q.resources)), b.verdict)
		return
	}
	var missing []int
	for i := range q.resources {
		if !q.take(i, b.answers) {
			missing = append(missing, i)
		}
	}
	var g errgroup.Group
	g.SetLimit(2 * PerService)
	for _, batch := range batches(q.resources, missing, q.Size) {
		g.Go(func() error { q.batch(ctx, batch, false); return nil })
	}
	_ = g.Wait()
}

// batch asks about items. Those without an answer are asked about once more, then they are unread.
func (q *question) batch(ctx context.Context, batch []int, again bool) {
	items := make([]kind.Item, len(batch))
	for i, at := range batch {
		items[i] = q.resources[at].Item
	}
	cfg, site := q.cfg, q.site
	if r := items[0].Region; r != "" {
		cfg.Region, site.Region = r, r
	}
	answers, err := q.Call(ctx, cfg, site, items)
	if err != nil {
		q.refused(ctx, batch, err)
		return
	}
	var missing []int
	for _, i := range batch {
		if !q.take(i, answers) {
			missing = append(missing, i)
		}
	}
	switch {
	case len(missing) == 0:
	case again:
		q.batch(ctx, missing, false)
	default:
		q.unread(missing, kind.Verdict{State: kind.Failed, Reason: "BatchIncomplete",
			Message: "the service left the item out of its answer, twice"})
	}
}

// refused judges the failure of a call. One item of a batch may have caused it, so that each is
// asked about alone, unless no item can be the cause.
func (q *question) refused(ctx context.Context, batch []int, err error) {
	v := access.Judge(err)
	if len(batch) > 1 && v.State == kind.Failed && refused(err) {
		for _, i := range batch {
			q.batch(ctx, []int{i}, true)
		}
		return
	}
	for _, i := range batch {
		q.judge(i, err)
	}
}

// judge applies an error about one item.
func (q *question) judge(i int, err error) {
	p := &q.resources[i].parts[q.n]
	switch code := access.Code(err); {
	case slices.Contains(q.Absent, code):
		*p = part{asked: true, answer: q.Empty, unread: kind.Verdict{State: kind.Complete}}
	case slices.Contains(q.Gone, code):
		q.vanished(i)
	default:
		*p = part{asked: true, unread: access.Judge(err)}
	}
}

// vanished notes that an item does not exist.
func (q *question) vanished(i int) {
	q.resources[i].parts[q.n] = part{asked: true, gone: true, unread: kind.Verdict{State: kind.Complete}}
}

// take applies the answer about one item, if there is one.
func (q *question) take(i int, answers map[string]kind.Answer) bool {
	a, ok := answers[q.resources[i].Key]
	switch {
	case !ok:
		return false
	case a.Gone:
		q.vanished(i)
	case a.Err != nil:
		q.judge(i, a.Err)
	default:
		q.hide(a.Properties)
		q.resources[i].parts[q.n] = part{asked: true, answer: a.Properties, unread: kind.Verdict{State: kind.Complete}}
	}
	return true
}

func (q *question) unread(batch []int, v kind.Verdict) {
	for _, i := range batch {
		q.resources[i].parts[q.n] = part{asked: true, unread: v}
	}
}
