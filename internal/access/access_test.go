package access_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

const (
	reader = "arn:aws:iam::404455566688:role/reader"
	mayNot = who + "sts:AssumeRole on resource: " + reader
)

// grant answers AssumeRole.
func grant(w http.ResponseWriter, key string, expires time.Time) {
	fmt.Fprintf(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId>`+
		`<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration>`+
		`</Credentials></AssumeRoleResult></AssumeRoleResponse>`, key, expires.UTC().Format(time.RFC3339))
}

func TestRoleARN(t *testing.T) {
	got := access.RoleARN("aws-cn", "012200330044", "stack-read")
	if want := "arn:aws-cn:iam::012200330044:role/stack-read"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAssumeAsksItsRegionForAnHour(t *testing.T) {
	type asked struct{ Host, Role, Session, ExternalID, Seconds, Key string }
	for _, c := range []struct {
		name string
		role access.Role
		want asked
	}{
		{"all that a role has", access.Role{ARN: reader, ExternalID: "x/1", Session: "port aws: sync@2026"},
			asked{"sts.eu-south-1.amazonaws.com", reader, "port-aws-sync@2026", "x/1", "3600", "AKIDTEST"}},
		{"no external id, no name", access.Role{ARN: reader},
			asked{"sts.eu-south-1.amazonaws.com", reader, "port-aws-sync", "", "3600", "AKIDTEST"}},
		{"a name that is too long", access.Role{ARN: reader, Session: strings.Repeat("run=", 30)},
			asked{"sts.eu-south-1.amazonaws.com", reader, strings.Repeat("run=", 16), "", "3600", "AKIDTEST"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got asked
			base := awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				call, err := awstest.Read(r)
				if err != nil || call.Operation != "AssumeRole" {
					t.Errorf("%s, %v; want AssumeRole", call.Operation, err)
				}
				f := call.Form
				got = asked{call.Host, f.Get("RoleArn"), f.Get("RoleSessionName"), f.Get("ExternalId"),
					f.Get("DurationSeconds"), call.AccessKey}
				grant(w, "AKIDMEMBER", time.Now().Add(time.Hour))
			}), "eu-south-1")
			cfg, err := access.Assume(t.Context(), base, c.role)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			keys, err := cfg.Credentials.Retrieve(t.Context())
			if err != nil || keys.AccessKeyID != "AKIDMEMBER" || cfg.Region != "eu-south-1" {
				t.Errorf("got key %s in %s, %v", keys.AccessKeyID, cfg.Region, err)
			}
			if keys, _ := base.Credentials.Retrieve(t.Context()); keys.AccessKeyID != "AKIDTEST" {
				t.Errorf("base has become %s", keys.AccessKeyID)
			}
		})
	}
}

func TestAssumeTellsRefusalsFromTheRest(t *testing.T) {
	for _, c := range []struct {
		name, code, message string
		status              int
		wantReason          string // of the DeniedError
		wantMessage         string // a part of it
		want                kind.Verdict
	}{
		{"a role that is not there, or does not trust us", "AccessDenied", mayNot, 403,
			"RoleDenied", "suspended", kind.Verdict{State: kind.Denied, Reason: "RoleDenied"}},
		{"a trust that does not allow us", "AccessDenied",
			mayNot + " because no role trust policy allows the sts:AssumeRole action", 403,
			"RoleDenied", "external id", kind.Verdict{State: kind.Denied, Reason: "RoleDenied"}},
		{"our own missing right", "AccessDenied",
			mayNot + " because no identity-based policy allows the sts:AssumeRole action", 403,
			"HubNotAllowed", "allow it sts:AssumeRole", kind.Verdict{State: kind.Denied, Reason: "HubNotAllowed"}},
		{"an SCP", "AccessDenied", mayNot + scp + ": " + policy, 403,
			"SCP", policy, kind.Verdict{State: kind.Denied, Reason: "SCP"}},
		{"a base identity that is over", "ExpiredToken", "expired", 403,
			"", "", kind.Verdict{State: kind.Failed, Reason: "ExpiredToken"}},
		{"a base identity that was deleted", "InvalidClientTokenId", "invalid", 403,
			"", "", kind.Verdict{State: kind.Failed, Reason: "CredentialsRejected"}},
		{"an STS that is off in the region", "RegionDisabledException", "off", 403,
			"", "", kind.Verdict{State: kind.Failed, Reason: "RegionDisabledException"}},
		{"a throttle", "Throttling", "Rate exceeded", 400,
			"", "", kind.Verdict{State: kind.Throttled, Reason: "Throttling"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := access.Assume(t.Context(), awstest.Config(http.HandlerFunc(
				func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(c.status)
					fmt.Fprintf(w, protocols["query"].error, c.code, c.message)
				}), "eu-west-1"), access.Role{ARN: reader})
			got := access.Judge(err)
			got.Message = ""
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if !strings.Contains(err.Error(), "assume "+reader) || access.Code(err) != c.code {
				t.Errorf("the error names too little: %v", err)
			}
			var denied *access.DeniedError
			if !errors.As(err, &denied) {
				if c.wantReason != "" {
					t.Fatalf("got %v, want a *DeniedError", err)
				}
				return
			}
			if err != error(denied) || denied.Code() != "RoleDenied" ||
				denied.Reason != c.wantReason || denied.ARN != reader ||
				!strings.Contains(denied.Message, c.wantMessage) || !strings.Contains(denied.Message, c.message) {
				t.Errorf("got %s of %s: %s", denied.Reason, denied.ARN, denied.Message)
			}
		})
	}
}

// The refusal of a renewal must not look like the refusal of the listing it interrupts.
func TestCredentialsRenewThemselvesAndTheirRefusalKeepsItsName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		grants := 0
		cfg, err := access.Assume(t.Context(), awstest.Config(http.HandlerFunc(
			func(w http.ResponseWriter, r *http.Request) {
				call, _ := awstest.Read(r)
				switch {
				case call.Operation != "AssumeRole":
					fmt.Fprint(w, `{"clusterArns":["`+call.AccessKey+`"]}`)
				case grants < 2:
					grants++
					grant(w, fmt.Sprint("AKID", grants), time.Now().Add(time.Hour))
				default:
					w.WriteHeader(403)
					fmt.Fprintf(w, protocols["query"].error, "AccessDenied", mayNot)
				}
			}), "eu-west-1"), access.Role{ARN: reader})
		if err != nil {
			t.Fatal(err)
		}
		list := protocols["json"].call
		for _, c := range []struct {
			after time.Duration
			want  int // grants
		}{{0, 1}, {54 * time.Minute, 1}, {2 * time.Minute, 2}} {
			wait(t.Context(), c.after)
			if err := list(t.Context(), cfg); err != nil || grants != c.want {
				t.Errorf("after %s: %d grants, %v; want %d", c.after, grants, err, c.want)
			}
		}
		wait(t.Context(), time.Hour)
		var denied *access.DeniedError
		if err := list(t.Context(), cfg); !errors.As(err, &denied) || access.Judge(err).Reason != "RoleDenied" {
			t.Errorf("got %v, want a *DeniedError", err)
		}
	})
}

// wait lets a bubble's clock advance.
func wait(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	<-ctx.Done()
}

func TestTheRetryerIsPatientAndHasNoQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		cfg := awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.WriteHeader(503)
			fmt.Fprintf(w, protocols["ec2"].error, "RequestLimitExceeded", "slow")
		}), "eu-west-1")
		shared := access.NewRetryer()
		cfg.Retryer = func() aws.Retryer { return shared }
		start := time.Now()
		for range 20 { // the SDK's own quota would end with the first hundred retries
			if v := access.Judge(protocols["ec2"].call(t.Context(), cfg)); v.State != kind.Throttled {
				t.Fatalf("got %v, want throttled", v)
			}
		}
		if calls != 200 {
			t.Errorf("%d attempts for 20 calls, want 200", calls)
		}
		if most := 20 * 9 * 20 * time.Second; time.Since(start) > most {
			t.Errorf("waited %s, more than 20 s an attempt", time.Since(start))
		}
	})
}
