// Package access leads from our own identity into an account, and says what an error of AWS means.
package access

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// Role is a role to assume.
type Role struct {
	ARN        string
	ExternalID string // "" = none is sent
	Session    string // shows in the account's CloudTrail; what AWS does not allow in it becomes "-"
}

// RoleARN is the ARN of the role name in an account.
func RoleARN(partition, account, name string) string {
	return "arn:" + partition + ":iam::" + account + ":role/" + name
}

// Assume asks STS in base's region for credentials of r, which are valid in every region, and
// returns base with them. They renew themselves.
//
// The error is a *DeniedError where STS refuses; a renewal refused later wraps one in the error of the
// call that needed it. Everything else is for Judge: throttling, the network, stale credentials of base.
func Assume(ctx context.Context, base aws.Config, r Role) (aws.Config, error) {
	var role aws.CredentialsProvider = stscreds.NewAssumeRoleProvider(sts.NewFromConfig(base), r.ARN, func(o *stscreds.AssumeRoleOptions) {
		// A Lambda is a role session itself, and AWS grants such a caller one hour at most.
		o.Duration = time.Hour
		o.RoleSessionName = sessionName(r.Session)
		if r.ExternalID != "" {
			o.ExternalID = &r.ExternalID
		}
	})
	if w, ok := base.Credentials.(*webIdentity); ok && r.ExternalID == "" {
		role = w.enter(base, r.ARN, r.Session)
	}
	retrieve := func(ctx context.Context) (aws.Credentials, error) {
		c, err := role.Retrieve(ctx)
		if v := Judge(err); v.State == kind.Denied {
			return c, denied(r.ARN, v.Message, err)
		}
		if err != nil {
			return c, fmt.Errorf("assume %s: %w", r.ARN, err)
		}
		return c, nil
	}
	cfg := base.Copy()
	cfg.Credentials = aws.NewCredentialsCache(aws.CredentialsProviderFunc(retrieve),
		func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute })
	// Here and not in the first listing, where a refused role looks like a refused listing.
	_, err := cfg.Credentials.Retrieve(ctx)
	if d := (*DeniedError)(nil); errors.As(err, &d) {
		return aws.Config{}, d
	}
	if err != nil {
		return aws.Config{}, err
	}
	return cfg, nil
}

// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: RoleSessionName
var notInSessionNames = regexp.MustCompile(`[^0-9A-Za-z_+=,.@-]+`)

func sessionName(s string) string {
	s = notInSessionNames.ReplaceAllString(s, "-")
	if len(s) < 2 {
		return "port-aws-sync"
	}
	return s[:min(len(s), 64)]
}

// DeniedError says that STS refused a role. Its code is RoleDenied.
type DeniedError struct {
	ARN     string
	Reason  string // HubNotAllowed, SCP or RoleDenied, as far as one answer of STS tells them apart
	Message string // what it may come from, then AWS's own words
	Err     error
}

func (e *DeniedError) Error() string { return "assume " + e.ARN + ": " + e.Message }

func (e *DeniedError) Unwrap() error { return e.Err }

// Code is the error's name at the Lambda boundary.
func (*DeniedError) Code() string { return RoleDenied }

func denied(arn, message string, err error) *DeniedError {
	e := &DeniedError{ARN: arn, Err: err}
	var cause string
	switch {
	case deniedBySCP(message):
		e.Reason, cause = SCP, "a service control policy forbids it to our identity"
	case deniedToCaller(message):
		e.Reason, cause = HubNotAllowed, "our identity may not assume this role: allow it sts:AssumeRole"
	default:
		// STS gives all of these the same answer.
		e.Reason, cause = RoleDenied, "the role is missing, does not trust our identity or wants another "+
			"external id, or the account is suspended or closed"
	}
	e.Message = cause + "; AWS says: " + strings.TrimSpace(message)
	return e
}
