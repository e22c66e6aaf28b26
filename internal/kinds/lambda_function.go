package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var lambdaFunction = kind.Kind{
	Name:    "AWS::Lambda::Function",
	Scope:   kind.Regional,
	Actions: []string{"lambda:ListFunctions"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*lambda.ListFunctionsOutput, error) {
			return lambda.NewFromConfig(cfg).ListFunctions(ctx, &lambda.ListFunctionsInput{Marker: token})
		},
		func(out *lambda.ListFunctionsOutput) ([]types.FunctionConfiguration, *string) {
			return out.Functions, out.NextMarker
		},
		func(_ kind.Site, f *types.FunctionConfiguration) kind.Item {
			p := only(kind.Members(f, kind.Upper), lambdaFunctionKeys)
			return kind.Item{Key: aws.ToString(f.FunctionArn), Properties: p}
		},
	),
	Enrich: []kind.Enrich{{
		Option:  "ListTagsAction",
		Actions: []string{"lambda:ListTags"},
		Keys:    []string{"Tags"},
		Gone:    []string{"ResourceNotFoundException"},
		Bulk:    tagsOf("lambda:function", "Tags", mapOfTags),
		Saves:   saves,
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			out, err := lambda.NewFromConfig(cfg).ListTags(ctx, &lambda.ListTagsInput{Resource: &it.Key})
			if err != nil {
				return nil, err
			}
			if out.Tags == nil {
				return nil, without("Tags")
			}
			return map[string]any{"Tags": kind.Plain(out.Tags, kind.Upper)}, nil
		}),
	}},
	Defaults: []string{"ListFunctionsAction"},
	Secrets:  []string{"Environment.Variables.*"},
}

var lambdaFunctionKeys = []string{
	"Architectures", "CodeSha256", "CodeSize", "DeadLetterConfig", "Description", "Environment",
	"EphemeralStorage", "FileSystemConfigs", "FunctionArn", "FunctionName", "Handler",
	"ImageConfigResponse", "KMSKeyArn", "LastModified", "LastUpdateStatus",
	"LastUpdateStatusReason", "LastUpdateStatusReasonCode", "Layers", "LoggingConfig", "MasterArn",
	"MemorySize", "PackageType", "RevisionId", "Role", "Runtime", "RuntimeVersionConfig",
	"SigningJobArn", "SigningProfileVersionArn", "SnapStart", "State", "StateReason",
	"StateReasonCode", "Timeout", "TracingConfig", "Version", "VpcConfig",
}
