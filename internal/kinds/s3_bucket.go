package kinds

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var s3Bucket = kind.Kind{
	Name:    "AWS::S3::Bucket",
	Scope:   kind.Global,
	Actions: []string{"s3:ListAllMyBuckets"},
	List: func(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
		// ListBuckets answers for all regions, and says which only if it is given a parameter.
		out, err := s3Client(cfg).ListBuckets(ctx, &s3.ListBucketsInput{
			MaxBuckets: aws.Int32(1000), ContinuationToken: kind.Token(cursor),
		})
		if err != nil {
			return kind.Page{}, err
		}
		if out.Buckets == nil {
			return kind.Page{}, without("Buckets")
		}
		page := kind.Page{Next: aws.ToString(out.ContinuationToken)}
		for _, b := range out.Buckets {
			name := aws.ToString(b.Name)
			p := map[string]any{"BucketName": name, "Arn": "arn:" + at.Partition + ":s3:::" + name}
			if b.CreationDate != nil {
				p["CreationDate"] = kind.Plain(b.CreationDate, kind.Upper)
			}
			page.Items = append(page.Items, kind.Item{
				Key: name, Properties: p, Region: aws.ToString(b.BucketRegion),
			})
		}
		return page, nil
	},
	Enrich: []kind.Enrich{{
		Actions: []string{"s3:GetBucketTagging"},
		Keys:    []string{"Tags"},
		Absent:  []string{"NoSuchTagSet"},
		Empty:   map[string]any{"Tags": []any{}},
		Gone:    bucketGone,
		Call: bucketCall("Tags", "TagSet", func(ctx context.Context, c *s3.Client, b *string) (any, error) {
			return c.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: b})
		}),
	}, {
		Option:  "GetPublicAccessBlockAction",
		Actions: []string{"s3:GetBucketPublicAccessBlock"},
		Keys:    []string{"PublicAccessBlockConfiguration"},
		Absent:  []string{"NoSuchPublicAccessBlockConfiguration"},
		Gone:    bucketGone,
		Call: bucketCall("PublicAccessBlockConfiguration", "PublicAccessBlockConfiguration",
			func(ctx context.Context, c *s3.Client, b *string) (any, error) {
				return c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})
			}),
	}, {
		Option:  "GetBucketOwnershipControlsAction",
		Actions: []string{"s3:GetBucketOwnershipControls"},
		Keys:    []string{"OwnershipControls"},
		Absent:  []string{"OwnershipControlsNotFoundError"},
		Gone:    bucketGone,
		Call: bucketCall("OwnershipControls", "OwnershipControls",
			func(ctx context.Context, c *s3.Client, b *string) (any, error) {
				return c.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: b})
			}),
	}, {
		Option:  "GetBucketEncryptionAction",
		Actions: []string{"s3:GetEncryptionConfiguration"},
		Keys:    []string{"BucketEncryption"},
		Absent:  []string{"ServerSideEncryptionConfigurationNotFoundError"},
		Gone:    bucketGone,
		Call: bucketCall("BucketEncryption", "ServerSideEncryptionConfiguration",
			func(ctx context.Context, c *s3.Client, b *string) (any, error) {
				return c.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: b})
			}),
	}, {
		Option:  "GetBucketLocationAction",
		Actions: []string{"s3:GetBucketLocation"},
		Keys:    []string{"LocationConstraint"},
		Gone:    bucketGone,
		Call:    bucketLocation,
	}},
	Defaults: []string{"GetBucketTaggingAction", "ListBucketsAction"},
}

var bucketGone = []string{"NoSuchBucket"}

// askLocation answers null for us-east-1.
var askLocation = bucketCall("LocationConstraint", "LocationConstraint",
	func(ctx context.Context, c *s3.Client, b *string) (any, error) {
		return c.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: b})
	})

// bucketLocation needs no call where the listing told the region, except for eu-west-1: S3's own answer
// for its oldest buckets is "EU".
func bucketLocation(
	ctx context.Context, cfg aws.Config, at kind.Site, items []kind.Item,
) (map[string]kind.Answer, error) {
	var location any
	switch items[0].Region {
	case "", "eu-west-1":
		return askLocation(ctx, cfg, at, items)
	case "us-east-1":
	default:
		location = items[0].Region
	}
	p := map[string]any{"LocationConstraint": location}
	return map[string]kind.Answer{items[0].Key: {Properties: p}}, nil
}

// bucketCall fills key with a member of get's answer. S3 answers about a bucket in the bucket's own
// region only; elsewhere it refuses and names that region, which the SDK does not follow.
func bucketCall(
	key, member string, get func(ctx context.Context, c *s3.Client, bucket *string) (any, error),
) kind.Call {
	ask := func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
		out, err := get(ctx, s3Client(cfg), &it.Key)
		if r := bucketRegion(err); r != "" && r != cfg.Region {
			cfg.Region = r
			out, err = get(ctx, s3Client(cfg), &it.Key)
		}
		if err != nil {
			return nil, err
		}
		v, ok := kind.Members(out, kind.Upper)[member]
		if !ok && member != "LocationConstraint" { // which S3 leaves empty for us-east-1
			return nil, without(member)
		}
		return map[string]any{key: v}, nil
	}
	return kind.Each(ask)
}

// bucketRegion is where the bucket is, according to S3's refusal.
func bucketRegion(err error) string {
	var e *smithyhttp.ResponseError
	if !errors.As(err, &e) {
		return ""
	}
	return e.Response.Header.Get("X-Amz-Bucket-Region")
}

func s3Client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil // there is one host for all buckets
	})
}
