package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codeDeployApplication = kind.Kind{
	Name:    "AWS::CodeDeploy::Application",
	Scope:   kind.Regional,
	Actions: []string{"codedeploy:ListApplications"},
	List: pages(listApplications, applicationNames, func(at kind.Site, name *string) kind.Item {
		return kind.Item{
			Key: arn(at, "codedeploy", "application:"+*name), Properties: map[string]any{"ApplicationName": *name},
		}
	}),
	Enrich: []kind.Enrich{{
		Actions: []string{"codedeploy:BatchGetApplications"},
		Keys:    codeDeployApplicationKeys,
		Whole:   true,
		Gone:    []string{"ApplicationDoesNotExistException"},
		Size:    100,
		Call:    batchGetApplications,
	}, {
		Actions: []string{"codedeploy:ListTagsForResource"},
		Keys:    []string{"Tags"},
		Gone:    []string{"ApplicationDoesNotExistException"},
		Bulk:    tagsOf("codedeploy:application", "Tags", upperTags),
		Saves:   saves,
		Call:    codeDeployTags,
	}},
	Defaults: []string{"GetCodeDeployApplicationDetailsAction", "GetCodeDeployApplicationTagsAction"},
}

var codeDeployApplicationKeys = []string{
	"ApplicationId", "ComputePlatform", "CreateTime", "GitHubAccountName", "LinkedToGitHub",
}

// listApplications serves applications and deployment groups.
func listApplications(ctx context.Context, cfg aws.Config, token *string) (*codedeploy.ListApplicationsOutput, error) {
	in := &codedeploy.ListApplicationsInput{NextToken: token}
	return codedeploy.NewFromConfig(cfg).ListApplications(kind.Shared(ctx), in)
}

func applicationNames(out *codedeploy.ListApplicationsOutput) ([]string, *string) {
	return out.Applications, out.NextToken
}

func batchGetApplications(
	ctx context.Context, cfg aws.Config, at kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	names := make([]string, len(items))
	for i, it := range items {
		names[i] = *member(it, "ApplicationName")
	}
	out, err := codedeploy.NewFromConfig(cfg).BatchGetApplications(ctx, &codedeploy.BatchGetApplicationsInput{
		ApplicationNames: names,
	})
	if err != nil {
		return nil, err
	}
	if out.ApplicationsInfo == nil {
		return nil, without("applicationsInfo")
	}
	answers := map[string]kind.Answer{}
	for i := range out.ApplicationsInfo {
		a := &out.ApplicationsInfo[i]
		answers[arn(at, "codedeploy", "application:"+aws.ToString(a.ApplicationName))] = kind.Answer{
			Properties: only(kind.Members(a, kind.Lower), codeDeployApplicationKeys),
		}
	}
	return answers, nil
}

// codeDeployTags asks for those of what an item's key is the ARN of.
var codeDeployTags = pagedTags(kind.Upper, func(
	ctx context.Context, cfg aws.Config, it kind.Item, token *string,
) ([]types.Tag, *string, error) {
	in := &codedeploy.ListTagsForResourceInput{ResourceArn: &it.Key, NextToken: token}
	out, err := codedeploy.NewFromConfig(cfg).ListTagsForResource(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	return out.Tags, out.NextToken, nil
})
