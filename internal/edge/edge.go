// Package edge is where the program meets its environment: settings, and the names of errors.
package edge

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Settings are what the environment says. docs and the template name each setting the same way.
type Settings struct {
	PortBaseURL         string   // PORT_BASE_URL, without a slash at its end; https://api.port.io unless set
	PortSecretARN       string   // PORT_SECRET_ARN, always there
	Type                string   // INTEGRATION_TYPE, in lower case as Port has it; aws-v3 unless set
	Identifier          string   // INTEGRATION_IDENTIFIER, in lower case; "" = "aws" and our account id
	StateBucket         string   // STATE_BUCKET; not both of it and StateDir are there
	StateDir            string   // STATE_DIR, for the one-process run
	RoleARNs            []string // ACCOUNT_ROLE_ARNS; empty = the organization is discovered
	OrganizationRoleARN string   // ORGANIZATION_ROLE_ARN; "" = our own rights
	OUs                 []string // OU_IDS; empty = all
	AccountTags         []string // ACCOUNT_TAGS, key=value, parted by commas alone; empty = all
	Excluded            []string // EXCLUDED_ACCOUNTS
	MemberRoleName      string   // MEMBER_ROLE_NAME; there unless RoleARNs are
	ExternalID          string   // EXTERNAL_ID; "" = none is sent
	BaseIdentity        string   // BASE_IDENTITY: role unless set, user-key or web-identity
	BaseKeySecretARN    string   // BASE_KEY_SECRET_ARN, there with user-key
	WebIdentityRole     string   // AWS_ROLE_ARN, as EKS sets it, there with web-identity
	WebIdentityToken    string   // AWS_WEB_IDENTITY_TOKEN_FILE, likewise
	Width               int      // MAX_CONCURRENT_ACCOUNTS, 1 to 1000; 10 unless set
	GraceDays           int      // ACCOUNT_GRACE_DAYS, 0 to 365; 7 unless set
	RefreshDays         int      // REFRESH_EVERY_DAYS, 0 (never) to 365; 7 unless set
	StateMachineARN     string   // STATE_MACHINE_ARN; "" = runs have no executions
	RevealSecrets       bool     // REVEAL_SECRETS; false unless set
	InitializeResources bool     // INITIALIZE_PORT_RESOURCES; true unless set
	TeamTag             string   // TEAM_TAG_KEY; "" = no tag names a team
	Schedule            string   // SCHEDULE; "" = runs are begun by hand
	ScheduleTimezone    string   // SCHEDULE_TIMEZONE; UTC unless set
}

