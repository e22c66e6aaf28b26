package kinds

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// abreast is how many parents are asked for their children at once: as many calls as collect makes of
// one service in a region.
const abreast = 8

// within is a listing of what parents contain, where AWS lists the children of one parent only.
type within struct {
	// parents lists a page of them, by name or ARN.
	parents func(ctx context.Context, cfg aws.Config, token *string) (names []string, next *string, err error)
	// children lists a page of what a parent contains.
	children func(ctx context.Context, cfg aws.Config, at kind.Site, parent string, token *string) (kind.Page, error)
	none     []string // error codes that say "it contains nothing"
}

// parents makes of a listing, and of the names in its answer, what within needs. The listing marks its
// requests as kind.Shared, where its items are a kind too.
func parents[Out any](
	list func(ctx context.Context, cfg aws.Config, token *string) (*Out, error),
	names func(*Out) (names []string, next *string),
) func(ctx context.Context, cfg aws.Config, token *string) ([]string, *string, error) {
	return func(ctx context.Context, cfg aws.Config, token *string) ([]string, *string, error) {
		out, err := list(ctx, cfg, token)
		if err != nil {
			return nil, nil, err
		}
		all, next := names(out)
		return all, next, nil
	}
}

// place is the cursor of such a listing.
type place struct {
	Page string `json:"page,omitempty"` // of the parents
	Last string `json:"last,omitempty"` // parent of that page that was begun last
	Done bool   `json:"done,omitempty"` // there are no more parents
	Open []open `json:"open,omitempty"` // parents whose children have further pages
	Lost *loss  `json:"lost,omitempty"` // the first parent that could not be read
}

type open struct {
	Parent string `json:"parent"`
	Token  string `json:"token,omitempty"`
}

type loss struct{ Code, Message string }

// list reads a page of the children of some parents. A parent that is refused does not cost those
// behind it; but what it contains is unknown, so that the listing ends with its error.
func (w within) list(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
	var p place
	if cursor != "" {
		if err := json.Unmarshal([]byte(cursor), &p); err != nil {
			return kind.Page{}, err
		}
	}
	ask, err := w.begin(ctx, cfg, &p)
	if err != nil {
		return kind.Page{}, err
	}
	if len(ask) == 0 && p.Done && p.Lost != nil {
		return kind.Page{}, &smithy.GenericAPIError{Code: p.Lost.Code, Message: p.Lost.Message}
	}
	page, err := w.read(ctx, cfg, at, &p, ask)
	if err != nil {
		return kind.Page{}, err
	}
	if !p.Done || len(p.Open) > 0 || p.Lost != nil {
		text, err := json.Marshal(p)
		if err != nil {
			return kind.Page{}, err
		}
		page.Next = string(text)
	}
	return page, nil
}

// begin says which parents to ask now: those with further pages, and new ones.
func (w within) begin(ctx context.Context, cfg aws.Config, p *place) ([]open, error) {
	ask := p.Open
	p.Open = nil
	if p.Done || len(ask) >= abreast {
		return ask, nil
	}
	names, next, err := w.parents(ctx, cfg, kind.Token(p.Page))
	if err != nil {
		return nil, err
	}
	if names == nil {
		return nil, without("list")
	}
	// Where the last one is no longer there, the page begins anew: twice is better than not at all.
	fresh := names[slices.Index(names, p.Last)+1:]
	if n := abreast - len(ask); len(fresh) > n {
		fresh = fresh[:n]
		p.Last = fresh[n-1]
	} else {
		p.Page, p.Last, p.Done = aws.ToString(next), "", aws.ToString(next) == ""
	}
	for _, name := range fresh {
		ask = append(ask, open{Parent: name})
	}
	return ask, nil
}

// read asks parents, and notes in p which have further pages and which was lost.
func (w within) read(ctx context.Context, cfg aws.Config, at kind.Site, p *place, ask []open) (kind.Page, error) {
	pages, lost := make([]kind.Page, len(ask)), make([]error, len(ask))
	g, gctx := errgroup.WithContext(ctx)
	for i, o := range ask {
		g.Go(func() error {
			var api smithy.APIError
			page, err := w.children(gctx, cfg, at, o.Parent, kind.Token(o.Token))
			switch {
			case err == nil:
				pages[i] = page
			case !errors.As(err, &api):
				return err
			case !slices.Contains(w.none, api.ErrorCode()):
				lost[i] = err
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return kind.Page{}, err
	}
	if len(ask) > 0 && !slices.Contains(lost, nil) {
		return kind.Page{}, lost[0] // it is not the parents
	}
	var all kind.Page
	for i, o := range ask {
		var api smithy.APIError
		if errors.As(lost[i], &api) && p.Lost == nil {
			p.Lost = &loss{api.ErrorCode(), o.Parent + ": " + api.ErrorMessage()}
		}
		for _, it := range pages[i].Items {
			it.Parent = o.Parent
			all.Items = append(all.Items, it)
		}
		if next := pages[i].Next; next != "" {
			p.Open = append(p.Open, open{o.Parent, next})
		}
	}
	return all, nil
}
