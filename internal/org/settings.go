package org

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// The settings as people know them: in the environment, and as a parameter of the template.
const (
	roleARNs         = "ACCOUNT_ROLE_ARNS (AccountRoleArns)"
	organizationRole = "ORGANIZATION_ROLE_ARN (OrganizationRoleArn)"
	ous              = "OU_IDS (OuIds)"
	accountTags      = "ACCOUNT_TAGS (AccountTags)"
	excluded         = "EXCLUDED_ACCOUNTS (ExcludedAccounts)"
	externalID       = "EXTERNAL_ID (ExternalId)"
	memberRole       = "MEMBER_ROLE_NAME (MemberRoleName)"
)

// https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html and
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
var (
	unitID    = regexp.MustCompile(`^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})$`)
	accountID = regexp.MustCompile(`^\d{12}$`)
	roleName  = regexp.MustCompile(`^([!-~]+/)?[\w+=,.@-]{1,64}$`)
	roleARN   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/([!-~]+/)?[\w+=,.@-]{1,64}$`)
)

// listed is where RoleARNs come from; "" if there are none.
func (s Source) listed() string {
	if len(s.RoleARNs) == 0 {
		return ""
	}
	return cmp.Or(s.Listed, roleARNs)
}

// WithList is the source with the roles that a file lists, a JSON array of their ARNs. They take the place of the
// organization, so settings that choose in it, or roles that are listed there, too, are a *SelectionError, as is a file
// that is no such list.
func (s Source) WithList(name string, file []byte) (Source, error) {
	var roles []string
	switch err := json.Unmarshal(file, &roles); {
	case err != nil || len(roles) == 0:
		return s, &SelectionError{[]string{name + `: it is no list of roles, ["arn:<partition>:iam::<account>:role/<name>", …]; correct or remove it`}}
	case len(s.RoleARNs) > 0:
		return s, &SelectionError{[]string{name + ": " + roleARNs + " lists roles, too: keep one of them"}}
	case len(s.OUs)+len(s.Tags) > 0 || s.OrganizationRoleARN != "":
		return s, &SelectionError{[]string{name + ": it takes the place of the organization: leave " + ous + ", " + accountTags +
			" and " + organizationRole + " empty, or remove it"}}
	}
	s.RoleARNs, s.Listed = roles, name
	return s, nil
}

// problems are all mistakes in the settings, each with its setting and what it takes.
func (s Source) problems() []string {
	const notRole = "is no ARN of a role: arn:aws:iam::<account>:role/<name>"
	var p []string
	wrong := func(setting, value, want string) {
		p = append(p, fmt.Sprintf("%s: %q %s", setting, value, want))
	}
	for _, id := range s.Excluded {
		if !accountID.MatchString(id) {
			wrong(excluded, id, "is no account id: 12 digits, leading zeros included")
		}
	}
	if from := s.listed(); from != "" {
		of := map[string]string{}
		for _, role := range s.RoleARNs {
			_, account, ok := splitRole(role)
			if !ok {
				wrong(from, role, notRole)
				continue
			}
			if other := of[account]; other != "" {
				wrong(from, role, fmt.Sprintf("is the second role for %s, beside %q: keep one", account, other))
			}
			of[account] = role
		}
		return p
	}
	if s.OrganizationRoleARN != "" && !roleARN.MatchString(s.OrganizationRoleARN) {
		wrong(organizationRole, s.OrganizationRoleARN, notRole)
	}
	if !roleName.MatchString(s.MemberRoleName) {
		wrong(memberRole, s.MemberRoleName, "is no name of a role: it is the same one in every account")
	}
	for _, tag := range s.Tags {
		if key, _, ok := strings.Cut(tag, "="); !ok || key == "" {
			wrong(accountTags, tag, "is no tag: key=value")
		}
	}
	for _, id := range s.OUs {
		if !unitID.MatchString(id) {
			wrong(ous, id, "is no id of an organizational unit (ou-ab12-cd345678) or root (r-ab12)")
		}
	}
	return p
}
