package edge_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/port-aws-sync/port-aws-sync/internal/edge"
)

const (
	secret  = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:port"
	machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:port-aws-sync"
)

// load reads an environment of lines NAME=value.
func load(env ...string) (edge.Settings, error) {
	return edge.Load(func(name string) string {
		for _, line := range env {
			if value, ok := strings.CutPrefix(line, name+"="); ok {
				return value
			}
		}
		return ""
	})
}

func TestDefaults(t *testing.T) {
	got, err := load("PORT_SECRET_ARN="+secret, "MEMBER_ROLE_NAME=port-read")
	want := edge.Settings{
		PortBaseURL: "https://api.port.io", PortSecretARN: secret, Type: "aws-v3",
		MemberRoleName: "port-read", BaseIdentity: "role", Width: 10, GraceDays: 7, RefreshDays: 7,
		InitializeResources: true, ScheduleTimezone: "UTC",
	}
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestEverySettingIsReadAndTrimmed(t *testing.T) {
	env := []string{
		"PORT_BASE_URL= https://api.us.port.io// \n", "PORT_SECRET_ARN=\t" + secret + "\n",
		"INTEGRATION_TYPE= AWS-v3 ",
		"INTEGRATION_IDENTIFIER= My-Org ", "STATE_BUCKET= state ", "STATE_DIR= \n",
		"ACCOUNT_ROLE_ARNS=arn:aws:iam::111122223333:role/read, arn:aws:iam::444455556666:role/read,\r\n\targn ,",
		"ORGANIZATION_ROLE_ARN= arn:aws:iam::999900001111:role/org ", "OU_IDS=ou-1,ou-2",
		"EXCLUDED_ACCOUNTS=111122223333 444455556666",
		"MEMBER_ROLE_NAME= port-read ", "EXTERNAL_ID= Ab0_+=,.@:/- ", "MAX_CONCURRENT_ACCOUNTS= 40 ", "ACCOUNT_GRACE_DAYS= 3 ", "REFRESH_EVERY_DAYS= 14 ",
		"STATE_MACHINE_ARN= " + machine, "REVEAL_SECRETS= true ", "BASE_IDENTITY= user-key ", "BASE_KEY_SECRET_ARN= " + secret,
		"ACCOUNT_TAGS= team=core and more, stage=prod ,",
		"INITIALIZE_PORT_RESOURCES= false ", "TEAM_TAG_KEY= team ", "SCHEDULE= rate(6 hours) ", "SCHEDULE_TIMEZONE= Europe/Berlin ",
	}
	got, err := load(env...)
	want := edge.Settings{
		PortBaseURL: "https://api.us.port.io", PortSecretARN: secret, Type: "aws-v3", Identifier: "My-Org",
		StateBucket: "state",
		RoleARNs: []string{"arn:aws:iam::111122223333:role/read",
			"arn:aws:iam::444455556666:role/read", "argn"},
		OrganizationRoleARN: "arn:aws:iam::999900001111:role/org", OUs: []string{"ou-1", "ou-2"},
		Excluded: []string{"111122223333", "444455556666"}, MemberRoleName: "port-read",
		ExternalID: "Ab0_+=,.@:/-", Width: 40, GraceDays: 3, RefreshDays: 14, StateMachineARN: machine, RevealSecrets: true,
		BaseIdentity: "user-key", BaseKeySecretARN: secret, AccountTags: []string{"team=core and more", "stage=prod"},
		TeamTag: "team", Schedule: "rate(6 hours)", ScheduleTimezone: "Europe/Berlin",
	}
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	// Settings that this test does not know have no name in docs and template either.
	asked := map[string]bool{}
	_, _ = edge.Load(func(name string) string { asked[name] = true; return "" })
	for _, line := range env {
		name, _, _ := strings.Cut(line, "=")
		if !asked[name] {
			t.Errorf("%s is not asked for", name)
		}
		delete(asked, name)
	}
	if len(asked) > 0 {
		t.Errorf("also asked for %v", asked)
	}
}

func TestTheBaseIdentityTakesWhatItNeeds(t *testing.T) {
	for env, want := range map[string]string{
		"BASE_IDENTITY=key":                                    `"key" is none of role, user-key and web-identity`,
		"BASE_IDENTITY=user-key":                               "BASE_KEY_SECRET_ARN: missing",
		"BASE_IDENTITY=web-identity":                           "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE",
		"BASE_IDENTITY=web-identity AWS_ROLE_ARN=arn":          "AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE",
		"BASE_IDENTITY=user-key BASE_KEY_SECRET_ARN=" + secret: "",
		"BASE_IDENTITY=web-identity AWS_ROLE_ARN=arn AWS_WEB_IDENTITY_TOKEN_FILE=/token": "",
	} {
		s, err := load(append(strings.Fields(env), "PORT_SECRET_ARN="+secret, "MEMBER_ROLE_NAME=r")...)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", env, err)
		}
		if strings.HasSuffix(env, "/token") && (s.WebIdentityRole != "arn" || s.WebIdentityToken != "/token") {
			t.Errorf("%+v", s)
		}
	}
}

