package access

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
)

// LoadBase is our own identity, from the SDK's usual places: its environment variables (of which a
// Lambda's are set for it, and AWS_ENDPOINT_URL is one), profile files, web identity, instance. All
// clients made of it share one HTTP transport, and each has its own NewRetryer. No call is made.
func LoadBase(ctx context.Context) (aws.Config, error) {
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithHTTPClient(transport()),
		config.WithRetryer(func() aws.Retryer { return NewRetryer() }))
	if err != nil {
		return aws.Config{}, fmt.Errorf("load AWS settings: %w", err)
	}
	if cfg.Region == "" {
		return aws.Config{}, errors.New("no AWS region: set AWS_REGION, for instance to eu-west-1")
	}
	// In all defaults modes but the oldest each service client makes a client of its own, connections
	// included, of one that can still be built on. A frozen one is shared.
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = b.Freeze()
	}
	return cfg, nil
}

// transport is the SDK's, for some hundred hosts instead of a few: a handshake costs a millisecond
// of CPU. Its patience is per attempt and there are ten, so it is shorter than the SDK's.
func transport() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns = 0 // no limit
			t.MaxIdleConnsPerHost = 256
		}).
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = 5 * time.Second }).
		WithReadTimeout(30 * time.Second)
}

// NewRetryer tries a request ten times, at most 20 seconds apart. It has no retry quota, which one
// slow account would use up for all, and never adapts its rate: pacing is the caller's.
func NewRetryer() aws.RetryerV2 {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 10
		o.MaxBackoff = 20 * time.Second
		o.RateLimiter = ratelimit.None
	})
}
