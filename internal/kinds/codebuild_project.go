package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codeBuildProject = kind.Kind{
	Name:    "AWS::CodeBuild::Project",
	Scope:   kind.Regional,
	Actions: []string{"codebuild:ListProjects"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*codebuild.ListProjectsOutput, error) {
			return codebuild.NewFromConfig(cfg).ListProjects(ctx, &codebuild.ListProjectsInput{NextToken: token})
		},
		func(out *codebuild.ListProjectsOutput) ([]string, *string) { return out.Projects, out.NextToken },
		names("Name"),
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"codebuild:BatchGetProjects"},
		Keys:    codeBuildProjectKeys,
		Whole:   true,
		Size:    100,
		Call:    batchGetProjects,
	}},
	Defaults: []string{"GetProjectDetailsAction"},
	Secrets:  []string{"Environment.environmentVariables[].value"},
}

var codeBuildProjectKeys = []string{
	"Arn", "Artifacts", "AutoRetryLimit", "Badge", "BuildBatchConfig", "Cache",
	"ConcurrentBuildLimit", "Created", "Description", "EncryptionKey", "Environment",
	"FileSystemLocations", "LastModified", "LogsConfig", "ProjectVisibility", "PublicProjectAlias",
	"QueuedTimeoutInMinutes", "ResourceAccessRole", "SecondaryArtifacts",
	"SecondarySourceVersions", "SecondarySources", "ServiceRole", "Source", "SourceVersion",
	"Tags", "TimeoutInMinutes", "VpcConfig", "Webhook",
}

func batchGetProjects(
	ctx context.Context, cfg aws.Config, _ kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	out, err := codebuild.NewFromConfig(cfg).BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: keys(items)})
	if err != nil {
		return nil, err
	}
	if out.Projects == nil && out.ProjectsNotFound == nil {
		return nil, without("projects")
	}
	answers := gone(out.ProjectsNotFound)
	for i := range out.Projects {
		p := only(kind.Members(&out.Projects[i], kind.Lower), codeBuildProjectKeys)
		answers[aws.ToString(out.Projects[i].Name)] = kind.Answer{Properties: p}
	}
	return answers, nil
}
