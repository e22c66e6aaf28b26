package collect_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// spoken asks for a list in each protocol; empty is the answer that there is nothing.
var spoken = map[string]struct {
	ask   func(context.Context, aws.Config) error
	empty string
}{
	"JSON":  {clusters, `{"clusterArns":[]}`},
	"query": {topics, `<ListTopicsResponse><ListTopicsResult><Topics/></ListTopicsResult></ListTopicsResponse>`},
	"EC2": {func(ctx context.Context, cfg aws.Config) error {
		_, err := ec2.NewFromConfig(cfg).DescribeInstances(ctx, nil)
		return err
	}, `<?xml version="1.0"?><DescribeInstancesResponse><reservationSet/></DescribeInstancesResponse>`},
	"REST and XML": {func(ctx context.Context, cfg aws.Config) error {
		_, err := s3.NewFromConfig(cfg).ListBuckets(ctx, nil)
		return err
	}, `<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>`},
	"REST and JSON": {func(ctx context.Context, cfg aws.Config) error {
		_, err := account.NewFromConfig(cfg).ListRegions(ctx, nil)
		return err
	}, "\n{}"},
}

// paced is a config of a pacer whose calls have one answer; n counts them.
func paced(status int, id http.Header, body string) (cfg aws.Config, n *int) {
	n = new(int)
	cfg = awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		*n++
		w.Header().Del(awstest.RequestID)
		for name := range id {
			w.Header().Set(name, id.Get(name))
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}), "eu-west-1")
	cfg.Retryer = func() aws.Retryer { return access.NewRetryer() }
	return collect.NewPacer(collect.NewPool(1)).Config(cfg), n
}

var withID = http.Header{"X-Amz-Request-Id": {"r"}}

func TestWhatIsNoAnswerOfAWSIsAnErrorAfterThreeAttempts(t *testing.T) {
	const page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Please.</body></html>"
	for _, c := range []struct {
		name string
		id   http.Header
		body string
	}{
		{"an empty body", nil, ""},
		{"an empty body with a request id", withID, ""},
		{"blanks with a request id", withID, " \r\n"},
		{"a page", nil, page},
		{"a page with a request id", withID, page},
		{"words with a request id", withID, "OK"},
		{"null with a request id", withID, "null"},
		{"the beginning of XML, with a request id", withID, `<?xml version="1.0"?>`},
		{"somebody else's object", nil, `{"status":"ok"}`},
		{"somebody else's element", nil, `<a/>`},
	} {
		for protocol, p := range spoken {
			t.Run(c.name+" in "+protocol, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg, n := paced(200, c.id, c.body)
					began := time.Now()
					err := p.ask(t.Context(), cfg)
					if v := access.Judge(err); v.State != kind.Failed || v.Reason != access.AnswerUnreadable {
						t.Errorf("got %+v", v)
					}
					if took := time.Since(began); *n != 3 || took > 3*time.Second {
						t.Errorf("%d attempts in %s", *n, took)
					}
				})
			})
		}
	}
}

func TestAGenuineEmptyListIsAnAnswer(t *testing.T) {
	long := "<ListTopicsResponse><ListTopicsResult><Topics>" +
		strings.Repeat("<member><TopicArn>arn</TopicArn></member>", 1000) +
		"</Topics></ListTopicsResult></ListTopicsResponse>"
	for protocol, p := range spoken {
		for _, id := range []string{
			"x-amzn-requestid", "x-amzn-request-id", "x-amz-requestid", "x-amz-request-id", "x-amz-id-2",
		} {
			cfg, n := paced(200, http.Header{http.CanonicalHeaderKey(id): {"r"}}, p.empty)
			if err := p.ask(t.Context(), cfg); err != nil || *n != 1 {
				t.Errorf("%s with %s: %d attempts, %v", protocol, id, *n, err)
			}
		}
	}
	for protocol, body := range map[string]string{"query": spoken["query"].empty, "EC2": spoken["EC2"].empty} {
		cfg, _ := paced(200, nil, body)
		if err := spoken[protocol].ask(t.Context(), cfg); err != nil {
			t.Errorf("%s without a header, though it names the operation: %v", protocol, err)
		}
	}
	cfg, _ := paced(200, withID, long)
	if err := topics(t.Context(), cfg); err != nil {
		t.Errorf("an answer that is longer than what is looked at: %v", err)
	}
}

func TestWhatHasNoBodyByDesignNeedsNone(t *testing.T) {
	head := func(cfg aws.Config) error {
		_, err := s3.NewFromConfig(cfg).HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: aws.String("b")})
		return err
	}
	cfg, _ := paced(200, withID, "")
	if err := head(cfg); err != nil {
		t.Error(err)
	}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	cfg.HTTPClient = headless{}
	if err := head(cfg); access.Judge(err).Reason != access.AnswerUnreadable {
		t.Errorf("without a request id: %v", err)
	}
}

type headless struct{}

func (headless) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// TestATornAnswerIsAnErrorWhereverItIsTorn has each length of each answer, and a connection that breaks. The
// SDK reads a query's result to its end, which is not that of the answer.
func TestATornAnswerIsAnErrorWhereverItIsTorn(t *testing.T) {
	for protocol, p := range spoken {
		for n := range len(p.empty) {
			cfg, _ := paced(200, withID, p.empty[:n])
			cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
			over := strings.Contains(p.empty[:n], "</ListTopicsResult>")
			if v := access.Judge(p.ask(t.Context(), cfg)); v.Reason != access.AnswerUnreadable && !over {
				t.Errorf("%s %q: %+v", protocol, p.empty[:n], v)
			}
			cfg.HTTPClient = torn{p.empty[:n]}
			if v := access.Judge(p.ask(t.Context(), cfg)); v.Reason != access.AnswerUnreadable {
				t.Errorf("%s, broken after %q: %+v", protocol, p.empty[:n], v)
			}
		}
	}
}

// torn gives the beginning of an answer and reports only once that it was not its end, as net/http does.
type torn struct{ beginning string }

func (c torn) Do(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: withID, Request: r,
		Body: &tornBody{Reader: strings.NewReader(c.beginning)}}, nil
}

type tornBody struct {
	io.Reader
	told bool
}

func (b *tornBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF && !b.told {
		b.told, err = true, io.ErrUnexpectedEOF
	}
	return n, err
}

func (*tornBody) Close() error { return nil }

func TestRefusalsAreJudgedByTheirCodeAndNotByTheirHeaders(t *testing.T) {
	cfg, n := paced(403, nil, `{"__type":"AccessDeniedException","message":"no"}`)
	if v := access.Judge(clusters(t.Context(), cfg)); v.State != kind.Denied || *n != 1 {
		t.Errorf("%d attempts, %+v", *n, v)
	}
}
