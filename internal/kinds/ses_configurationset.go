package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var sesConfigurationSet = kind.Kind{
	Name:    "AWS::SES::ConfigurationSet",
	Scope:   kind.Regional,
	Actions: []string{"ses:ListConfigurationSets"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*sesv2.ListConfigurationSetsOutput, error) {
			return sesv2.NewFromConfig(cfg).ListConfigurationSets(ctx, &sesv2.ListConfigurationSetsInput{
				PageSize: aws.Int32(1000), NextToken: token,
			})
		},
		func(out *sesv2.ListConfigurationSetsOutput) ([]string, *string) {
			return out.ConfigurationSets, out.NextToken
		},
		names("ConfigurationSetName"),
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"ses:GetConfigurationSet"},
		Keys:    sesConfigurationSetKeys,
		Whole:   true,
		Gone:    []string{"NotFoundException"},
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			out, err := sesv2.NewFromConfig(cfg).GetConfigurationSet(ctx, &sesv2.GetConfigurationSetInput{
				ConfigurationSetName: &it.Key,
			})
			if err != nil {
				return nil, err
			}
			if out.ConfigurationSetName == nil {
				return nil, without("ConfigurationSetName")
			}
			return only(kind.Members(out, kind.Upper), sesConfigurationSetKeys), nil
		}),
	}},
	Defaults: []string{"GetConfigurationSetAction", "ListConfigurationSetsAction"},
}

var sesConfigurationSetKeys = []string{
	"ArchivingOptions", "DeliveryOptions", "ReputationOptions", "SendingOptions",
	"SuppressionOptions", "Tags", "TrackingOptions", "VdmOptions",
}
