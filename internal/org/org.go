// Package org says which accounts there are, and in which state: those of an AWS organization, or
// those of a list of roles.
package org

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Account is an AWS account and the role that reads it.
type Account struct {
	ID        string // 12 digits
	Name      string
	Email     string // "" for an account of RoleARNs
	ARN       string // of the account; "" for an account of RoleARNs
	State     State
	Joined    time.Time // when it became part of the organization; zero for an account of RoleARNs
	Role      string    // the ARN to assume
	Partition string    // aws, aws-cn, aws-us-gov, …
	// Record is all that Organizations says of it, as kind.Members renders it; nil for an account of
	// RoleARNs.
	Record map[string]any
}

// State is the state of an account in Organizations' own words.
type State string

const (
	Active            State = "ACTIVE"             // of accounts of RoleARNs it is presumed
	Suspended         State = "SUSPENDED"          // by AWS
	PendingClosure    State = "PENDING_CLOSURE"    // asked for, not done yet
	Closed            State = "CLOSED"             // still listed for up to 90 days
	PendingActivation State = "PENDING_ACTIVATION" // the sign-up is not finished
	Unknown           State = "UNKNOWN"            // AWS says none, or one that is none of these
)

// Source is where accounts come from and which of them count.
type Source struct {
	Base       aws.Config
	ExternalID string // sent with OrganizationRoleARN
	Session    string // the name of its session

	// RoleARNs, where not empty, are the roles of the accounts, one each: Organizations is not asked
	// and only Excluded counts of the members below.
	RoleARNs []string
	Listed   string // where RoleARNs come from, for people; "" = the setting of that name

	OrganizationRoleARN string   // the role that may ask Organizations; "" = Base may
	OUs                 []string // ids of organizational units or of the root, at any depth; none = all accounts
	Tags                []string // key=value, which an account must have, all of them; none = all accounts
	Excluded            []string // account ids
	MemberRoleName      string   // of the role in each account
}

// Accounts are the accounts selected, in whatever state, sorted by ID; there is at least one.
//
// Its errors are *SelectionError, *DeniedError, *UnavailableError and *NoAccountsError. Organizations
// is asked one thing at a time and at most five times a second: 10,000 accounts take 100 seconds.
func (s Source) Accounts(ctx context.Context) ([]Account, error) {
	return s.Resume(ctx, &Listing{}, nil)
}

// Resume is Accounts, gone on with from what is known, to which it adds. Once stop is closed it asks for
// no further page, and fails with ErrUnfinished if one was needed.
func (s Source) Resume(ctx context.Context, known *Listing, stop <-chan struct{}) ([]Account, error) {
	if p := s.problems(); len(p) > 0 {
		return nil, &SelectionError{Problems: p}
	}
	if len(s.RoleARNs) > 0 {
		listed := s.configured()
		return s.choose(listed, listed, listed)
	}
	d, err := s.directory(ctx, known, stop)
	if err != nil {
		return nil, err
	}
	listed, err := d.accounts(ctx)
	if err != nil {
		return nil, err
	}
	inside, err := d.inside(ctx, listed, s.OUs)
	if err != nil {
		return nil, err
	}
	tagged, err := d.tagged(ctx, inside, s)
	if err != nil {
		return nil, err
	}
	return s.choose(s.members(listed), s.members(inside), s.members(tagged))
}

// choose takes what is excluded out of the accounts that have the tags, of those inside the chosen units.
func (s Source) choose(listed, inside, tagged []Account) ([]Account, error) {
	chosen := slices.DeleteFunc(slices.Clone(tagged), func(a Account) bool {
		return slices.Contains(s.Excluded, a.ID)
	})
	if len(chosen) == 0 {
		return nil, &NoAccountsError{
			Configured: s.listed(),
			Listed:     len(listed),
			Outside:    len(listed) - len(inside),
			Untagged:   len(inside) - len(tagged),
			Excluded:   len(tagged),
		}
	}
	slices.SortFunc(chosen, func(a, b Account) int { return cmp.Compare(a.ID, b.ID) })
	return chosen, nil
}

// configured are the accounts of RoleARNs.
func (s Source) configured() []Account {
	var all []Account
	for _, role := range s.RoleARNs {
		partition, id, _ := splitRole(role)
		all = append(all, Account{
			ID: id, Name: "Account " + id, State: Active, Role: role, Partition: partition,
		})
	}
	return all
}

// splitRole reads the partition and the account of a role's ARN.
func splitRole(arn string) (partition, account string, ok bool) {
	if !roleARN.MatchString(arn) {
		return "", "", false
	}
	part := strings.Split(arn, ":")
	return part[1], part[4], true
}
