package kinds

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// pages makes a List of a call, of the list and the next token in its answer, and of what makes an
// item of an element. An answer without the list is none: an empty list is there.
func pages[Out, T any](
	call func(ctx context.Context, cfg aws.Config, token *string) (*Out, error),
	list func(*Out) (elements []T, next *string),
	item func(at kind.Site, element *T) kind.Item,
) kind.List {
	return func(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
		out, err := call(ctx, cfg, kind.Token(cursor))
		if err != nil {
			return kind.Page{}, err
		}
		elements, next := list(out)
		if elements == nil {
			return kind.Page{}, without("list")
		}
		page := kind.Page{Next: aws.ToString(next)}
		for i := range elements {
			page.Items = append(page.Items, item(at, &elements[i]))
		}
		return page, nil
	}
}

// names makes an item of a name, which is all that a listing says.
func names(property string) func(kind.Site, *string) kind.Item {
	return func(_ kind.Site, name *string) kind.Item {
		return kind.Item{Key: *name, Properties: map[string]any{property: *name}}
	}
}

// member reads a name or ARN among an item's properties.
func member(it kind.Item, property string) *string {
	s, _ := it.Properties[property].(string)
	return &s
}

// arn is a resource's in a region of an account.
func arn(at kind.Site, service, resource string) string {
	return "arn:" + at.Partition + ":" + service + ":" + at.Region + ":" + at.Account + ":" + resource
}

// known makes a Call of what the listing has said already.
func known(property, as string) kind.Call {
	return kind.Each(func(_ context.Context, _ aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
		v, ok := it.Known[property]
		if !ok {
			return nil, without(property)
		}
		return map[string]any{as: v}, nil
	})
}

// next is the token to go on with, nil at the end. The one that was asked with would go on for ever.
func next(asked, token *string) (*string, error) {
	switch {
	case aws.ToString(token) == "":
		return nil, nil
	case aws.ToString(token) == aws.ToString(asked):
		return nil, errRepeated
	}
	return token, nil
}

var errRepeated = errors.New("the service gave the same page token twice")
