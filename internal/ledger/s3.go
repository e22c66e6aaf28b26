package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

const (
	s3Attempts     = 8    // of one call; a context's deadline ends them earlier
	s3DeletesACall = 1000 // DeleteObjects takes no more
)

// S3 is a Store in a bucket. It needs s3:GetObject, s3:PutObject and s3:DeleteObject on the objects
// and s3:ListBucket on the bucket.
type S3 struct {
	client *s3.Client
	bucket string
}

var _ Store = (*S3)(nil)

// BucketError says that the state bucket does not exist.
type BucketError struct {
	Bucket string
	Err    error
}

func (e *BucketError) Error() string {
	return fmt.Sprintf("the state bucket %q (STATE_BUCKET) does not exist: %v", e.Bucket, e.Err)
}

func (e *BucketError) Unwrap() error { return e.Err }

// Code names the error across the Lambda boundary.
func (*BucketError) Code() string { return "StateBucketMissing" }

// NewS3 opens the store in a bucket, which must exist. It makes no call. Where the configuration
// names an endpoint the bucket is addressed by path, since a stand-in for S3 has no name per bucket.
func NewS3(cfg aws.Config, bucket string) *S3 {
	return &S3{bucket: bucket, client: s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // a stand-in sends no checksums
		o.RetryMaxAttempts = s3Attempts
		o.Retryer = retry.AddWithErrorCodes(retry.NewStandard(func(o *retry.StandardOptions) {
			o.RateLimiter = ratelimit.None // its quota would give up on all objects because of a few
		}), "ConditionalRequestConflict") // another write was under way; the condition is still to be tried
	})}
}

// Get implements Store.
func (s *S3) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := checkKey(key); err != nil {
		return nil, "", fmt.Errorf("get %s: %w", key, err)
	}
	for attempt := 1; ; attempt++ {
		out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: &key})
		switch errorCode(err) {
		case "NoSuchKey":
			return nil, "", fmt.Errorf("get %s: %w", key, ErrNotFound)
		case "AccessDenied":
			err = fmt.Errorf("%w (where the right s3:ListBucket on the bucket is missing, "+
				"S3 says so of an object that does not exist, too)", err)
		}
		if err != nil {
			return nil, "", s.wrap("get "+key, err)
		}
		data, err := io.ReadAll(out.Body)
		out.Body.Close()
		if err == nil {
			return data, aws.ToString(out.ETag), nil
		}
		// The SDK repeats calls, not the reading of their bodies.
		if attempt == s3Attempts || ctx.Err() != nil {
			return nil, "", s.wrap("get "+key, err)
		}
	}
}

// Put implements Store.
func (s *S3) Put(ctx context.Context, key string, data []byte, c Condition) (string, error) {
	if err := checkKey(key); err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: bytes.NewReader(data)}
	switch {
	case c.set && c.version == "":
		in.IfNoneMatch = aws.String("*")
	case c.set:
		in.IfMatch = &c.version
	}
	out, err := s.client.PutObject(ctx, in)
	switch errorCode(err) {
	case "PreconditionFailed", "NoSuchKey": // the latter if the object to match is gone
		return settle(ctx, s, key, data)
	}
	if err != nil {
		return "", s.wrap("put "+key, err)
	}
	return aws.ToString(out.ETag), nil
}

// Delete implements Store.
func (s *S3) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return fmt.Errorf("delete %s: %w", key, err)
		}
	}
	if len(keys) == 1 {
		_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: &keys[0]})
		return s.wrap("delete "+keys[0], err)
	}
	for part := range slices.Chunk(keys, s3DeletesACall) {
		if err := s.deleteMany(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

func (s *S3) deleteMany(ctx context.Context, keys []string) error {
	ids := make([]types.ObjectIdentifier, len(keys))
	for i := range keys {
		ids[i].Key = &keys[i]
	}
	out, err := s.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
		Bucket: &s.bucket,
		Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
	})
	if err != nil {
		return s.wrap(fmt.Sprintf("delete %d objects", len(keys)), err)
	}
	if len(out.Errors) > 0 { // the call succeeds even so
		first := out.Errors[0]
		return fmt.Errorf("delete %s, one of %d that stay: %s: %s", aws.ToString(first.Key),
			len(out.Errors), aws.ToString(first.Code), aws.ToString(first.Message))
	}
	return nil
}

// List implements Store. S3 itself lists in the order of the keys' bytes.
func (s *S3) List(ctx context.Context, prefix string) ([]string, error) {
	var keys []string
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix}
	for pages := s3.NewListObjectsV2Paginator(s.client, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.wrap("list "+prefix, err)
		}
		for _, o := range page.Contents {
			keys = append(keys, aws.ToString(o.Key))
		}
	}
	return keys, nil
}

// wrap says what was done in which bucket when err came; nil stays nil.
func (s *S3) wrap(act string, err error) error {
	switch {
	case err == nil:
		return nil
	case errorCode(err) == "NoSuchBucket":
		err = &BucketError{s.bucket, err}
	}
	return fmt.Errorf("%s in bucket %s: %w", strings.TrimSpace(act), s.bucket, err)
}

// errorCode is S3's own word for an error; "" for those that are not S3's.
func errorCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
