package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var ecsService = kind.Kind{
	Name:    "AWS::ECS::Service",
	Scope:   kind.Regional,
	Actions: []string{"ecs:ListClusters", "ecs:ListServices"},
	List:    within{parents: parents(listClusters, clusterARNs), children: ecsServices}.list,
	Enrich: []kind.Enrich{{
		Actions: []string{"ecs:DescribeServices"},
		Keys:    ecsServiceKeys,
		Whole:   true,
		Size:    10, // the most that DescribeServices takes
		Call:    describeServices,
	}},
	Defaults: []string{"DescribeServicesAction", "ListServicesAction"},
}

var ecsServiceKeys = []string{
	"AvailabilityZoneRebalancing", "CapacityProviderStrategy", "ClusterArn", "CreatedAt",
	"CreatedBy", "DeploymentConfiguration", "DeploymentController", "Deployments", "DesiredCount",
	"EnableECSManagedTags", "EnableExecuteCommand", "Events", "HealthCheckGracePeriodSeconds",
	"LaunchType", "LoadBalancers", "NetworkConfiguration", "PendingCount", "PlacementConstraints",
	"PlacementStrategy", "PlatformFamily", "PlatformVersion", "PropagateTags", "RoleArn",
	"RunningCount", "SchedulingStrategy", "ServiceName", "ServiceRegistries", "Status", "Tags",
	"TaskDefinition", "TaskSets",
}

func ecsServices(
	ctx context.Context, cfg aws.Config, at kind.Site, cluster string, token *string,
) (kind.Page, error) {
	return pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*ecs.ListServicesOutput, error) {
			return ecs.NewFromConfig(cfg).ListServices(ctx, &ecs.ListServicesInput{
				Cluster: &cluster, MaxResults: aws.Int32(100), NextToken: token,
			})
		},
		func(out *ecs.ListServicesOutput) ([]string, *string) { return out.ServiceArns, out.NextToken },
		func(_ kind.Site, arn *string) kind.Item {
			return kind.Item{
				Key: *arn, Properties: map[string]any{"ServiceArn": *arn}, Context: map[string]any{"ClusterArn": cluster},
			}
		},
	)(ctx, cfg, at, aws.ToString(token))
}

func describeServices(
	ctx context.Context, cfg aws.Config, _ kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	out, err := ecs.NewFromConfig(cfg).DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster:  &items[0].Parent, // a service's ARN of the short form does not tell it
		Services: keys(items),
		Include:  []types.ServiceField{types.ServiceFieldTags},
	})
	if err != nil {
		return nil, err
	}
	if out.Services == nil && out.Failures == nil {
		return nil, without("services")
	}
	answers := map[string]kind.Answer{}
	for i := range out.Services {
		p := only(kind.Members(&out.Services[i], kind.Lower), ecsServiceKeys)
		answers[aws.ToString(out.Services[i].ServiceArn)] = kind.Answer{Properties: p}
	}
	for _, f := range out.Failures {
		answers[aws.ToString(f.Arn)] = failure(f)
	}
	return answers, nil
}
