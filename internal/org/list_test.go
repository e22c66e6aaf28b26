package org_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

func TestAListOfRolesStandsAlone(t *testing.T) {
	file := []byte(`["arn:aws:iam::012200330044:role/r"]`)
	for want, s := range map[string]org.Source{
		"ACCOUNT_ROLE_ARNS (AccountRoleArns) lists roles": {RoleARNs: []string{"arn:aws:iam::404455566677:role/r"}},
		"leave OU_IDS (OuIds)":                            {OUs: []string{"r-ab12"}},
		"ORGANIZATION_ROLE_ARN":                           {OrganizationRoleARN: "arn:aws:iam::404455566677:role/r"},
	} {
		_, err := s.WithList("the list", file)
		var invalid *org.SelectionError
		if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "the list: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	s, err := org.Source{Excluded: []string{"012200330044"}, MemberRoleName: "r"}.WithList("the list", file)
	if err != nil {
		t.Fatal(err)
	}
	var none *org.NoAccountsError
	if _, err := s.Accounts(t.Context()); !errors.As(err, &none) || !strings.Contains(err.Error(), "the list lists 1") {
		t.Errorf("got %v", err)
	}
}
