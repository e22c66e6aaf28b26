package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codeDeployDeploymentTarget = kind.Kind{
	Name:    "AWS::CodeDeploy::DeploymentTarget",
	Scope:   kind.Regional,
	Actions: []string{"codedeploy:ListDeployments", "codedeploy:ListDeploymentTargets"},
	List: within{
		parents: parents(listDeployments, deploymentIDs), children: deploymentTargets,
		none: []string{"DeploymentNotStartedException"},
	}.list,
	Enrich: []kind.Enrich{{
		Actions: []string{"codedeploy:BatchGetDeploymentTargets"},
		Keys: []string{
			"CloudFormationTarget", "DeploymentTargetType", "EcsTarget", "InstanceTarget", "LambdaTarget",
		},
		Whole: true,
		Gone:  []string{"DeploymentTargetDoesNotExistException"},
		Size:  25, // the most that BatchGetDeploymentTargets takes
		Call:  batchGetDeploymentTargets,
	}},
	Defaults: []string{"GetDeploymentTargetDetailsAction"},
}

func deploymentTargets(
	ctx context.Context, cfg aws.Config, at kind.Site, deployment string, token *string,
) (kind.Page, error) {
	return pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*codedeploy.ListDeploymentTargetsOutput, error) {
			return codedeploy.NewFromConfig(cfg).ListDeploymentTargets(ctx, &codedeploy.ListDeploymentTargetsInput{
				DeploymentId: &deployment, NextToken: token,
			})
		},
		func(out *codedeploy.ListDeploymentTargetsOutput) ([]string, *string) {
			return out.TargetIds, out.NextToken
		},
		func(_ kind.Site, id *string) kind.Item {
			return kind.Item{
				Key: deployment + "/" + *id, Properties: map[string]any{"DeploymentId": deployment},
				Known: map[string]any{"TargetId": *id},
			}
		},
	)(ctx, cfg, at, aws.ToString(token))
}

func batchGetDeploymentTargets(
	ctx context.Context, cfg aws.Config, _ kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	in := &codedeploy.BatchGetDeploymentTargetsInput{DeploymentId: &items[0].Parent}
	for _, it := range items {
		id, _ := it.Known["TargetId"].(string)
		in.TargetIds = append(in.TargetIds, id)
	}
	out, err := codedeploy.NewFromConfig(cfg).BatchGetDeploymentTargets(ctx, in)
	if err != nil {
		return nil, err
	}
	if out.DeploymentTargets == nil {
		return nil, without("deploymentTargets")
	}
	answers := map[string]kind.Answer{}
	for i := range out.DeploymentTargets {
		t := &out.DeploymentTargets[i]
		answers[items[0].Parent+"/"+targetID(t)] = kind.Answer{Properties: kind.Members(t, kind.Lower)}
	}
	return answers, nil
}

// targetID is in the one member that a target has, by its type.
func targetID(t *types.DeploymentTarget) string {
	switch {
	case t.InstanceTarget != nil:
		return aws.ToString(t.InstanceTarget.TargetId)
	case t.LambdaTarget != nil:
		return aws.ToString(t.LambdaTarget.TargetId)
	case t.EcsTarget != nil:
		return aws.ToString(t.EcsTarget.TargetId)
	case t.CloudFormationTarget != nil:
		return aws.ToString(t.CloudFormationTarget.TargetId)
	}
	return ""
}