func TestBlankListsAreEmpty(t *testing.T) {
	s, err := load("PORT_SECRET_ARN="+secret, "MEMBER_ROLE_NAME=r", "ACCOUNT_ROLE_ARNS= , ,\n", "OU_IDS=,",
		"EXCLUDED_ACCOUNTS=")
	if err != nil || len(s.RoleARNs)+len(s.OUs)+len(s.Excluded) > 0 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestEveryProblemIsToldAtOnce(t *testing.T) {
	_, err := load("PORT_BASE_URL=api.port.io", "STATE_BUCKET=b", "STATE_DIR=d", "EXTERNAL_ID=x",
		"MAX_CONCURRENT_ACCOUNTS=many", "ACCOUNT_GRACE_DAYS=some", "REFRESH_EVERY_DAYS=-1")
	if err == nil {
		t.Fatal("no problem")
	}
	var got []string
	for line := range strings.Lines(err.Error()) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		if rest == "" {
			t.Errorf("%q does not begin with the setting's name", line)
		}
		got = append(got, name)
	}
	want := []string{
		"PORT_BASE_URL", "PORT_SECRET_ARN", "STATE_BUCKET and STATE_DIR", "MEMBER_ROLE_NAME", "EXTERNAL_ID",
		"MAX_CONCURRENT_ACCOUNTS", "ACCOUNT_GRACE_DAYS", "REFRESH_EVERY_DAYS",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestASettingIsLegalOrNamed(t *testing.T) {
	good := []string{"PORT_SECRET_ARN=" + secret, "MEMBER_ROLE_NAME=port-read"}
	tests := []struct {
		line string
		ok   bool
	}{
		{"PORT_BASE_URL=http://localhost:8000", true},
		{"PORT_BASE_URL=https://api.port.io/", true},
		{"PORT_BASE_URL=ftp://api.port.io", false},
		{"PORT_BASE_URL=https://", false},
		{"PORT_BASE_URL=://", false},
		{"PORT_SECRET_ARN= ", false},
		{"STATE_DIR=.state", true},
		{"EXTERNAL_ID=ab", true},
		{"EXTERNAL_ID=a", false},
		{"EXTERNAL_ID=has blank", false},
		{"EXTERNAL_ID=schlüssel", false},
		{"EXTERNAL_ID=" + strings.Repeat("x", 1224), true},
		{"EXTERNAL_ID=" + strings.Repeat("x", 1225), false},
		{"MAX_CONCURRENT_ACCOUNTS=1", true},
		{"MAX_CONCURRENT_ACCOUNTS=1000", true},
		{"MAX_CONCURRENT_ACCOUNTS=0", false},
		{"MAX_CONCURRENT_ACCOUNTS=1001", false},
		{"MAX_CONCURRENT_ACCOUNTS=1.5", false},
		{"ACCOUNT_GRACE_DAYS=0", true},
		{"ACCOUNT_GRACE_DAYS=365", true},
		{"ACCOUNT_GRACE_DAYS=366", false},
		{"ACCOUNT_GRACE_DAYS=-1", false},
		{"REFRESH_EVERY_DAYS=0", true},
		{"REFRESH_EVERY_DAYS=1.5", false},
		{"INITIALIZE_PORT_RESOURCES=yes", false},
		{"REVEAL_SECRETS=1", true},
		{"MEMBER_ROLE_NAME=", false},
		{"STATE_MACHINE_ARN=port-aws-sync", false},
		{"STATE_MACHINE_ARN=arn:aws:states:eu-west-1:111122223333:execution:port-aws-sync:run", false},
	}
	for _, tt := range tests {
		name, value, _ := strings.Cut(tt.line, "=")
		_, err := load(append([]string{tt.line}, good...)...)
		if (err == nil) != tt.ok || err != nil && !strings.HasPrefix(err.Error(), name+":") {
			t.Errorf("%s=%.40q: %v", name, value, err)
		}
	}
	if _, err := load(good[0], "ACCOUNT_ROLE_ARNS=arn:aws:iam::111122223333:role/read"); err != nil {
		t.Errorf("with a list of roles no name of a role is needed: %v", err)
	}
}

func TestProblemsDoNotShowOtherSettings(t *testing.T) {
	_, err := load("PORT_BASE_URL=x", "EXTERNAL_ID=top secret", "PORT_SECRET_ARN="+secret)
	if text := err.Error(); slices.ContainsFunc([]string{"top secret", secret},
		func(s string) bool { return strings.Contains(text, s) }) {
		t.Errorf("it shows too much: %s", text)
	}
}
