package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var snsTopic = kind.Kind{
	Name:    "AWS::SNS::Topic",
	Scope:   kind.Regional,
	Actions: []string{"sns:ListTopics"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*sns.ListTopicsOutput, error) {
			return sns.NewFromConfig(cfg).ListTopics(ctx, &sns.ListTopicsInput{NextToken: token})
		},
		func(out *sns.ListTopicsOutput) ([]types.Topic, *string) { return out.Topics, out.NextToken },
		func(at kind.Site, t *types.Topic) kind.Item { return names("TopicArn")(at, t.TopicArn) },
	),
	Enrich: []kind.Enrich{{
		Actions: []string{"sns:GetTopicAttributes"},
		Keys:    snsTopicKeys,
		Whole:   true,
		Gone:    []string{"NotFound"},
		Call:    kind.Each(topicAttributes),
	}, {
		Option:  "GetTopicTagsAction",
		Actions: []string{"sns:ListTagsForResource"},
		Keys:    []string{"Tags"},
		Gone:    []string{"ResourceNotFound"},
		Bulk:    tagsOf("sns", "Tags", upperTags),
		Saves:   saves,
		Call:    kind.Each(topicTags),
	}},
	Defaults: []string{"GetTopicAttributesAction", "ListTopicsAction"},
}

var snsTopicKeys = []string{
	"ApplicationFailureFeedbackRoleArn", "ApplicationSuccessFeedbackRoleArn",
	"ApplicationSuccessFeedbackSampleRate", "ArchivePolicy", "BeginningArchiveTime",
	"ContentBasedDeduplication", "DeliveryPolicy", "DisplayName", "EffectiveDeliveryPolicy",
	"FifoThroughputScope", "FifoTopic", "FirehoseFailureFeedbackRoleArn", "FirehoseSuccessFeedbackRoleArn",
	"FirehoseSuccessFeedbackSampleRate", "HTTPFailureFeedbackRoleArn", "HTTPSuccessFeedbackRoleArn",
	"HTTPSuccessFeedbackSampleRate", "KmsMasterKeyId", "LambdaFailureFeedbackRoleArn",
	"LambdaSuccessFeedbackRoleArn", "LambdaSuccessFeedbackSampleRate", "Owner", "Policy",
	"SQSFailureFeedbackRoleArn", "SQSSuccessFeedbackRoleArn", "SQSSuccessFeedbackSampleRate",
	"SignatureVersion", "SubscriptionsConfirmed", "SubscriptionsDeleted", "SubscriptionsPending",
	"TracingConfig",
}

func topicAttributes(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := sns.NewFromConfig(cfg).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &it.Key})
	if err != nil {
		return nil, err
	}
	if len(out.Attributes) == 0 {
		return nil, without("Attributes")
	}
	return typed(out.Attributes, snsTopicKeys, topicNumbers, topicFlags), nil
}

var (
	topicNumbers = []string{
		"ApplicationSuccessFeedbackSampleRate", "FirehoseSuccessFeedbackSampleRate", "HTTPSuccessFeedbackSampleRate",
		"LambdaSuccessFeedbackSampleRate", "SQSSuccessFeedbackSampleRate", "SubscriptionsConfirmed",
		"SubscriptionsDeleted", "SubscriptionsPending",
	}
	topicFlags = []string{"ContentBasedDeduplication", "FifoTopic"}
)

func topicTags(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := sns.NewFromConfig(cfg).ListTagsForResource(ctx, &sns.ListTagsForResourceInput{
		ResourceArn: &it.Key,
	})
	if err != nil {
		return nil, err
	}
	if out.Tags == nil {
		return nil, without("Tags")
	}
	return map[string]any{"Tags": kind.Plain(out.Tags, kind.Upper)}, nil
}
