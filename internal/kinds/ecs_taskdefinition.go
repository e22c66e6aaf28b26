package kinds

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var ecsTaskDefinition = kind.Kind{
	Name:    "AWS::ECS::TaskDefinition",
	Scope:   kind.Regional,
	Actions: []string{"ecs:ListTaskDefinitions"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*ecs.ListTaskDefinitionsOutput, error) {
			return ecs.NewFromConfig(cfg).ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{
				Status: types.TaskDefinitionStatusActive, Sort: types.SortOrderDesc, // the newest of a family first
				MaxResults: aws.Int32(100), NextToken: token,
			})
		},
		func(out *ecs.ListTaskDefinitionsOutput) ([]string, *string) {
			return out.TaskDefinitionArns, out.NextToken
		},
		names("TaskDefinitionArn"),
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"ecs:DescribeTaskDefinition"},
		Keys:    ecsTaskDefinitionKeys,
		Whole:   true,
		Call:    kind.Each(taskDefinition),
	}},
	Defaults: []string{"DescribeTaskDefinitionsAction", "ListTaskDefinitionsAction"},
	History: &kind.History{At: "RegisteredAt", Of: func(it kind.Item) string {
		return it.Key[:strings.LastIndex(it.Key, ":")+1]
	}},
	Secrets: []string{"ContainerDefinitions[].environment[].value"},
}

var ecsTaskDefinitionKeys = []string{
	"ContainerDefinitions", "Cpu", "ExecutionRoleArn", "Family", "Memory", "NetworkMode",
	"PlacementConstraints", "RegisteredAt", "RequiresCompatibilities", "Revision", "Status",
	"Tags", "TaskRoleArn", "Volumes",
}

func taskDefinition(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := ecs.NewFromConfig(cfg).DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: &it.Key, Include: []types.TaskDefinitionField{types.TaskDefinitionFieldTags},
	})
	if err != nil {
		return nil, err
	}
	if out.TaskDefinition == nil {
		return nil, without("taskDefinition")
	}
	p := only(kind.Members(out.TaskDefinition, kind.Lower), ecsTaskDefinitionKeys)
	p["Tags"] = []any{} // which AWS may leave out where there are none
	if out.Tags != nil {
		p["Tags"] = kind.Plain(out.Tags, kind.Lower)
	}
	return p, nil
}
