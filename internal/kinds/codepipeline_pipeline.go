package kinds

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var codePipelinePipeline = kind.Kind{
	Name:    "AWS::CodePipeline::Pipeline",
	Scope:   kind.Regional,
	Actions: []string{"codepipeline:ListPipelines"},
	List: pages(listPipelines,
		func(out *codepipeline.ListPipelinesOutput) ([]types.PipelineSummary, *string) {
			return out.Pipelines, out.NextToken
		},
		func(at kind.Site, p *types.PipelineSummary) kind.Item {
			key, properties := arn(at, "codepipeline", aws.ToString(p.Name)), kind.Members(p, kind.Lower)
			properties["PipelineArn"] = key
			return kind.Item{Key: key, Properties: properties}
		},
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"codepipeline:GetPipeline"},
		Keys:    codePipelinePipelineKeys,
		Gone:    []string{"PipelineNotFoundException"},
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			out, err := getPipeline(ctx, cfg, *member(it, "Name"))
			if err != nil {
				return nil, err
			}
			p := kind.Members(out.Metadata, kind.Lower)
			maps.Copy(p, kind.Members(out.Pipeline, kind.Lower))
			return only(p, codePipelinePipelineKeys), nil
		}),
	}, {
		Actions: []string{"codepipeline:ListTagsForResource"},
		Keys:    []string{"Tags"},
		Gone:    []string{"ResourceNotFoundException"},
		Bulk:    tagsOf("codepipeline:pipeline", "Tags", lowerTags),
		Saves:   saves,
		Call:    pipelineTags,
	}},
	Defaults: []string{"GetPipelineDetailsAction", "GetPipelineTagsAction", "ListPipelinesAction"},
	Secrets: []string{
		"Stages[].actions[].configuration.*", "Stages[].actions[].environmentVariables[].value",
	},
}

// codePipelinePipelineKeys are what the listing does not say.
var codePipelinePipelineKeys = []string{
	"ArtifactStore", "ArtifactStores", "PollingDisabledAt", "RoleArn", "Stages", "Triggers", "Variables",
}

// listPipelines serves five kinds.
func listPipelines(ctx context.Context, cfg aws.Config, token *string) (*codepipeline.ListPipelinesOutput, error) {
	return codepipeline.NewFromConfig(cfg).ListPipelines(kind.Shared(ctx), &codepipeline.ListPipelinesInput{
		MaxResults: aws.Int32(1000), NextToken: token,
	})
}

// pipelineNames are nil where the answer has no list.
func pipelineNames(out *codepipeline.ListPipelinesOutput) (names []string, next *string) {
	if out.Pipelines == nil {
		return nil, nil
	}
	names = make([]string, len(out.Pipelines))
	for i, p := range out.Pipelines {
		names[i] = aws.ToString(p.Name)
	}
	return names, out.NextToken
}

// getPipeline serves pipelines, their stages and their actions.
func getPipeline(ctx context.Context, cfg aws.Config, name string) (*codepipeline.GetPipelineOutput, error) {
	in := &codepipeline.GetPipelineInput{Name: &name}
	out, err := codepipeline.NewFromConfig(cfg).GetPipeline(kind.Shared(ctx), in)
	if err != nil {
		return nil, err
	}
	if out.Pipeline == nil || out.Metadata == nil {
		return nil, without("pipeline")
	}
	return out, nil
}

var pipelineTags = pagedTags(kind.Lower, func(
	ctx context.Context, cfg aws.Config, it kind.Item, token *string,
) ([]types.Tag, *string, error) {
	in := &codepipeline.ListTagsForResourceInput{ResourceArn: &it.Key, NextToken: token}
	out, err := codepipeline.NewFromConfig(cfg).ListTagsForResource(ctx, in)
	if err != nil {
		return nil, nil, err
	}
	return out.Tags, out.NextToken, nil
})
