package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticache"
	"github.com/aws/aws-sdk-go-v2/service/elasticache/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var elastiCacheCluster = kind.Kind{
	Name:    "AWS::ElastiCache::Cluster",
	Scope:   kind.Regional,
	Actions: []string{"elasticache:DescribeCacheClusters"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*elasticache.DescribeCacheClustersOutput, error) {
			return elasticache.NewFromConfig(cfg).DescribeCacheClusters(ctx, &elasticache.DescribeCacheClustersInput{
				ShowCacheNodeInfo: aws.Bool(true), Marker: token,
			})
		},
		func(out *elasticache.DescribeCacheClustersOutput) ([]types.CacheCluster, *string) {
			return out.CacheClusters, out.Marker
		},
		func(_ kind.Site, c *types.CacheCluster) kind.Item {
			return kind.Item{Key: aws.ToString(c.ARN), Properties: kind.Members(c, kind.Upper)}
		},
	),
	Enrich: []kind.Enrich{{
		Option:  "ListTagsForResourceAction",
		Actions: []string{"elasticache:ListTagsForResource"},
		Keys:    []string{"TagList"},
		Gone:    []string{"CacheClusterNotFound"},
		Bulk:    tagsOf("elasticache:cluster", "TagList", upperTags),
		Saves:   saves,
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			in := &elasticache.ListTagsForResourceInput{ResourceName: &it.Key}
			out, err := elasticache.NewFromConfig(cfg).ListTagsForResource(ctx, in)
			if err != nil {
				return nil, err
			}
			if out.TagList == nil {
				return nil, without("TagList")
			}
			return map[string]any{"TagList": kind.Plain(out.TagList, kind.Upper)}, nil
		}),
	}},
	Defaults: []string{"DescribeCacheClustersAction"},
}
