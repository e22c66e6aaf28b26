package kinds

import (
	"context"
	"path"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var sqsQueue = kind.Kind{
	Name:    "AWS::SQS::Queue",
	Scope:   kind.Regional,
	Actions: []string{"sqs:ListQueues"},
	List: func(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
		// ListQueues ends after 1,000 queues without a token, unless it is told how many to give.
		out, err := sqs.NewFromConfig(cfg).ListQueues(ctx, &sqs.ListQueuesInput{
			MaxResults: aws.Int32(1000), NextToken: kind.Token(cursor),
		})
		if err != nil {
			return kind.Page{}, err
		}
		page := kind.Page{Next: aws.ToString(out.NextToken)}
		for _, url := range out.QueueUrls { // which SQS leaves out where there are none
			key := arn(at, "sqs", path.Base(url))
			page.Items = append(page.Items, kind.Item{
				Key: key, Properties: map[string]any{"QueueUrl": url, "QueueArn": key},
			})
		}
		return page, nil
	},
	Enrich: []kind.Enrich{{
		Actions: []string{"sqs:GetQueueAttributes"},
		Keys:    sqsQueueKeys,
		Whole:   true,
		Gone:    queueGone,
		Call:    kind.Each(queueAttributes),
	}, {
		Option:  "ListQueueTagsAction",
		Actions: []string{"sqs:ListQueueTags"},
		Keys:    []string{"Tags"},
		Gone:    queueGone,
		Bulk:    tagsOf("sqs", "Tags", mapOfTags),
		Saves:   saves,
		Call:    kind.Each(queueTags),
	}},
	Defaults: []string{"GetQueueAttributesAction", "ListQueuesAction"},
}

// queueGone has the code of the query protocol, which the JSON protocol keeps in a header, and its own.
var queueGone = []string{"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}

// sqsQueueKeys are what the listing does not say.
var sqsQueueKeys = []string{
	"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed",
	"ApproximateNumberOfMessagesNotVisible", "ContentBasedDeduplication", "CreatedTimestamp",
	"DeduplicationScope", "DelaySeconds", "FifoQueue", "FifoThroughputLimit",
	"KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "LastModifiedTimestamp",
	"MaximumMessageSize", "MessageRetentionPeriod", "Policy",
	"ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled",
	"VisibilityTimeout",
}

func queueAttributes(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := sqs.NewFromConfig(cfg).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: member(it, "QueueUrl"), AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return nil, err
	}
	if len(out.Attributes) == 0 {
		return nil, without("Attributes")
	}
	return typed(out.Attributes, sqsQueueKeys, queueNumbers, queueFlags), nil
}

// Times are numbers too, and stay text.
var (
	queueNumbers = []string{
		"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
		"DelaySeconds", "KmsDataKeyReusePeriodSeconds", "MaximumMessageSize", "MessageRetentionPeriod",
		"ReceiveMessageWaitTimeSeconds", "VisibilityTimeout",
	}
	queueFlags = []string{"ContentBasedDeduplication", "FifoQueue", "SqsManagedSseEnabled"}
)

func queueTags(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := sqs.NewFromConfig(cfg).ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: member(it, "QueueUrl")})
	if err != nil {
		return nil, err
	}
	tags := map[string]any{} // SQS leaves them out where there are none
	for k, v := range out.Tags {
		tags[k] = v
	}
	return map[string]any{"Tags": tags}, nil
}
