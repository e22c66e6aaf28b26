package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var ecsCluster = kind.Kind{
	Name:    "AWS::ECS::Cluster",
	Scope:   kind.Regional,
	Actions: []string{"ecs:ListClusters"},
	List:    pages(listClusters, clusterARNs, names("ClusterArn")),
	Enrich: []kind.Enrich{{
		Actions: []string{"ecs:DescribeClusters"},
		Keys:    ecsClusterKeys,
		Whole:   true,
		Size:    100,
		Call:    describeClusters,
	}},
	Defaults: []string{"DescribeClustersAction"},
}

var ecsClusterKeys = []string{
	"ActiveServicesCount", "Attachments", "AttachmentsStatus", "CapacityProviders", "ClusterName",
	"ClusterSettings", "Configuration", "DefaultCapacityProviderStrategy", "PendingTasksCount",
	"RegisteredContainerInstancesCount", "RunningTasksCount", "ServiceConnectDefaults", "Statistics",
	"Status", "Tags",
}

// listClusters serves clusters and services.
func listClusters(ctx context.Context, cfg aws.Config, token *string) (*ecs.ListClustersOutput, error) {
	return ecs.NewFromConfig(cfg).ListClusters(kind.Shared(ctx), &ecs.ListClustersInput{
		MaxResults: aws.Int32(100), NextToken: token,
	})
}

func clusterARNs(out *ecs.ListClustersOutput) ([]string, *string) {
	return out.ClusterArns, out.NextToken
}

func describeClusters(
	ctx context.Context, cfg aws.Config, _ kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	out, err := ecs.NewFromConfig(cfg).DescribeClusters(ctx, &ecs.DescribeClustersInput{
		Clusters: keys(items),
		Include: []types.ClusterField{
			types.ClusterFieldTags, types.ClusterFieldAttachments, types.ClusterFieldSettings,
			types.ClusterFieldConfigurations, types.ClusterFieldStatistics,
		},
	})
	if err != nil {
		return nil, err
	}
	if out.Clusters == nil && out.Failures == nil {
		return nil, without("clusters")
	}
	answers := map[string]kind.Answer{}
	for _, c := range out.Clusters {
		p := kind.Members(&c, kind.Lower)
		if s, ok := p["Settings"]; ok {
			p["ClusterSettings"] = s
		}
		answers[aws.ToString(c.ClusterArn)] = kind.Answer{Properties: only(p, ecsClusterKeys)}
	}
	for _, f := range out.Failures {
		answers[aws.ToString(f.Arn)] = failure(f)
	}
	return answers, nil
}

// failure is what ECS says of one resource of a batch that it does not describe.
func failure(f types.Failure) kind.Answer {
	reason := aws.ToString(f.Reason)
	if reason == "MISSING" {
		return kind.Answer{Gone: true}
	}
	return kind.Answer{Err: &smithy.GenericAPIError{Code: reason, Message: aws.ToString(f.Detail)}}
}
