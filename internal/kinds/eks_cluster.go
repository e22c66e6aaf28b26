package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eks"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var eksCluster = kind.Kind{
	Name:    "AWS::EKS::Cluster",
	Scope:   kind.Regional,
	Actions: []string{"eks:ListClusters"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*eks.ListClustersOutput, error) {
			return eks.NewFromConfig(cfg).ListClusters(ctx, &eks.ListClustersInput{
				MaxResults: aws.Int32(100), NextToken: token,
			})
		},
		func(out *eks.ListClustersOutput) ([]string, *string) { return out.Clusters, out.NextToken },
		names("Name"),
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"eks:DescribeCluster"},
		Keys:    eksClusterKeys,
		Whole:   true,
		Gone:    []string{"ResourceNotFoundException"},
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			out, err := eks.NewFromConfig(cfg).DescribeCluster(ctx, &eks.DescribeClusterInput{Name: &it.Key})
			if err != nil {
				return nil, err
			}
			if out.Cluster == nil {
				return nil, without("cluster")
			}
			return only(kind.Members(out.Cluster, kind.Lower), eksClusterKeys), nil
		}),
	}},
	Defaults: []string{"DescribeClusterAction"},
}

var eksClusterKeys = []string{
	"AccessConfig", "Arn", "CertificateAuthority", "ComputeConfig", "CreatedAt", "Endpoint",
	"Identity", "KubernetesNetworkConfig", "Logging", "PlatformVersion", "ResourcesVpcConfig",
	"RoleArn", "Status", "StorageConfig", "Tags", "UpgradePolicy", "Version", "ZonalShiftConfig",
}
