package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codePipelineStage = kind.Kind{
	Name:     "AWS::CodePipeline::Stage",
	Scope:    kind.Regional,
	Actions:  []string{"codepipeline:ListPipelines", "codepipeline:GetPipeline"},
	List:     within{parents: parents(listPipelines, pipelineNames), children: pipelineStages}.list,
	Defaults: []string{"GetPipelineStagesAction"},
	Secrets:  []string{"Actions[].configuration.*", "Actions[].environmentVariables[].value"},
}

var codePipelineStageKeys = []string{
	"Actions", "BeforeEntry", "Blockers", "Name", "OnFailure", "OnSuccess", "Order", "PipelineArn",
	"PipelineName",
}

func pipelineStages(ctx context.Context, cfg aws.Config, _ kind.Site, pipeline string, _ *string) (kind.Page, error) {
	out, err := getPipeline(ctx, cfg, pipeline)
	if err != nil {
		return kind.Page{}, err
	}
	var page kind.Page
	for i := range out.Pipeline.Stages {
		s := &out.Pipeline.Stages[i]
		p := kind.Members(s, kind.Lower)
		p["PipelineName"], p["PipelineArn"] = aws.ToString(out.Pipeline.Name), aws.ToString(out.Metadata.PipelineArn)
		p["Order"] = i + 1
		page.Items = append(page.Items, kind.Item{
			Key: pipeline + "/" + aws.ToString(s.Name), Properties: only(p, codePipelineStageKeys),
		})
	}
	return page, nil
}
