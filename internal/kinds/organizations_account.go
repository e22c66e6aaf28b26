package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var organizationsAccount = kind.Kind{
	Name:    "AWS::Organizations::Account",
	Scope:   kind.Hub,
	Actions: []string{"organizations:DescribeAccount"},
	List: func(ctx context.Context, cfg aws.Config, at kind.Site, _ string) (kind.Page, error) {
		properties := at.Organization
		if properties == nil { // the accounts are those of a list
			in := &organizations.DescribeAccountInput{AccountId: &at.Account}
			out, err := organizations.NewFromConfig(cfg).DescribeAccount(ctx, in)
			if err != nil {
				return kind.Page{}, err
			}
			if out.Account == nil {
				return kind.Page{}, without("Account")
			}
			properties = kind.Members(out.Account, kind.Upper)
		}
		return kind.Page{Items: []kind.Item{{Key: at.Account, Properties: properties}}}, nil
	},
	// An account that Organizations does not know has left, which is not for a kind to say.
	Enrich: []kind.Enrich{{
		Option:  "ListParentsAction",
		Actions: []string{"organizations:ListParents"},
		Keys:    []string{"Parents"},
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			// An account has one parent.
			in := &organizations.ListParentsInput{ChildId: &it.Key}
			out, err := organizations.NewFromConfig(cfg).ListParents(ctx, in)
			if err != nil {
				return nil, err
			}
			if out.Parents == nil {
				return nil, without("Parents")
			}
			return map[string]any{"Parents": kind.Plain(out.Parents, kind.Upper)}, nil
		}),
	}, {
		Option:  "ListTagsForResourceAction",
		Actions: []string{"organizations:ListTagsForResource"},
		Keys:    []string{"Tags"},
		Call:    accountTags,
	}},
	Defaults: []string{"ListAccountsAction"},
}

var accountTags = pagedTags(kind.Upper, func(
	ctx context.Context, cfg aws.Config, it kind.Item, token *string,
) ([]types.Tag, *string, error) {
	in := &organizations.ListTagsForResourceInput{ResourceId: &it.Key, NextToken: token}
	out, err := organizations.NewFromConfig(cfg).ListTagsForResource(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	return out.Tags, out.NextToken, nil
})
