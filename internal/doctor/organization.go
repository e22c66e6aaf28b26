package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// organization finds the accounts that are to be looked at.
func (x *examination) organization(ctx context.Context) {
	all, err := x.Org.Accounts(ctx)
	var denied *org.DeniedError
	var selection *org.SelectionError
	var none *org.NoAccountsError
	switch {
	case err == nil:
	case errors.As(err, &denied):
		x.find(organizationDenied.of("%v", err).
			next("aws organizations describe-organization --query Organization.MasterAccountId --output text"))
	case errors.As(err, &selection):
		x.find(selectionInvalid.of("%v", err))
	case errors.As(err, &none):
		x.find(noAccounts.of("%v", err).next("aws organizations list-accounts --query 'Accounts[].[Id,State,Name]' --output table"))
	default:
		x.find(organizationUnavailable.of("%v", err))
	}
	for _, id := range x.only {
		if err == nil && !slices.ContainsFunc(all, func(a org.Account) bool { return a.ID == id }) {
			x.find(accountNotSelected.of("it is not among the %d accounts that %s selects", len(all), x.Org.Selection()).in(id))
		}
	}
	active := 0
	for _, a := range all {
		if a.State == org.Active {
			active++
		} else {
			x.inactive = append(x.inactive, a.ID)
		}
		switch {
		case len(x.only) > 0 && !slices.Contains(x.only, a.ID):
		case a.State != org.Active:
			x.find(notActive(a.ID, a.State))
		default:
			x.accounts = append(x.accounts, a)
		}
	}
	x.report.Accounts = len(x.accounts)
	if err == nil && active == 0 {
		x.find(noAccounts.of("none of the %d accounts is active", len(all)).
			next("aws organizations list-accounts --query 'Accounts[].[Id,State,Name]' --output table"))
	}
}

func notActive(account string, state org.State) Finding {
	return accountNotActive.of("Organizations says %s", state).in(account).
		next("aws organizations describe-account --account-id %s", account)
}

// manages says that an account is the organization's management account, whose id is in the ARNs of all.
func manages(a org.Account) bool {
	part := strings.Split(a.ARN, ":")
	return len(part) > 4 && part[4] == a.ID
}
