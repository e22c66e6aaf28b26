package access_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// protocols ask for a list in each protocol of AWS.
var protocols = map[string]struct {
	call  func(context.Context, aws.Config) error
	error string // status of the answer is the handler's; code and message are filled in
}{
	"ec2": {
		func(ctx context.Context, cfg aws.Config) error {
			_, err := ec2.NewFromConfig(cfg).DescribeInstances(ctx, nil)
			return err
		},
		"<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors>" +
			"<RequestID>r</RequestID></Response>",
	},
	"query": {
		func(ctx context.Context, cfg aws.Config) error {
			_, err := sns.NewFromConfig(cfg).ListTopics(ctx, nil)
			return err
		},
		"<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error>" +
			"<RequestId>r</RequestId></ErrorResponse>",
	},
	"json": {
		func(ctx context.Context, cfg aws.Config) error {
			_, err := ecs.NewFromConfig(cfg).ListClusters(ctx, nil)
			return err
		},
		`{"__type":"com.amazonaws#%s","message":"%s"}`,
	},
	"s3": {
		func(ctx context.Context, cfg aws.Config) error {
			_, err := s3.NewFromConfig(cfg).ListBuckets(ctx, nil)
			return err
		},
		"<Error><Code>%s</Code><Message>%s</Message></Error>",
	},
}

// refused is the error of a call in a protocol that AWS answers with status, code and message.
func refused(t *testing.T, protocol string, status int, code, message string) error {
	t.Helper()
	p := protocols[protocol]
	err := p.call(t.Context(), awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		fmt.Fprintf(w, p.error, code, message)
	}), "eu-south-1"))
	if err == nil {
		t.Fatalf("%s %d %s is no error", protocol, status, code)
	}
	return err
}

// unsent is the error of a call that the network never carried.
func unsent(t *testing.T, cause error) error {
	t.Helper()
	cfg := awstest.Config(nil, "me-south-1")
	cfg.HTTPClient = broken{cause}
	return protocols["ec2"].call(t.Context(), cfg)
}

type broken struct{ err error }

func (b broken) Do(r *http.Request) (*http.Response, error) {
	return (&http.Client{Transport: b}).Do(r)
}

func (b broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, b.err }

const (
	who     = "User: arn:aws:sts::404455566677:assumed-role/reader/x is not authorized to perform: "
	blob    = " Encoded authorization failure message: "
	scp     = " with an explicit deny in a service control policy"
	policy  = "arn:aws:organizations::404455566600:policy/o-aaaaaaaaaa/service_control_policy/p-12345678"
	ec2Deny = "You are not authorized to perform this operation."
)

