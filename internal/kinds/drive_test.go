package kinds_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// result is what is known of one item after everything was asked.
type result struct {
	Key      string
	Region   string            `json:",omitempty"` // of the item, where the listing tells it
	Gone     bool              `json:",omitempty"`
	Unread   map[string]string `json:",omitempty"` // error codes by the keys that they cost
	Resource map[string]any    `json:",omitempty"`
}

// driver asks a kind all there is to ask, as the collector does.
type driver struct {
	t       *testing.T
	kind    kind.Kind
	cfg     aws.Config
	at      kind.Site
	options []string // nil: all
	bulks   map[int]map[string]kind.Answer
}

// pageStart is a page's cursor and how many items came before the page.
type pageStart struct {
	cursor string
	items  int
}

// run lists from cursor to the end.
func (d *driver) run(cursor string) (results []result, pages []pageStart) {
	d.t.Helper()
	d.bulks = map[int]map[string]kind.Answer{}
	results = []result{}
	for {
		pages = append(pages, pageStart{cursor, len(results)})
		page, err := d.kind.List(d.t.Context(), d.cfg, d.at, cursor)
		if err != nil && cursor == "" {
			d.t.Fatalf("list from %q: %v", cursor, err)
		}
		if err != nil { // the listing says so at its end
			return append(results, result{Key: "the list", Unread: map[string]string{"*": code(err)}}), pages
		}
		results = append(results, d.page(page.Items)...)
		if page.Next == "" {
			return results, pages
		}
		if slices.ContainsFunc(pages, func(p pageStart) bool { return p.cursor == page.Next }) {
			d.t.Fatalf("cursor %q came twice", page.Next)
		}
		cursor = page.Next
	}
}

func (d *driver) page(items []kind.Item) []result {
	results := make([]result, len(items))
	properties := make([]map[string]any, len(items))
	for i, it := range items {
		results[i] = result{Key: it.Key, Region: it.Region}
		properties[i] = maps.Clone(it.Properties)
	}
	for n, e := range d.kind.Enrich {
		if len(items) == 0 || d.options != nil && e.Option != "" && !slices.Contains(d.options, e.Option) {
			continue
		}
		answers := d.answers(n, items)
		for i, it := range items {
			d.judge(e, answers[it.Key], &results[i], properties[i])
		}
	}
	for i, it := range items {
		if results[i].Gone || results[i].Unread["*"] != "" {
			continue
		}
		results[i].Resource = d.kind.Resource(d.at, it, properties[i])
	}
	return results
}

func (d *driver) judge(e kind.Enrich, a kind.Answer, r *result, properties map[string]any) {
	c := code(a.Err)
	switch {
	case a.Gone || slices.Contains(e.Gone, c):
		r.Gone = true
	case slices.Contains(e.Absent, c):
		maps.Copy(properties, e.Empty)
	case a.Err == nil:
		for k := range a.Properties {
			if !slices.Contains(e.Keys, k) && e.Keys[0] != kind.Any {
				d.t.Errorf("%s fills %s, which its keys do not name", e.Actions, k)
			}
		}
		maps.Copy(properties, a.Properties)
	default:
		if r.Unread == nil {
			r.Unread = map[string]string{}
		}
		keys := strings.Join(e.Keys, " ")
		if e.Whole {
			keys = "*"
		}
		r.Unread[keys] = c
	}
}

// answers are those of enrichment n about items, one for each.
func (d *driver) answers(n int, items []kind.Item) map[string]kind.Answer {
	e := d.kind.Enrich[n]
	answers := map[string]kind.Answer{}
	if e.Bulk != nil {
		if _, asked := d.bulks[n]; !asked {
			all, err := e.Bulk(d.t.Context(), d.cfg, d.at)
			if err != nil {
				d.t.Fatalf("%s in bulk: %v", e.Actions, err)
			}
			d.bulks[n] = all
		}
		maps.Copy(answers, d.bulks[n])
		items = missing(items, answers)
	}
	for len(items) > 0 {
		n := 1
		for n < min(e.Size, len(items)) && items[n].Parent == items[0].Parent {
			n++
		}
		maps.Copy(answers, d.ask(e.Call, items[:n], e.Bulk == nil))
		items = items[n:]
	}
	return answers
}

// ask asks each item of a failed batch alone, and items without an answer once more if again.
func (d *driver) ask(call kind.Call, items []kind.Item, again bool) map[string]kind.Answer {
	cfg, at := d.cfg, d.at
	if r := items[0].Region; r != "" {
		cfg.Region, at.Region = r, r
	}
	answers, err := call(d.t.Context(), cfg, at, items)
	switch {
	case err != nil && len(items) > 1:
		answers = map[string]kind.Answer{}
		for _, it := range items {
			maps.Copy(answers, d.ask(call, []kind.Item{it}, true))
		}
	case err != nil:
		answers = map[string]kind.Answer{items[0].Key: {Err: err}}
	}
	left := missing(items, answers)
	switch {
	case len(left) == 0:
	case again:
		maps.Copy(answers, d.ask(call, left, false))
	default:
		for _, it := range left {
			answers[it.Key] = kind.Answer{Err: &smithy.GenericAPIError{Code: "BatchIncomplete"}}
		}
	}
	return answers
}

func missing(items []kind.Item, answers map[string]kind.Answer) []kind.Item {
	return slices.DeleteFunc(slices.Clone(items), func(it kind.Item) bool {
		_, ok := answers[it.Key]
		return ok
	})
}

// code is AWS's error code; "" of no error.
func code(err error) string {
	var api smithy.APIError
	switch {
	case errors.As(err, &api):
		return api.ErrorCode()
	case errors.Is(err, context.Canceled):
		return "Canceled"
	case err != nil:
		return err.Error()
	}
	return ""
}
