package org

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// SelectionError says what is wrong with the settings that select accounts. Its code is
// SelectionInvalid.
type SelectionError struct {
	Problems []string // each with its setting
}

func (e *SelectionError) Error() string { return "select accounts: " + strings.Join(e.Problems, "; ") }

// Code is the error's name at the Lambda boundary.
func (*SelectionError) Code() string { return "SelectionInvalid" }

// DeniedError says that we may not list the organization. Its code is OrganizationDenied.
type DeniedError struct {
	Act string // what we were about to do
	Err error  // what AWS said
	Fix string // what a person can do
}

func (e *DeniedError) Error() string {
	return fmt.Sprintf("%s: %s; %s", e.Act, access.Judge(e.Err).Message, e.Fix)
}

func (e *DeniedError) Unwrap() error { return e.Err }

// Code is the error's name at the Lambda boundary.
func (*DeniedError) Code() string { return "OrganizationDenied" }

// UnavailableError says that Organizations did not answer, beyond all retries, or not to the end.
// Its code is OrganizationUnavailable.
type UnavailableError struct {
	Act string // what we were about to do
	Err error  // what came instead of an answer
}

func (e *UnavailableError) Error() string {
	return fmt.Sprintf("%s: %s; the next run asks again", e.Act, access.Judge(e.Err).Message)
}

func (e *UnavailableError) Unwrap() error { return e.Err }

// Code is the error's name at the Lambda boundary.
func (*UnavailableError) Code() string { return "OrganizationUnavailable" }

// NoAccountsError says that the selection leaves no account. Its code is NoAccounts.
type NoAccountsError struct {
	Configured string // where the accounts' roles are listed; "" = the accounts are an organization's
	Listed     int
	Outside    int // listed, in none of the chosen units
	Untagged   int // listed, inside, without the tags
	Excluded   int // listed, inside, with the tags, excluded by id
}

func (e *NoAccountsError) Error() string {
	from := cmp.Or(e.Configured, "Organizations")
	why := []string{fmt.Sprintf("no account is left: %s lists %d", from, e.Listed)}
	if e.Outside > 0 {
		why = append(why, fmt.Sprintf("%d outside of %s (add their units)", e.Outside, ous))
	}
	if e.Untagged > 0 {
		why = append(why, fmt.Sprintf("%d without %s (tag them, or take tags out)", e.Untagged, accountTags))
	}
	if e.Excluded > 0 {
		why = append(why, fmt.Sprintf("%d in %s (take one out)", e.Excluded, excluded))
	}
	return strings.Join(why, ", ")
}

// Code is the error's name at the Lambda boundary.
func (*NoAccountsError) Code() string { return "NoAccounts" }

// refusal names what went wrong in an act.
func refusal(act string, err error) error {
	var alone *types.AWSOrganizationsNotInUseException
	var unit *types.ParentNotFoundException
	var role *access.DeniedError
	switch {
	case errors.Is(err, ErrUnfinished):
		return err
	case errors.As(err, &role):
		return &DeniedError{Act: act, Err: err, Fix: "correct the role, " + organizationRole + " or " + externalID}
	case errors.As(err, &alone):
		return &DeniedError{Act: act, Err: err, Fix: "this account is in no organization: set " + organizationRole +
			" to a role in a management account, or " + roleARNs + " to the roles to read"}
	case errors.As(err, &unit):
		return &SelectionError{Problems: []string{
			act + ": the organization has no such unit: correct " + ous,
		}}
	case access.Judge(err).State == kind.Denied:
		return &DeniedError{Act: act, Err: err, Fix: "listing takes organizations:ListAccounts, " +
			"ListAccountsForParent and ListOrganizationalUnitsForParent, and of tags ListTagsForResource, in the management account or a " +
			"delegated administrator: set " + organizationRole + " to a role there that trusts us, or " +
			roleARNs + " to the roles to read"}
	}
	return &UnavailableError{Act: act, Err: err}
}
