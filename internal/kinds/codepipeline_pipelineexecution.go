package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codePipelinePipelineExecution = kind.Kind{
	Name:    "AWS::CodePipeline::PipelineExecution",
	Scope:   kind.Regional,
	Actions: []string{"codepipeline:ListPipelines", "codepipeline:ListPipelineExecutions"},
	List:    within{parents: parents(listPipelines, pipelineNames), children: pipelineExecutions}.list,
	Enrich: []kind.Enrich{{
		Actions: []string{"codepipeline:GetPipelineExecution"},
		Keys:    codePipelinePipelineExecutionKeys,
		Gone:    []string{"PipelineExecutionNotFoundException", "PipelineNotFoundException"},
		Call:    kind.Each(pipelineExecution),
	}},
	Defaults: []string{"GetPipelineExecutionDetailsAction", "ListPipelineExecutionsAction"},
	History:  &kind.History{At: "StartTime", Of: func(it kind.Item) string { return it.Parent }},
}

// codePipelinePipelineExecutionKeys are what the listing does not say.
var codePipelinePipelineExecutionKeys = []string{"ArtifactRevisions", "PipelineVersion", "Variables"}

func pipelineExecutions(
	ctx context.Context, cfg aws.Config, at kind.Site, pipeline string, token *string,
) (kind.Page, error) {
	return pages( // the newest first
		func(ctx context.Context, cfg aws.Config, token *string) (*codepipeline.ListPipelineExecutionsOutput, error) {
			in := &codepipeline.ListPipelineExecutionsInput{
				PipelineName: &pipeline, MaxResults: aws.Int32(100), NextToken: token,
			}
			return codepipeline.NewFromConfig(cfg).ListPipelineExecutions(ctx, in)
		},
		func(out *codepipeline.ListPipelineExecutionsOutput) ([]types.PipelineExecutionSummary, *string) {
			return out.PipelineExecutionSummaries, out.NextToken
		},
		func(_ kind.Site, e *types.PipelineExecutionSummary) kind.Item {
			p := kind.Members(e, kind.Lower)
			p["PipelineName"] = pipeline
			return kind.Item{Key: aws.ToString(e.PipelineExecutionId), Properties: p}
		},
	)(ctx, cfg, at, aws.ToString(token))
}

func pipelineExecution(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := codepipeline.NewFromConfig(cfg).GetPipelineExecution(ctx, &codepipeline.GetPipelineExecutionInput{
		PipelineName: &it.Parent, PipelineExecutionId: &it.Key,
	})
	if err != nil {
		return nil, err
	}
	if out.PipelineExecution == nil {
		return nil, without("pipelineExecution")
	}
	return only(kind.Members(out.PipelineExecution, kind.Lower), codePipelinePipelineExecutionKeys), nil
}
