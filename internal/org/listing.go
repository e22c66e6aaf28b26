package org

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// Listing is what an organization has answered so far. Where it has more accounts than one invocation
// can list it is stored, as JSON, for the next one; the zero value has asked nothing yet.
type Listing struct {
	Accounts answers[types.Account]            `json:"accounts"`
	Units    answers[types.OrganizationalUnit] `json:"units"`
	Tags     answers[types.Tag]                `json:"tags,omitempty"` // by account
}

// answers are those to one question, by the parent that it was asked of; "" is the whole organization.
type answers[T any] map[string]*answer[T]

type answer[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty"` // the token of the next page
	Done  bool   `json:"done,omitempty"`
}

// ErrUnfinished says that the organization has not answered everything in the time there was.
var ErrUnfinished = errors.New("the organization is not listed to its end yet")

// pages asks page after page for what is not known yet. An empty page is not the last one if it has a token.
func pages[T any](
	ctx context.Context, d directory, known *answers[T], parent string, ask func(token *string) ([]T, *string, error),
) ([]T, error) {
	if *known == nil {
		*known = answers[T]{}
	}
	so := (*known)[parent]
	if so == nil {
		so = &answer[T]{}
		(*known)[parent] = so
	}
	stored := so.Next != ""
	seen := map[string]bool{}
	for !so.Done {
		select {
		case <-d.stop:
			return nil, ErrUnfinished
		default:
		}
		if err := d.pace.Wait(ctx); err != nil {
			return nil, err
		}
		var token *string
		if so.Next != "" {
			token = &so.Next
		}
		items, next, err := ask(token)
		var invalid *types.InvalidInputException
		if stored && errors.As(err, &invalid) { // tokens do not live for ever
			*so, stored = answer[T]{}, false
			continue
		}
		if err != nil {
			return nil, err
		}
		stored = false
		so.Items = append(so.Items, items...)
		so.Next = aws.ToString(next)
		so.Done = so.Next == ""
		if seen[so.Next] {
			return nil, fmt.Errorf("page token %q repeats", so.Next)
		}
		seen[so.Next] = true
	}
	return so.Items, nil
}
