package collect_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
)

// service answers after a while, and refuses what comes faster than its rate. It is several services in
// several regions, told by the host.
type service struct {
	takes time.Duration
	rates map[string]*bucket // by host; without one there is no limit

	mu       sync.Mutex
	inFlight map[string]int
	most     map[string]int // in flight at once, by host; "" = of all
	answered map[string]int // by host and status
	arrivals []time.Time
}

// bucket is AWS's own limit: tokens per second, up to burst.
type bucket struct {
	rate, burst, tokens float64
	at                  time.Time
}

func (b *bucket) take() bool {
	now := time.Now()
	if b.at.IsZero() {
		b.tokens = b.burst
	} else {
		b.tokens = min(b.burst, b.tokens+now.Sub(b.at).Seconds()*b.rate)
	}
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func newService(takes time.Duration) *service {
	return &service{takes: takes, rates: map[string]*bucket{},
		inFlight: map[string]int{}, most: map[string]int{}, answered: map[string]int{}}
}

func (s *service) begin(host string, n int) (throttled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range []string{host, ""} {
		s.inFlight[key] += n
		s.most[key] = max(s.most[key], s.inFlight[key])
	}
	if n > 0 {
		s.arrivals = append(s.arrivals, time.Now())
	}
	return n > 0 && s.rates[host] != nil && !s.rates[host].take()
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	throttled := s.begin(r.Host, 1)
	defer s.begin(r.Host, -1)
	<-time.After(s.takes)
	status, answer := 200, "{}"
	switch {
	case throttled:
		status, answer = 400, `{"__type":"ThrottlingException","message":"Rate exceeded"}`
	case r.Host[:3] == "sns":
		answer = "<ListTopicsResponse><ListTopicsResult/></ListTopicsResponse>"
	case r.Host[:3] == "sts":
		answer = "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"
	}
	s.mu.Lock()
	s.answered[fmt.Sprint(r.Host, " ", status)]++
	s.mu.Unlock()
	w.WriteHeader(status)
	w.Write([]byte(answer))
}

// config is an account's, without the pacer, with the retries of our own.
func (s *service) config(region string) aws.Config {
	cfg := awstest.Config(s, region)
	cfg.Retryer = func() aws.Retryer { return access.NewRetryer() }
	return cfg
}

func host(service, region string) string { return service + "." + region + ".amazonaws.com" }

func clusters(ctx context.Context, cfg aws.Config) error {
	_, err := ecs.NewFromConfig(cfg).ListClusters(ctx, nil)
	return err
}

func topics(ctx context.Context, cfg aws.Config) error {
	_, err := sns.NewFromConfig(cfg).ListTopics(ctx, nil)
	return err
}

func identity(ctx context.Context, cfg aws.Config) error {
	_, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	return err
}

// together makes n calls at once and wants all of them answered.
func together(t *testing.T, n int, cfg aws.Config,
	call func(context.Context, aws.Config) error) (wait func()) {
	var g sync.WaitGroup
	for range n {
		g.Go(func() {
			if err := call(t.Context(), cfg); err != nil {
				t.Error(err)
			}
		})
	}
	return g.Wait
}
