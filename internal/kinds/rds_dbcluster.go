package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var rdsDBCluster = kind.Kind{
	Name:    "AWS::RDS::DBCluster",
	Scope:   kind.Regional,
	Actions: []string{"rds:DescribeDBClusters"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*rds.DescribeDBClustersOutput, error) {
			return rds.NewFromConfig(cfg).DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{Marker: token})
		},
		func(out *rds.DescribeDBClustersOutput) ([]types.DBCluster, *string) {
			return out.DBClusters, out.Marker
		},
		func(_ kind.Site, c *types.DBCluster) kind.Item {
			return kind.Item{Key: aws.ToString(c.DBClusterArn), Properties: kind.Members(c, kind.Upper)}
		},
	),
	// The listing has the tags that the second would ask for.
	Defaults: []string{"DescribeDBClustersAction", "ListTagsForResourceAction"},
}