// Load reads the environment. Every problem is in the one error, which is named SettingsInvalid.
func Load(getenv func(string) string) (Settings, error) {
	var problems []error
	complain := func(format string, a ...any) { problems = append(problems, fmt.Errorf(format, a...)) }
	get := func(name, otherwise string) string {
		if v := strings.TrimSpace(getenv(name)); v != "" {
			return v
		}
		return otherwise
	}
	s := Settings{
		PortBaseURL:         strings.TrimRight(get("PORT_BASE_URL", "https://api.port.io"), "/"),
		PortSecretARN:       get("PORT_SECRET_ARN", ""),
		Type:                strings.ToLower(get("INTEGRATION_TYPE", "aws-v3")),
		Identifier:          get("INTEGRATION_IDENTIFIER", ""),
		StateBucket:         get("STATE_BUCKET", ""),
		StateDir:            get("STATE_DIR", ""),
		RoleARNs:            list(getenv("ACCOUNT_ROLE_ARNS")),
		OrganizationRoleARN: get("ORGANIZATION_ROLE_ARN", ""),
		OUs:                 list(getenv("OU_IDS")),
		AccountTags:         tags(getenv("ACCOUNT_TAGS")),
		Excluded:            list(getenv("EXCLUDED_ACCOUNTS")),
		MemberRoleName:      get("MEMBER_ROLE_NAME", ""),
		ExternalID:          get("EXTERNAL_ID", ""),
		StateMachineARN:     get("STATE_MACHINE_ARN", ""),
		BaseIdentity:        get("BASE_IDENTITY", "role"),
		BaseKeySecretARN:    get("BASE_KEY_SECRET_ARN", ""),
		TeamTag:             get("TEAM_TAG_KEY", ""),
		Schedule:            get("SCHEDULE", ""),
		ScheduleTimezone:    get("SCHEDULE_TIMEZONE", "UTC"),
	}
	if u, err := url.Parse(s.PortBaseURL); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		complain("PORT_BASE_URL: %q is not a URL such as https://api.port.io", s.PortBaseURL)
	}
	if s.PortSecretARN == "" {
		complain(`PORT_SECRET_ARN: missing; name the secret that holds {"clientId": …, "clientSecret": …}`)
	}
	if s.StateBucket != "" && s.StateDir != "" {
		complain("STATE_BUCKET and STATE_DIR: only one of them can hold the state")
	}
	if len(s.RoleARNs) == 0 && s.MemberRoleName == "" {
		complain("MEMBER_ROLE_NAME: missing; name the role that reads each account, or list the roles in ACCOUNT_ROLE_ARNS")
	}
	if n := len(s.ExternalID); n == 1 || n > 1224 || n > 0 && !externalID.MatchString(s.ExternalID) {
		complain("EXTERNAL_ID: 2 to 1,224 characters of letters, digits and _+=,.@:/-")
	}
	for _, p := range s.identity(get) {
		complain("%s", p)
	}
	var err error
	if s.Width, err = strconv.Atoi(get("MAX_CONCURRENT_ACCOUNTS", "10")); err != nil || s.Width < 1 || s.Width > 1000 {
		complain("MAX_CONCURRENT_ACCOUNTS: %q is not a number from 1 to 1000", getenv("MAX_CONCURRENT_ACCOUNTS"))
	}
	days := func(name string) int {
		n, err := strconv.Atoi(get(name, "7"))
		if err != nil || n < 0 || n > 365 {
			complain("%s: %q is not a number of days from 0 to 365", name, getenv(name))
		}
		return n
	}
	s.GraceDays, s.RefreshDays = days("ACCOUNT_GRACE_DAYS"), days("REFRESH_EVERY_DAYS")
	is := func(name, otherwise string) bool {
		b, err := strconv.ParseBool(get(name, otherwise))
		if err != nil {
			complain("%s: %q is neither true nor false", name, getenv(name))
		}
		return b
	}
	s.RevealSecrets, s.InitializeResources = is("REVEAL_SECRETS", "false"), is("INITIALIZE_PORT_RESOURCES", "true")
	if s.StateMachineARN != "" && !stateMachine.MatchString(s.StateMachineARN) {
		complain("STATE_MACHINE_ARN: %q is not the ARN of a state machine", s.StateMachineARN)
	}
	if len(problems) > 0 {
		return s, &Error{"SettingsInvalid", errors.Join(problems...).Error()}
	}
	return s, nil
}

// identity reads what the base identity takes, and says what of it is missing.
func (s *Settings) identity(get func(name, otherwise string) string) (problems []string) {
	switch s.BaseIdentity {
	case "role":
	case "user-key":
		if s.BaseKeySecretARN == "" {
			return []string{`BASE_KEY_SECRET_ARN: missing; name the secret that holds {"accessKeyId": …, "secretAccessKey": …}`}
		}
	case "web-identity":
		s.WebIdentityRole, s.WebIdentityToken = get("AWS_ROLE_ARN", ""), get("AWS_WEB_IDENTITY_TOKEN_FILE", "")
		if s.WebIdentityRole == "" || s.WebIdentityToken == "" {
			return []string{"BASE_IDENTITY: web-identity takes AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE, which EKS sets for a " +
				"service account that carries a role"}
		}
	default:
		return []string{fmt.Sprintf("BASE_IDENTITY: %q is none of role, user-key and web-identity", s.BaseIdentity)}
	}
	return nil
}

var stateMachine = regexp.MustCompile(`^arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[^:]+$`)

// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: ExternalId
var externalID = regexp.MustCompile(`^[\w+=,.@:/-]+$`)

// list reads values that commas or blanks part.
func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// tags reads values that commas part: blanks may be in them.
func tags(s string) (all []string) {
	for tag := range strings.SplitSeq(s, ",") {
		if tag = strings.TrimSpace(tag); tag != "" {
			all = append(all, tag)
		}
	}
	return all
}
