package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codePipelineActionExecution = kind.Kind{
	Name:     "AWS::CodePipeline::ActionExecution",
	Scope:    kind.Regional,
	Actions:  []string{"codepipeline:ListPipelines", "codepipeline:ListActionExecutions"},
	List:     within{parents: parents(listPipelines, pipelineNames), children: actionExecutions}.list,
	Defaults: []string{"ListActionExecutionsAction"},
	History:  &kind.History{At: "StartTime", Of: func(it kind.Item) string { return it.Parent }},
	Secrets:  []string{"Input.configuration.*", "Input.resolvedConfiguration.*"},
}

var codePipelineActionExecutionKeys = []string{
	"ActionExecutionId", "ActionName", "Input", "LastUpdateTime", "Output", "PipelineExecutionId",
	"PipelineVersion", "StageName", "StartTime", "Status", "UpdatedBy",
}

func actionExecutions(
	ctx context.Context, cfg aws.Config, at kind.Site, pipeline string, token *string,
) (kind.Page, error) {
	return pages( // the newest first
		func(ctx context.Context, cfg aws.Config, token *string) (*codepipeline.ListActionExecutionsOutput, error) {
			return codepipeline.NewFromConfig(cfg).ListActionExecutions(ctx, &codepipeline.ListActionExecutionsInput{
				PipelineName: &pipeline, MaxResults: aws.Int32(100), NextToken: token,
			})
		},
		func(out *codepipeline.ListActionExecutionsOutput) ([]types.ActionExecutionDetail, *string) {
			return out.ActionExecutionDetails, out.NextToken
		},
		func(_ kind.Site, e *types.ActionExecutionDetail) kind.Item {
			p := only(kind.Members(e, kind.Lower), codePipelineActionExecutionKeys)
			return kind.Item{Key: aws.ToString(e.ActionExecutionId), Properties: p}
		},
	)(ctx, cfg, at, aws.ToString(token))
}
