package lab_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

const member, other = "210987654321", "321098765432"

// emulator grants every role and has nothing.
func emulator(t *testing.T) *url.URL {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		form, _ := url.ParseQuery(string(body))
		switch part := strings.Split(form.Get("RoleArn"), ":"); {
		case len(part) > 4:
			fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><AssumedRoleUser><Arn>arn:aws:sts::%s:assumed-role/r/s</Arn>`+
				`</AssumedRoleUser><Credentials><AccessKeyId>ASIA%[1]s</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
				`<SessionToken>t</SessionToken><Expiration>2036-11-24T22:00:00Z</Expiration></Credentials>`+
				`</AssumeRoleResult></AssumeRoleResponse>`, part[4])
		case r.Header.Get("X-Amz-Target") != "":
			fmt.Fprint(w, "{}")
		default:
			fmt.Fprint(w, "<Answer><ListTopicsResult/></Answer>")
		}
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// calls ask for a list in each protocol.
var calls = map[string]func(context.Context, aws.Config) error{
	"ec2": func(ctx context.Context, cfg aws.Config) error {
		_, err := ec2.NewFromConfig(cfg).DescribeInstances(ctx, nil)
		return err
	},
	"ecs": func(ctx context.Context, cfg aws.Config) error {
		_, err := ecs.NewFromConfig(cfg).ListClusters(ctx, nil)
		return err
	},
	"s3": func(ctx context.Context, cfg aws.Config) error {
		_, err := s3.NewFromConfig(cfg).ListBuckets(ctx, nil)
		return err
	},
	"sns": func(ctx context.Context, cfg aws.Config) error {
		_, err := sns.NewFromConfig(cfg).ListTopics(ctx, nil)
		return err
	},
}

func enter(t *testing.T, p *lab.Proxy, account string) (aws.Config, error) {
	t.Helper()
	return access.Assume(t.Context(), awstest.Config(p, "eu-west-1"), access.Role{ARN: access.RoleARN("aws", account, "r")})
}

func TestADenialMeetsTheCallsItNamesInWordsThatTheProgramKnows(t *testing.T) {
	for _, c := range []struct {
		name string
		rule lab.Rule
		want string // what is refused, of the member and of another account in two regions, and how
	}{
		{"a role", lab.Rule{Account: member, Service: "sts", Operation: "AssumeRole", Do: lab.Deny{}},
			"AssumeRole:" + member + ":RoleDenied"},
		{"a service in a region of an account",
			lab.Rule{Account: member, Region: "us-east-1", Service: "sns", Do: lab.Deny{Because: lab.SCP}},
			"sns:" + member + ":us-east-1:SCP"},
		{"an operation everywhere", lab.Rule{Service: "ec2", Operation: "DescribeInstances", Do: lab.Deny{}},
			"ec2:" + member + ":eu-west-1:Denied ec2:" + member + ":us-east-1:Denied " +
				"ec2:" + other + ":eu-west-1:Denied ec2:" + other + ":us-east-1:Denied"},
		{"a service whose calls have no operation", lab.Rule{Account: other, Region: "eu-west-1", Service: "s3", Do: lab.Deny{}},
			"s3:" + other + ":eu-west-1:Denied"},
		{"a service that speaks JSON", lab.Rule{Account: other, Region: "eu-west-1", Service: "ecs", Do: lab.Deny{Because: lab.SCP}},
			"ecs:" + other + ":eu-west-1:SCP"},
		{"another operation", lab.Rule{Service: "ec2", Operation: "DescribeVolumes", Do: lab.Deny{}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := lab.NewProxy(emulator(t), log.Default())
			lift := p.Fault(c.rule)
			if got := refused(t, p); got != c.want {
				t.Errorf("refused: %s\nwant:    %s", got, c.want)
			}
			lift()
			if got := refused(t, p); got != "" {
				t.Errorf("refused although lifted: %s", got)
			}
		})
	}
}

// refused makes all calls and says which were refused.
func refused(t *testing.T, p *lab.Proxy) string {
	var got []string
	for _, account := range []string{member, other} {
		cfg, err := enter(t, p, account)
		if err != nil {
			got = append(got, "AssumeRole:"+account+":"+access.Judge(err).Reason)
			continue
		}
		for _, service := range []string{"ec2", "ecs", "s3", "sns"} {
			for _, region := range []string{"eu-west-1", "us-east-1"} {
				cfg.Region = region
				if err := calls[service](t.Context(), cfg); err != nil {
					got = append(got, service+":"+account+":"+region+":"+access.Judge(err).Reason)
				}
			}
		}
	}
	return strings.Join(got, " ")
}

func TestARefusalNamesWhoAndWhat(t *testing.T) {
	p := lab.NewProxy(emulator(t), log.Default())
	cfg, err := enter(t, p, member)
	if err != nil {
		t.Fatal(err)
	}
	p.Fault(lab.Rule{Account: member, Do: lab.Deny{}})
	for service, words := range map[string][]string{
		"ec2": {"arn:aws:sts::" + member, "ec2:DescribeInstances"}, "ecs": {member, "ecs:ListClusters"},
		"s3": {member, "s3:"}, "sns": {member, "sns:ListTopics"},
	} {
		message := access.Judge(calls[service](t.Context(), cfg)).Message
		for _, w := range words {
			if !strings.Contains(message, w) {
				t.Errorf("%s: %q is missing in %q", service, w, message)
			}
		}
	}
	_, err = enter(t, p, member)
	if message := access.Judge(err).Message; !strings.Contains(message, "arn:aws:iam::"+member+":role/r") {
		t.Errorf("the role is missing in %q", message)
	}
}

func TestTheHubIsNotMetByDenialsOfItsAccounts(t *testing.T) {
	p := lab.NewProxy(emulator(t), log.Default())
	p.Fault(lab.Rule{Account: member, Do: lab.Deny{}})
	if err := calls["s3"](t.Context(), awstest.Config(p, "eu-west-1")); err != nil {
		t.Error(err)
	}
}
