package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/memorydb"
	"github.com/aws/aws-sdk-go-v2/service/memorydb/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var memoryDBUser = kind.Kind{
	Name:    "AWS::MemoryDB::User",
	Scope:   kind.Regional,
	Actions: []string{"memorydb:DescribeUsers"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*memorydb.DescribeUsersOutput, error) {
			return memorydb.NewFromConfig(cfg).DescribeUsers(ctx, &memorydb.DescribeUsersInput{NextToken: token})
		},
		func(out *memorydb.DescribeUsersOutput) ([]types.User, *string) { return out.Users, out.NextToken },
		func(_ kind.Site, u *types.User) kind.Item {
			return kind.Item{Key: aws.ToString(u.ARN), Properties: kind.Members(u, kind.Upper)}
		},
	),
	Enrich: []kind.Enrich{{
		Option:  "ListTagsForMemoryDbUserAction",
		Actions: []string{"memorydb:ListTags"},
		Keys:    []string{"TagList"},
		Gone:    []string{"UserNotFoundFault"},
		Bulk:    tagsOf("memorydb:user", "TagList", upperTags),
		Saves:   saves,
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			out, err := memorydb.NewFromConfig(cfg).ListTags(ctx, &memorydb.ListTagsInput{ResourceArn: &it.Key})
			if err != nil {
				return nil, err
			}
			if out.TagList == nil {
				return nil, without("TagList")
			}
			return map[string]any{"TagList": kind.Plain(out.TagList, kind.Upper)}, nil
		}),
	}},
	Defaults: []string{"DescribeMemoryDbUsersAction"},
}
