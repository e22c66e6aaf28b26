package kinds

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/types"
	"github.com/aws/smithy-go"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// saves is what tagsOf needs.
var saves = []string{"tag:GetResources"}

// tagsOf asks the tagging API for the tags of all resources of a type in a region, a hundred at once,
// and answers by ARN. It knows no resources that never had tags, and learns of changes a little later
// than the service. Where it refuses, nothing is lost: the items are asked about one by one.
func tagsOf(resourceType, key string, render func([]types.Tag) any) func(context.Context, aws.Config, kind.Site) (
	map[string]kind.Answer, error,
) {
	return func(ctx context.Context, cfg aws.Config, _ kind.Site) (map[string]kind.Answer, error) {
		answers := map[string]kind.Answer{}
		pages := tagging.NewGetResourcesPaginator(tagging.NewFromConfig(cfg), &tagging.GetResourcesInput{
			ResourceTypeFilters: []string{resourceType}, ResourcesPerPage: aws.Int32(100),
		}, func(o *tagging.GetResourcesPaginatorOptions) { o.StopOnDuplicateToken = true })
		for pages.HasMorePages() {
			out, err := pages.NextPage(ctx)
			var api smithy.APIError
			if errors.As(err, &api) {
				return nil, nil
			}
			if err != nil {
				return nil, err
			}
			for _, r := range out.ResourceTagMappingList {
				if len(r.Tags) > 0 { // one without may have got some just now
					answers[aws.ToString(r.ResourceARN)] = kind.Answer{Properties: map[string]any{key: render(r.Tags)}}
				}
			}
		}
		return answers, nil
	}
}

// pagedTags makes a Call of one that asks the service for a page of an item's tags.
func pagedTags[Tag any](
	names kind.Case,
	page func(ctx context.Context, cfg aws.Config, it kind.Item, token *string) ([]Tag, *string, error),
) kind.Call {
	return kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
		tags := []any{}
		var token *string
		for {
			list, following, err := page(ctx, cfg, it, token)
			if err != nil {
				return nil, err
			}
			if list == nil {
				return nil, without("Tags")
			}
			tags = append(tags, kind.Plain(list, names).([]any)...)
			if token, err = next(token, following); err != nil || token == nil {
				return map[string]any{"Tags": tags}, err
			}
		}
	})
}

// The forms of tags: a list with Key and Value, one with key and value, and a map.
func upperTags(tags []types.Tag) any { return kind.Plain(tags, kind.Upper) }
func lowerTags(tags []types.Tag) any { return kind.Plain(tags, kind.Lower) }

func mapOfTags(tags []types.Tag) any {
	m := map[string]any{}
	for _, t := range tags {
		m[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return m
}
