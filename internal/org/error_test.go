package org_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

func TestWrongSettingsAreToldAllAtOnceBeforeAnyCall(t *testing.T) {
	for _, c := range []struct {
		name   string
		source org.Source
		want   []string
	}{
		{"roles", org.Source{
			RoleARNs: []string{"arn:aws:iam::404455566677:role/a", "arn:aws:iam::12200330044:role/a",
				"arn:aws:iam::404455566677:role/b", "reader"},
			Excluded: []string{"12200330044"},
		}, []string{
			`EXCLUDED_ACCOUNTS (ExcludedAccounts): "12200330044" is no account id`,
			`ACCOUNT_ROLE_ARNS (AccountRoleArns): "arn:aws:iam::12200330044:role/a" is no ARN of a role`,
			`ACCOUNT_ROLE_ARNS (AccountRoleArns): "arn:aws:iam::404455566677:role/b" is the second role for 4`,
			`ACCOUNT_ROLE_ARNS (AccountRoleArns): "reader" is no ARN of a role`,
		}},
		{"an organization", org.Source{
			OrganizationRoleARN: "lister", OUs: []string{shop, "ou-1", "404455566677"},
			Excluded: []string{" 404455566677"},
		}, []string{
			`EXCLUDED_ACCOUNTS (ExcludedAccounts): " 404455566677" is no account id`,
			`ORGANIZATION_ROLE_ARN (OrganizationRoleArn): "lister" is no ARN of a role`,
			`MEMBER_ROLE_NAME (MemberRoleName): "" is no name of a role`,
			`OU_IDS (OuIds): "ou-1" is no id`, `OU_IDS (OuIds): "404455566677" is no id`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := &organization{}
			_, err := accounts(t, o, c.source)
			var wrong *org.SelectionError
			if !errors.As(err, &wrong) || wrong.Code() != "SelectionInvalid" || len(o.asked) > 0 {
				t.Fatalf("got %v after %v, want a *SelectionError after nothing", err, o.asked)
			}
			if len(wrong.Problems) != len(c.want) {
				t.Fatalf("got %q, want %d problems", wrong.Problems, len(c.want))
			}
			for i, want := range c.want {
				if !strings.HasPrefix(wrong.Problems[i], want) {
					t.Errorf("got %s, want %s", wrong.Problems[i], want)
				}
			}
		})
	}
}

func TestErrorsHaveNamesAndSayWhatToDo(t *testing.T) {
	lists := func(no refusal) *organization {
		return &organization{refusal: map[string]refusal{"ListAccounts": no}}
	}
	unitless := twoUnits(false)
	unitless.refusal = map[string]refusal{
		"ListOrganizationalUnitsForParent": {400, "AccessDeniedException", "You may not."},
	}
	role := "arn:aws:iam::999900001111:role/lister"
	for _, c := range []struct {
		name   string
		at     *organization
		source org.Source
		code   string
		says   []string
	}{
		{"refused", lists(refusal{400, "AccessDeniedException", "You may not."}), org.Source{},
			"OrganizationDenied", []string{"You may not.", "organizations:ListAccounts", "ORGANIZATION_ROLE_ARN"}},
		{"refused below a unit", unitless, org.Source{OUs: []string{shop}},
			"OrganizationDenied", []string{shop, "ListOrganizationalUnitsForParent"}},
		{"no organization", lists(refusal{400, "AWSOrganizationsNotInUseException", "Not a member."}), org.Source{},
			"OrganizationDenied", []string{"in no organization", "ORGANIZATION_ROLE_ARN", "ACCOUNT_ROLE_ARNS"}},
		{"its role refused", &organization{refusal: map[string]refusal{"AssumeRole": {403, "AccessDenied", "No."}}},
			org.Source{OrganizationRoleARN: role},
			"OrganizationDenied", []string{"ORGANIZATION_ROLE_ARN", "external id", "EXTERNAL_ID"}},
		{"its role throttled",
			&organization{refusal: map[string]refusal{"AssumeRole": {400, "Throttling", "Slow."}}},
			org.Source{OrganizationRoleARN: role}, "OrganizationUnavailable", []string{"Slow."}},
		{"throttled", lists(refusal{400, "TooManyRequestsException", "Another is in progress."}), org.Source{},
			"OrganizationUnavailable", []string{"list accounts", "Another is in progress."}},
		{"trouble at AWS", lists(refusal{500, "ServiceException", "Oops."}), org.Source{},
			"OrganizationUnavailable", []string{"Oops."}},
		{"a page token that repeats", &organization{repeats: true, accounts: map[string][]string{"": {"", "", ""}}},
			org.Source{}, "OrganizationUnavailable", []string{`"t" repeats`}},
		{"a unit that is not there", twoUnits(false), org.Source{OUs: []string{"ou-ab12-nownown1"}},
			"SelectionInvalid", []string{"ou-ab12-nownown1", "OU_IDS", "no such unit"}},
		{"a unit that no path names and is not there", twoUnits(true),
			org.Source{OUs: []string{shop, "ou-ab12-nownown1"}},
			"SelectionInvalid", []string{"ou-ab12-nownown1", "OU_IDS"}},
		{"an organization without accounts", &organization{accounts: map[string][]string{"": {""}}}, org.Source{},
			"NoAccounts", []string{"Organizations lists 0"}},
		{"nothing but what is excluded", twoUnits(true),
			org.Source{OUs: []string{labs}, Excluded: []string{"404455566605"}},
			"NoAccounts", []string{"lists 5", "4 outside of OU_IDS", "1 in EXCLUDED_ACCOUNTS"}},
		{"an empty unit", twoUnits(true), org.Source{OUs: []string{empty}},
			"NoAccounts", []string{"lists 5", "5 outside of OU_IDS"}},
		{"roles of nothing but what is excluded", &organization{},
			org.Source{RoleARNs: []string{"arn:aws:iam::404455566677:role/r"}, Excluded: []string{"404455566677"}},
			"NoAccounts", []string{"ACCOUNT_ROLE_ARNS (AccountRoleArns) lists 1", "1 in EXCLUDED_ACCOUNTS"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.source.MemberRoleName = "r"
			got, err := accounts(t, c.at, c.source)
			var named interface {
				error
				Code() string
			}
			if !errors.As(err, &named) || named.Code() != c.code {
				t.Fatalf("got %v, %v; want %s", got, err, c.code)
			}
			for _, s := range c.says {
				if !strings.Contains(named.Error(), s) {
					t.Errorf("%q is missing in %s", s, named)
				}
			}
		})
	}
}
