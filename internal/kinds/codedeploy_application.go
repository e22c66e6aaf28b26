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
	List: func(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
		applications, next, err := deployApplications(kind.Shared(ctx), cfg, kind.Token(cursor))
		if err != nil {
			return kind.Page{}, err
		}
		if applications == nil {
			return kind.Page{}, without("applications")
		}
		page := kind.Page{Next: aws.ToString(next)}
		for _, name := range applications {
			page.Items = append(page.Items, kind.Item{
				Key: arn(at, "codedeploy", "application:"+name), Properties: map[string]any{"ApplicationName": name},
			})
		}
		return page, nil
	},
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

func deployApplications(ctx context.Context, cfg aws.Config, token *string) ([]string, *string, error) {
	out, err := codedeploy.NewFromConfig(cfg).ListApplications(ctx, &codedeploy.ListApplicationsInput{NextToken: token})
	if err != nil {
		return nil, nil, err
	}
	return out.Applications, out.NextToken, nil
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
	out, err := codedeploy.NewFromConfig(cfg).ListTagsForResource(ctx, &codedeploy.ListTagsForResourceInput{ResourceArn: &it.Key, NextToken: token})
	if err != nil {
		return nil, nil, err
	}
	return out.Tags, out.NextToken, nil
})
