package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codeDeployDeploymentGroup = kind.Kind{
	Name:    "AWS::CodeDeploy::DeploymentGroup",
	Scope:   kind.Regional,
	Actions: []string{"codedeploy:ListApplications", "codedeploy:ListDeploymentGroups"},
	List:    within{parents: parents(listApplications, applicationNames), children: deploymentGroups}.list,
	Enrich: []kind.Enrich{{
		Actions: []string{"codedeploy:BatchGetDeploymentGroups"},
		Keys:    codeDeployDeploymentGroupKeys,
		Whole:   true,
		Gone:    []string{"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"},
		Size:    100,
		Call:    batchGetDeploymentGroups,
	}, {
		Option:  "GetDeploymentGroupTags",
		Actions: []string{"codedeploy:ListTagsForResource"},
		Keys:    []string{"Tags"},
		Gone:    []string{"ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"},
		Bulk:    tagsOf("codedeploy:deploymentgroup", "Tags", upperTags),
		Saves:   saves,
		Call:    codeDeployTags,
	}},
	Defaults: []string{"GetDeploymentGroupDetailsAction"},
}

var codeDeployDeploymentGroupKeys = []string{
	"AlarmConfiguration", "AutoRollbackConfiguration", "AutoScalingGroups",
	"BlueGreenDeploymentConfiguration", "ComputePlatform", "DeploymentConfigName",
	"DeploymentGroupId", "DeploymentStyle", "Ec2TagFilters", "Ec2TagSet", "EcsServices",
	"LastAttemptedDeployment", "LastSuccessfulDeployment", "LoadBalancerInfo",
	"OnPremisesInstanceTagFilters", "OnPremisesTagSet", "OutdatedInstancesStrategy",
	"ServiceRoleArn", "TargetRevision", "TerminationHookEnabled", "TriggerConfigurations",
}

func deploymentGroups(
	ctx context.Context, cfg aws.Config, at kind.Site, application string, token *string,
) (kind.Page, error) {
	return pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*codedeploy.ListDeploymentGroupsOutput, error) {
			return codedeploy.NewFromConfig(cfg).ListDeploymentGroups(ctx, &codedeploy.ListDeploymentGroupsInput{
				ApplicationName: &application, NextToken: token,
			})
		},
		func(out *codedeploy.ListDeploymentGroupsOutput) ([]string, *string) {
			return out.DeploymentGroups, out.NextToken
		},
		func(at kind.Site, name *string) kind.Item {
			return kind.Item{
				Key:        deploymentGroupARN(at, application, *name),
				Properties: map[string]any{"ApplicationName": application, "DeploymentGroupName": *name},
			}
		},
	)(ctx, cfg, at, aws.ToString(token))
}

func deploymentGroupARN(at kind.Site, application, group string) string {
	return arn(at, "codedeploy", "deploymentgroup:"+application+"/"+group)
}

func batchGetDeploymentGroups(
	ctx context.Context, cfg aws.Config, at kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	in := &codedeploy.BatchGetDeploymentGroupsInput{ApplicationName: &items[0].Parent}
	for _, it := range items {
		in.DeploymentGroupNames = append(in.DeploymentGroupNames, *member(it, "DeploymentGroupName"))
	}
	out, err := codedeploy.NewFromConfig(cfg).BatchGetDeploymentGroups(ctx, in)
	if err != nil {
		return nil, err
	}
	if out.DeploymentGroupsInfo == nil {
		return nil, without("deploymentGroupsInfo")
	}
	answers := map[string]kind.Answer{}
	for i := range out.DeploymentGroupsInfo {
		g := &out.DeploymentGroupsInfo[i]
		answers[deploymentGroupARN(at, items[0].Parent, aws.ToString(g.DeploymentGroupName))] = kind.Answer{
			Properties: deploymentGroup(g),
		}
	}
	return answers, nil
}

// deploymentGroup renders tag filters as the service does: their members are in upper case.
func deploymentGroup(g *types.DeploymentGroupInfo) map[string]any {
	p := only(kind.Members(g, kind.Lower), codeDeployDeploymentGroupKeys)
	if g.Ec2TagFilters != nil {
		p["Ec2TagFilters"] = kind.Plain(g.Ec2TagFilters, kind.Upper)
	}
	if g.OnPremisesInstanceTagFilters != nil {
		p["OnPremisesInstanceTagFilters"] = kind.Plain(g.OnPremisesInstanceTagFilters, kind.Upper)
	}
	if g.Ec2TagSet != nil {
		p["Ec2TagSet"] = ec2TagSet(g.Ec2TagSet)
	}
	if s := g.OnPremisesTagSet; s != nil && s.OnPremisesTagSetList != nil {
		p["OnPremisesTagSet"] = map[string]any{
			"onPremisesTagSetList": kind.Plain(s.OnPremisesTagSetList, kind.Upper),
		}
	}
	return p
}

func ec2TagSet(s *types.EC2TagSet) map[string]any {
	if s.Ec2TagSetList == nil {
		return map[string]any{}
	}
	return map[string]any{"ec2TagSetList": kind.Plain(s.Ec2TagSetList, kind.Upper)}
}
