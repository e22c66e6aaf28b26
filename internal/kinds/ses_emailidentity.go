package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var sesEmailIdentity = kind.Kind{
	Name:    "AWS::SES::EmailIdentity",
	Scope:   kind.Regional,
	Actions: []string{"ses:ListEmailIdentities"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*sesv2.ListEmailIdentitiesOutput, error) {
			return sesv2.NewFromConfig(cfg).ListEmailIdentities(ctx, &sesv2.ListEmailIdentitiesInput{
				PageSize: aws.Int32(1000), NextToken: token,
			})
		},
		func(out *sesv2.ListEmailIdentitiesOutput) ([]types.IdentityInfo, *string) {
			return out.EmailIdentities, out.NextToken
		},
		func(_ kind.Site, i *types.IdentityInfo) kind.Item {
			return kind.Item{Key: aws.ToString(i.IdentityName), Properties: kind.Members(i, kind.Upper)}
		},
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"ses:GetEmailIdentity"},
		Keys:    sesEmailIdentityKeys,
		Gone:    []string{"NotFoundException"},
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			in := &sesv2.GetEmailIdentityInput{EmailIdentity: &it.Key}
			out, err := sesv2.NewFromConfig(cfg).GetEmailIdentity(ctx, in)
			if err != nil {
				return nil, err
			}
			if out.IdentityType == "" {
				return nil, without("IdentityType")
			}
			return only(kind.Members(out, kind.Upper), sesEmailIdentityKeys), nil
		}),
	}},
	Defaults: []string{"GetEmailIdentityAction", "ListEmailIdentitiesAction"},
}

// sesEmailIdentityKeys are what the listing does not say.
var sesEmailIdentityKeys = []string{
	"ConfigurationSetName", "DkimAttributes", "FeedbackForwardingStatus", "MailFromAttributes", "Policies", "Tags",
	"VerificationInfo", "VerifiedForSendingStatus",
}
