package org

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"golang.org/x/time/rate"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// pageSize is the most that Organizations gives at once.
const pageSize = 20

// directory asks Organizations, which refuses calls beyond a few a second and also while another
// call of the same account is under way: nothing here runs concurrently.
type directory struct {
	client *organizations.Client
	pace   *rate.Limiter
	known  *Listing
	stop   <-chan struct{} // closed when nothing more is to be asked for this time
}

// Config has the identity that may ask Organizations.
func (s Source) Config(ctx context.Context) (aws.Config, error) {
	if s.OrganizationRoleARN == "" {
		return s.Base, nil
	}
	role := access.Role{ARN: s.OrganizationRoleARN, ExternalID: s.ExternalID, Session: s.Session}
	return access.Assume(ctx, s.Base, role)
}

func (s Source) directory(ctx context.Context, known *Listing, stop <-chan struct{}) (directory, error) {
	cfg, err := s.Config(ctx)
	if err != nil {
		return directory{}, refusal("enter "+organizationRole, err)
	}
	return directory{
		client: organizations.NewFromConfig(cfg, organizations.WithAPIOptions(access.Genuine)), // a proxy's empty page
		pace:   rate.NewLimiter(rate.Every(200*time.Millisecond), 1),
		known:  known, stop: stop,
	}, nil
}

func (d directory) accounts(ctx context.Context) ([]types.Account, error) {
	all, err := pages(ctx, d, &d.known.Accounts, "", func(token *string) ([]types.Account, *string, error) {
		out, err := d.client.ListAccounts(ctx,
			&organizations.ListAccountsInput{MaxResults: aws.Int32(pageSize), NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Accounts, out.NextToken, nil
	})
	if err != nil {
		return nil, refusal("list accounts", err)
	}
	return all, nil
}

// inside are those of the accounts that are in one of the units or below.
func (d directory) inside(ctx context.Context, all []types.Account, units []string) ([]types.Account, error) {
	if len(units) == 0 {
		return all, nil
	}
	w := walk{directory: d, seen: map[string]bool{}, accounts: map[string]bool{}}
	havePaths := !slices.ContainsFunc(all, func(a types.Account) bool { return len(a.Paths) == 0 })
	for _, unit := range units {
		// A unit that no path names is empty or does not exist: the walk knows.
		if havePaths && w.byPath(all, unit) {
			continue
		}
		if err := w.below(ctx, unit); err != nil {
			return nil, refusal("list accounts in "+unit, err)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(a types.Account) bool {
		return !w.accounts[aws.ToString(a.Id)]
	}), nil
}

// walk finds the accounts below units.
type walk struct {
	directory
	seen     map[string]bool // units
	accounts map[string]bool // ids found
}

// byPath finds accounts by their Paths, o-…/r-…/ou-…/ou-…/<id>/.
func (w walk) byPath(all []types.Account, unit string) (found bool) {
	for _, a := range all {
		for _, path := range a.Paths {
			if slices.Contains(strings.Split(path, "/"), unit) {
				w.accounts[aws.ToString(a.Id)] = true
				found = true
			}
		}
	}
	return found
}

// below asks for a unit's own accounts, and does the same for the units in it.
func (w walk) below(ctx context.Context, unit string) error {
	if w.seen[unit] {
		return nil
	}
	w.seen[unit] = true
	accounts, err := pages(ctx, w.directory, &w.known.Accounts, unit, func(token *string) ([]types.Account, *string, error) {
		out, err := w.client.ListAccountsForParent(ctx, &organizations.ListAccountsForParentInput{
			ParentId: &unit, MaxResults: aws.Int32(pageSize), NextToken: token,
		})
		if err != nil {
			return nil, nil, err
		}
		return out.Accounts, out.NextToken, nil
	})
	if err != nil {
		return err
	}
	for _, a := range accounts {
		w.accounts[aws.ToString(a.Id)] = true
	}
	units, err := pages(ctx, w.directory, &w.known.Units, unit, func(token *string) ([]types.OrganizationalUnit, *string, error) {
		out, err := w.client.ListOrganizationalUnitsForParent(ctx,
			&organizations.ListOrganizationalUnitsForParentInput{
				ParentId: &unit, MaxResults: aws.Int32(pageSize), NextToken: token,
			})
		if err != nil {
			return nil, nil, err
		}
		return out.OrganizationalUnits, out.NextToken, nil
	})
	if err != nil {
		return err
	}
	for _, u := range units {
		if err := w.below(ctx, aws.ToString(u.Id)); err != nil {
			return err
		}
	}
	return nil
}

// members are accounts as we know them.
func (s Source) members(list []types.Account) []Account {
	var all []Account
	for _, a := range list {
		id, partition := aws.ToString(a.Id), "aws" // AWS gives every account an ARN, a look-alike may not
		if parsed, err := arn.Parse(aws.ToString(a.Arn)); err == nil {
			partition = parsed.Partition
		}
		all = append(all, Account{
			ID:        id,
			Name:      aws.ToString(a.Name),
			Email:     aws.ToString(a.Email),
			ARN:       aws.ToString(a.Arn),
			State:     state(a),
			Joined:    aws.ToTime(a.JoinedTimestamp),
			Role:      access.RoleARN(partition, id, s.MemberRoleName),
			Partition: partition,
			Record:    kind.Members(a, kind.Upper),
		})
	}
	return all
}

// state is read from State. Status, which says SUSPENDED of closed accounts too, was to be retired
// on 9 September 2026: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
func state(a types.Account) State {
	said := State(a.State)
	if said == "" {
		said = State(a.Status)
	}
	switch said {
	case Active, Suspended, PendingClosure, Closed, PendingActivation:
		return said
	}
	return Unknown
}
