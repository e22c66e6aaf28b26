package org

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
)

// tagged are those of the accounts that have all of the source's tags. AWS is asked one account at a time, so
// only where there are tags, and not about what is excluded anyway.
func (d directory) tagged(ctx context.Context, accounts []types.Account, s Source) ([]types.Account, error) {
	if len(s.Tags) == 0 {
		return accounts, nil
	}
	var all []types.Account
	for _, a := range accounts {
		id := aws.ToString(a.Id)
		if slices.Contains(s.Excluded, id) {
			continue
		}
		tags, err := pages(ctx, d, &d.known.Tags, id, func(token *string) ([]types.Tag, *string, error) {
			out, err := d.client.ListTagsForResource(ctx, &organizations.ListTagsForResourceInput{ResourceId: &id, NextToken: token})
			if err != nil {
				return nil, nil, err
			}
			return out.Tags, out.NextToken, nil
		})
		if err != nil {
			return nil, refusal("list tags of account "+id, err)
		}
		if has(tags, s.Tags) {
			all = append(all, a)
		}
	}
	return all, nil
}

// has says that all wanted, key=value, are among tags.
func has(tags []types.Tag, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(want string) bool {
		return !slices.ContainsFunc(tags, func(t types.Tag) bool {
			return aws.ToString(t.Key)+"="+aws.ToString(t.Value) == want
		})
	})
}