func TestJudgeKnowsRefusalsInEveryProtocol(t *testing.T) {
	for _, c := range []struct {
		name, protocol string
		status         int
		code, message  string
		want           kind.Verdict
	}{
		{"an SCP in EC2's words", "ec2", 403, "UnauthorizedOperation",
			ec2Deny + " " + who + "ec2:DescribeInstances" + scp,
			kind.Verdict{State: kind.Denied, Reason: "SCP",
				Message: ec2Deny + " " + who + "ec2:DescribeInstances" + scp}},
		{"an SCP with its ARN, without the blob", "ec2", 403, "UnauthorizedOperation",
			who + "ec2:DescribeInstances" + scp + ": " + policy + "." + blob + strings.Repeat("AbCd", 900),
			kind.Verdict{State: kind.Denied, Reason: "SCP",
				Message: who + "ec2:DescribeInstances" + scp + ": " + policy + "."}},
		{"an SCP in a query service's words", "query", 403, "AccessDenied",
			who + "rds:DescribeDBInstances on resource: arn:aws:rds:ap-south-1:404455566677:db:*" + scp,
			kind.Verdict{State: kind.Denied, Reason: "SCP", Message: who +
				"rds:DescribeDBInstances on resource: arn:aws:rds:ap-south-1:404455566677:db:*" + scp}},
		{"an SCP that does not allow", "json", 400, "AccessDeniedException",
			"x because no service control policy allows the ecs:ListClusters action",
			kind.Verdict{State: kind.Denied, Reason: "SCP",
				Message: "x because no service control policy allows the ecs:ListClusters action"}},
		{"a refusal that only AWS can decode", "ec2", 403, "UnauthorizedOperation", ec2Deny + blob + "AbCd",
			kind.Verdict{State: kind.Denied, Reason: "Denied", Message: ec2Deny}},
		{"SNS's own code", "query", 403, "AuthorizationError", "no",
			kind.Verdict{State: kind.Denied, Reason: "Denied", Message: "no"}},
		{"S3", "s3", 403, "AccessDenied", "Access Denied",
			kind.Verdict{State: kind.Denied, Reason: "Denied", Message: "Access Denied"}},
		{"a 403 without a word", "query", 403, "", "",
			kind.Verdict{State: kind.Failed, Reason: "HTTP403", Message: "HTTP403"}},

		{"EC2's throttle", "ec2", 503, "RequestLimitExceeded", "Request limit exceeded.",
			kind.Verdict{State: kind.Throttled, Reason: "RequestLimitExceeded", Message: "Request limit exceeded."}},
		{"JSON's throttle", "json", 400, "ThrottlingException", "Rate exceeded",
			kind.Verdict{State: kind.Throttled, Reason: "ThrottlingException", Message: "Rate exceeded"}},
		{"a 429 of any code", "query", 429, "Whatever", "slow",
			kind.Verdict{State: kind.Throttled, Reason: "Whatever", Message: "slow"}},

		{"a service without subscription", "ec2", 401, "OptInRequired", "You are not subscribed to this service.",
			kind.Verdict{State: kind.Unsupported, Reason: "OptInRequired",
				Message: "You are not subscribed to this service."}},
		{"a service that is not in the region", "query", 400, "InvalidAction",
			"Operation (ListTopics) is not supported in this region",
			kind.Verdict{State: kind.Unsupported, Reason: "ServiceNotInRegion",
				Message: "Operation (ListTopics) is not supported in this region"}},
		{"any other invalid action", "query", 400, "InvalidAction", "Could not find operation",
			kind.Verdict{State: kind.Failed, Reason: "InvalidAction", Message: "Could not find operation"}},

		{"credentials unknown to a JSON service", "json", 400, "UnrecognizedClientException", "invalid",
			kind.Verdict{State: kind.Failed, Reason: "CredentialsRejected", Message: "invalid"}},
		{"credentials unknown to EC2", "ec2", 401, "AuthFailure", "invalid",
			kind.Verdict{State: kind.Failed, Reason: "CredentialsRejected", Message: "invalid"}},
		{"credentials unknown to a query service", "query", 403, "InvalidClientTokenId", "invalid",
			kind.Verdict{State: kind.Failed, Reason: "CredentialsRejected", Message: "invalid"}},
		{"credentials unknown to SQS", "query", 403, "InvalidSecurity", "invalid",
			kind.Verdict{State: kind.Failed, Reason: "CredentialsRejected", Message: "invalid"}},

		{"credentials that are over", "json", 400, "ExpiredTokenException", "expired",
			kind.Verdict{State: kind.Failed, Reason: "ExpiredTokenException", Message: "expired"}},
		{"trouble at AWS", "ec2", 500, "InternalError", "An internal error has occurred",
			kind.Verdict{State: kind.Failed, Reason: "InternalError", Message: "An internal error has occurred"}},
		{"a refusal for load without a throttle code", "query", 503, "ServiceUnavailable", "",
			kind.Verdict{State: kind.Failed, Reason: "ServiceUnavailable", Message: "ServiceUnavailable"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := refused(t, c.protocol, c.status, c.code, c.message)
			if diff := cmp.Diff(c.want, access.Judge(fmt.Errorf("list x: %w", err))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if got := access.Code(err); got != c.code {
				t.Errorf("code %q, want %q", got, c.code)
			}
			if got, want := access.Throttle(err), c.want.State == kind.Throttled; got != want {
				t.Errorf("throttle %v, want %v", got, want)
			}
		})
	}
}

func TestJudgeKnowsTheNetwork(t *testing.T) {
	noHost := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
		Err: "no such host", Name: "memory-db.me-south-1.amazonaws.com", IsNotFound: true}}
	for _, c := range []struct {
		name  string
		cause error
		want  kind.Verdict
	}{
		{"no such host", noHost, kind.Verdict{State: kind.Failed, Reason: "EndpointNotFound",
			Message: "dial tcp: lookup memory-db.me-south-1.amazonaws.com: no such host"}},
		{"a resolver that is down", &net.DNSError{Err: "server misbehaving", Name: "h", IsTemporary: true},
			kind.Verdict{State: kind.Failed, Reason: "ConnectionFailed", Message: "lookup h: server misbehaving"}},
		{"a time-out", &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded},
			kind.Verdict{State: kind.Failed, Reason: "Timeout", Message: "dial tcp: i/o timeout"}},
		{"a reset", errors.New("connection reset by peer"),
			kind.Verdict{State: kind.Failed, Reason: "ConnectionFailed", Message: "connection reset by peer"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, access.Judge(unsent(t, c.cause))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestJudgeOfWhatIsNoRefusal(t *testing.T) {
	if got := access.Judge(nil); got != (kind.Verdict{State: kind.Complete}) {
		t.Errorf("no error is %v", got)
	}

	ctx, cancel := context.WithCancel(t.Context())
	err := protocols["json"].call(ctx, awstest.Config(http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) { cancel() }), "eu-west-1"))
	if got := access.Judge(err); got.State != kind.Unread || got.Reason != "Interrupted" {
		t.Errorf("a call that we gave up is %v", got)
	}

	err = protocols["json"].call(t.Context(), awstest.Config(http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") }), "eu-west-1"))
	if got := access.Judge(err); got.State != kind.Failed || got.Reason != "AnswerUnreadable" {
		t.Errorf("an answer that is not AWS's is %v", got)
	}

	err = fmt.Errorf("list x: %w", &smithy.DeserializationError{Err: errors.New("it has no clusters")})
	want := kind.Verdict{State: kind.Failed, Reason: "AnswerUnreadable", Message: err.Error()}
	if diff := cmp.Diff(want, access.Judge(err)); diff != "" {
		t.Errorf("an answer that lacks something (-want +got)\n%s", diff)
	}
}

func TestLongMessagesKeepTheirEnds(t *testing.T) {
	err := refused(t, "json", 400, "AccessDeniedException", "User: "+strings.Repeat("é", 900)+scp+": "+policy)
	got := access.Judge(err)
	if n := len([]rune(got.Message)); n != 500 {
		t.Errorf("%d characters, want 500", n)
	}
	if !strings.HasPrefix(got.Message, "User: é") || !strings.HasSuffix(got.Message, policy) {
		t.Errorf("an end is lost: %s", got.Message)
	}
	if got.Reason != access.SCP {
		t.Errorf("reason %s, want SCP", got.Reason)
	}
}

func TestConfirm(t *testing.T) {
	failed := func(reason string) kind.Verdict {
		return kind.Verdict{State: kind.Failed, Reason: reason, Message: "m"}
	}
	unsupported := func(reason string) kind.Verdict {
		return kind.Verdict{State: kind.Unsupported, Reason: reason, Message: "m"}
	}
	for _, c := range []struct {
		name     string
		of       kind.Verdict
		evidence access.Evidence
		want     kind.Verdict
	}{
		{"credentials that work elsewhere, in a region that is off", failed("CredentialsRejected"),
			access.Evidence{NotEnabled: true, ElsewhereAnswered: true}, unsupported("RegionNotEnabled")},
		{"credentials that work elsewhere, in a region that is on", failed("CredentialsRejected"),
			access.Evidence{ElsewhereAnswered: true}, failed("CredentialsRejected")},
		{"credentials that work nowhere", failed("CredentialsRejected"),
			access.Evidence{NotEnabled: true}, failed("CredentialsRejected")},
		{"credentials that work in the region itself", failed("CredentialsRejected"),
			access.Evidence{NotEnabled: true, ElsewhereAnswered: true, RegionAnswered: true},
			failed("CredentialsRejected")},
		{"a host that is missing where others are there", failed("EndpointNotFound"),
			access.Evidence{RegionAnswered: true}, unsupported("ServiceNotInRegion")},
		{"a host that is missing like all others of the region", failed("EndpointNotFound"),
			access.Evidence{ElsewhereAnswered: true, NotEnabled: true}, failed("EndpointNotFound")},
		{"a time-out, whatever is known", failed("Timeout"),
			access.Evidence{NotEnabled: true, RegionAnswered: true, ElsewhereAnswered: true}, failed("Timeout")},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, access.Confirm(c.of, c.evidence)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestOnlyWhatAWSKnewUsForIsAnAnswer(t *testing.T) {
	for state, want := range map[kind.State]bool{
		kind.Complete: true, kind.Listed: true, kind.Denied: true,
		kind.Throttled: false, kind.Unsupported: false, kind.Failed: false, kind.Unread: false,
	} {
		if got := access.Answered(kind.Verdict{State: state}); got != want {
			t.Errorf("%s: %v, want %v", state, got, want)
		}
	}
}
