package org

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
)

// Whereabouts is what Organizations says of one account. Neither Left nor State: it did not say, and Why
// has its words.
type Whereabouts struct {
	Left  bool  // it is not in the organization
	State State // it is
	Why   string
}

// Selection is the settings that select accounts, for people and to be compared: two that are equal
// select the same of the same organization.
func (s Source) Selection() string {
	if from := s.listed(); from != "" {
		var ids []string
		for _, a := range s.configured() {
			ids = append(ids, a.ID)
		}
		return setting(from, ids) + setting(excluded, s.Excluded)
	}
	all := setting(organizationRole, []string{s.OrganizationRoleARN}) + setting(ous, s.OUs) +
		setting(accountTags, s.Tags) + setting(excluded, s.Excluded)
	if all == "" {
		return "the whole organization"
	}
	return all
}

func setting(name string, values []string) string {
	v := strings.Join(values, " ")
	if v == "" {
		return ""
	}
	return name + "=" + v + "; "
}

// Deselected says that the settings themselves leave an account out, whatever Organizations says of it.
func (s Source) Deselected(id string) bool {
	for _, other := range s.Excluded {
		if id == other {
			return true
		}
	}
	return len(s.RoleARNs) > 0
}

// Selects says that the settings choose from an organization by units or tags, so that an account of it can
// be outside of them.
func (s Source) Selects() bool { return len(s.RoleARNs) == 0 && len(s.OUs)+len(s.Tags) > 0 }

// Whereabouts asks Organizations for single accounts, one after the other, until stop is closed. Those
// that it did not come to are missing in the answer. It is asked of accounts that are not listed any
// more: a refusal is no answer, and no error.
func (s Source) Whereabouts(ctx context.Context, ids []string, stop <-chan struct{}) (map[string]Whereabouts, error) {
	all := map[string]Whereabouts{}
	if len(ids) == 0 {
		return all, nil
	}
	d, err := s.directory(ctx, &Listing{}, stop)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		select {
		case <-stop:
			return all, nil
		default:
		}
		if err := d.pace.Wait(ctx); err != nil {
			return nil, err
		}
		out, err := d.client.DescribeAccount(ctx, &organizations.DescribeAccountInput{AccountId: &id})
		var left *types.AccountNotFoundException
		switch {
		case errors.As(err, &left):
			all[id] = Whereabouts{Left: true}
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			all[id] = Whereabouts{Why: "organizations:DescribeAccount: " + access.Judge(err).Message}
		case out.Account == nil:
			all[id] = Whereabouts{Why: "organizations:DescribeAccount: its answer has no account"}
		default:
			all[id] = Whereabouts{State: state(*out.Account)}
		}
	}
	return all, nil
}
