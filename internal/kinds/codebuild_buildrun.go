package kinds

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codeBuildBuildRun = kind.Kind{
	Name:    "AWS::CodeBuild::BuildRun",
	Scope:   kind.Regional,
	Actions: []string{"codebuild:ListBuilds"},
	List: pages( // the newest first
		func(ctx context.Context, cfg aws.Config, token *string) (*codebuild.ListBuildsOutput, error) {
			return codebuild.NewFromConfig(cfg).ListBuilds(ctx, &codebuild.ListBuildsInput{NextToken: token})
		},
		func(out *codebuild.ListBuildsOutput) ([]string, *string) { return out.Ids, out.NextToken },
		names("Id"),
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"codebuild:BatchGetBuilds"},
		Keys:    codeBuildBuildRunKeys,
		Whole:   true,
		Size:    100,
		Call:    batchGetBuilds,
	}},
	Defaults: []string{"GetBuildDetailsAction", "ListBuildsAction"},
	History: &kind.History{At: "StartTime", Of: func(it kind.Item) string {
		project, _, _ := strings.Cut(it.Key, ":")
		return project
	}},
	Secrets: []string{"Environment.environmentVariables[].value", "ExportedEnvironmentVariables[].value"},
}

var codeBuildBuildRunKeys = []string{
	"Arn", "Artifacts", "AutoRetryConfig", "BuildBatchArn", "BuildComplete", "BuildNumber",
	"BuildStatus", "Cache", "CurrentPhase", "DebugSession", "EncryptionKey", "EndTime",
	"Environment", "ExportedEnvironmentVariables", "FileSystemLocations", "Initiator", "Logs",
	"NetworkInterface", "Phases", "ProjectName", "QueuedTimeoutInMinutes", "ReportArns",
	"ResolvedSourceVersion", "SecondaryArtifacts", "SecondarySourceVersions", "SecondarySources",
	"ServiceRole", "Source", "SourceVersion", "StartTime", "TimeoutInMinutes", "VpcConfig",
}

func batchGetBuilds(
	ctx context.Context, cfg aws.Config, _ kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	out, err := codebuild.NewFromConfig(cfg).BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: keys(items)})
	if err != nil {
		return nil, err
	}
	if out.Builds == nil && out.BuildsNotFound == nil {
		return nil, without("builds")
	}
	answers := gone(out.BuildsNotFound)
	for i := range out.Builds {
		p := only(kind.Members(&out.Builds[i], kind.Lower), codeBuildBuildRunKeys)
		answers[aws.ToString(out.Builds[i].Id)] = kind.Answer{Properties: p}
	}
	return answers, nil
}
