package org

import (
	"fmt"
	"regexp"
)

// The settings as people know them: in the environment, and as a parameter of the template.
const (
	roleARNs         = "ACCOUNT_ROLE_ARNS (AccountRoleArns)"
	organizationRole = "ORGANIZATION_ROLE_ARN (OrganizationRoleArn)"
	ous              = "OU_IDS (OuIds)"
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
	if len(s.RoleARNs) > 0 {
		of := map[string]string{}
		for _, role := range s.RoleARNs {
			_, account, ok := splitRole(role)
			if !ok {
				wrong(roleARNs, role, notRole)
				continue
			}
			if other := of[account]; other != "" {
				wrong(roleARNs, role, fmt.Sprintf("is the second role for %s, beside %q: keep one", account, other))
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
	for _, id := range s.OUs {
		if !unitID.MatchString(id) {
			wrong(ous, id, "is no id of an organizational unit (ou-ab12-cd345678) or root (r-ab12)")
		}
	}
	return p
}
