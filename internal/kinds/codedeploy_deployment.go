package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codeDeployDeployment = kind.Kind{
	Name:    "AWS::CodeDeploy::Deployment",
	Scope:   kind.Regional,
	Actions: []string{"codedeploy:ListDeployments"},
	List:    pages(listDeployments, deploymentIDs, names("DeploymentId")),
	Enrich: []kind.Enrich{{
		Actions: []string{"codedeploy:BatchGetDeployments"},
		Keys:    codeDeployDeploymentKeys,
		Whole:   true,
		Gone:    []string{"DeploymentDoesNotExistException"},
		Size:    25, // the most that BatchGetDeployments takes
		Call:    batchGetDeployments,
	}},
	Defaults: []string{"GetDeploymentAction", "ListDeploymentsAction"},
	History:  &kind.History{At: "CreateTime"},
}

var codeDeployDeploymentKeys = []string{
	"AdditionalDeploymentStatusInfo", "ApplicationName", "AutoRollbackConfiguration",
	"BlueGreenDeploymentConfiguration", "CompleteTime", "ComputePlatform", "CreateTime", "Creator",
	"DeploymentConfigName", "DeploymentGroupName", "DeploymentOverview",
	"DeploymentStatusMessages", "DeploymentStyle", "Description", "ErrorInformation", "ExternalId",
	"FileExistsBehavior", "IgnoreApplicationStopFailures", "InstanceTerminationWaitTimeStarted",
	"LoadBalancerInfo", "OverrideAlarmConfiguration", "PreviousRevision", "RelatedDeployments",
	"Revision", "RollbackInfo", "StartTime", "Status", "TargetInstances",
	"UpdateOutdatedInstancesOnly",
}

// listDeployments serves deployments and their targets.
func listDeployments(ctx context.Context, cfg aws.Config, token *string) (*codedeploy.ListDeploymentsOutput, error) {
	in := &codedeploy.ListDeploymentsInput{NextToken: token}
	return codedeploy.NewFromConfig(cfg).ListDeployments(kind.Shared(ctx), in)
}

func deploymentIDs(out *codedeploy.ListDeploymentsOutput) ([]string, *string) {
	return out.Deployments, out.NextToken
}

func batchGetDeployments(
	ctx context.Context, cfg aws.Config, _ kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	out, err := codedeploy.NewFromConfig(cfg).BatchGetDeployments(ctx, &codedeploy.BatchGetDeploymentsInput{
		DeploymentIds: keys(items),
	})
	if err != nil {
		return nil, err
	}
	if out.DeploymentsInfo == nil {
		return nil, without("deploymentsInfo")
	}
	answers := map[string]kind.Answer{}
	for i := range out.DeploymentsInfo {
		d := &out.DeploymentsInfo[i]
		answers[aws.ToString(d.DeploymentId)] = kind.Answer{Properties: deployment(d)}
	}
	return answers, nil
}

// deployment renders the overview and tag filters as the service does: their members are in upper case.
func deployment(d *types.DeploymentInfo) map[string]any {
	p := only(kind.Members(d, kind.Lower), codeDeployDeploymentKeys)
	if d.DeploymentOverview != nil {
		p["DeploymentOverview"] = kind.Plain(d.DeploymentOverview, kind.Upper)
	}
	targets, _ := p["TargetInstances"].(map[string]any)
	if t := d.TargetInstances; t != nil && t.TagFilters != nil {
		targets["tagFilters"] = kind.Plain(t.TagFilters, kind.Upper)
	}
	if t := d.TargetInstances; t != nil && t.Ec2TagSet != nil {
		targets["ec2TagSet"] = ec2TagSet(t.Ec2TagSet)
	}
	return p
}
