package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codePipelineAction = kind.Kind{
	Name:     "AWS::CodePipeline::Action",
	Scope:    kind.Regional,
	Actions:  []string{"codepipeline:ListPipelines", "codepipeline:GetPipeline"},
	List:     within{parents: parents(listPipelines, pipelineNames), children: pipelineActions}.list,
	Defaults: []string{"GetPipelineActionsDetails"},
	Secrets:  []string{"Configuration.*", "EnvironmentVariables[].value"},
}

var codePipelineActionKeys = []string{
	"ActionTypeId", "Commands", "Configuration", "EnvironmentVariables", "InputArtifacts", "Name",
	"Namespace", "OutputArtifacts", "OutputVariables", "PipelineArn", "PipelineName",
	"PipelineVersion", "Region", "RoleArn", "RunOrder", "StageName", "TimeoutInMinutes",
}

func pipelineActions(ctx context.Context, cfg aws.Config, _ kind.Site, pipeline string, _ *string) (kind.Page, error) {
	out, err := getPipeline(ctx, cfg, pipeline)
	if err != nil {
		return kind.Page{}, err
	}
	var page kind.Page
	for _, s := range out.Pipeline.Stages {
		for i := range s.Actions {
			page.Items = append(page.Items, kind.Item{
				Key:        pipeline + "/" + aws.ToString(s.Name) + "/" + aws.ToString(s.Actions[i].Name),
				Properties: pipelineAction(out, aws.ToString(s.Name), &s.Actions[i]),
			})
		}
	}
	return page, nil
}

// pipelineAction has the members of ActionTypeId in upper case, as Ocean has them here and nowhere else.
func pipelineAction(out *codepipeline.GetPipelineOutput, stage string, a *types.ActionDeclaration) map[string]any {
	p := kind.Members(a, kind.Lower)
	if a.ActionTypeId != nil {
		p["ActionTypeId"] = kind.Plain(a.ActionTypeId, kind.Upper)
	}
	p["PipelineVersion"] = int(aws.ToInt32(out.Pipeline.Version))
	p["PipelineName"], p["PipelineArn"] = aws.ToString(out.Pipeline.Name), aws.ToString(out.Metadata.PipelineArn)
	p["StageName"] = stage
	return only(p, codePipelineActionKeys)
}
