package lab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// enter has a function assume the stack's role in an account.
func enter(t *testing.T, l *Lab, function, account, role, externalID string) string {
	t.Helper()
	got, err := l.Invoke(t.Context(), function, event{
		"do": "assume", "role": "arn:aws:iam::" + account + ":role/" + role, "externalId": externalID,
	})
	switch {
	case err == nil:
		return string(got)
	case strings.Contains(err.Error(), "AccessDenied"):
		return "AccessDenied"
	}
	return err.Error()
}

func TestARoleIsEnteredOnlyByWhomItTrusts(t *testing.T) {
	l := open(t)
	account := l.World.Account("payments").ID
	for _, c := range []struct{ name, function, role, externalID, want string }{
		{"the role that it names, with the external id", faulty, "tiny-read", "tiny",
			`"arn:aws:sts::` + account + `:assumed-role/tiny-read/tiny"`},
		{"another external id", faulty, "tiny-read", "tidy", "AccessDenied"},
		{"none", faulty, "tiny-read", "", "AccessDenied"},
		{"another role of the same account", single, "tiny-read", "tiny", "AccessDenied"},
		{"a role that does not exist", faulty, "tiny-write", "tiny", "AccessDenied"},
	} {
		if got := enter(t, l, c.function, account, c.role, c.externalID); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestAnUpdateChangesTheStackInPlace(t *testing.T) {
	l := open(t)
	payments := l.World.Account("payments").ID
	before, err := l.lookup(t)
	if err != nil {
		t.Fatal(err)
	}
	if err := deployTiny(l, map[string]string{"Timeout": "2", "Without": payments, "Secret": "false"}); err != nil {
		t.Fatal(err)
	}
	after, err := l.lookup(t)
	if err != nil {
		t.Fatal(err)
	}
	if after.Configuration.Timeout != 2 || after.Configuration.Environment.Variables["TIMEOUT"] != "2" {
		t.Errorf("the function has not been updated: %+v", after.Configuration)
	}
	if after.Configuration.Role != before.Configuration.Role {
		t.Errorf("its role was %s and is %s", before.Configuration.Role, after.Configuration.Role)
	}
	if secrets := l.secrets(t); strings.Contains(secrets, "tiny-port") {
		t.Errorf("the secret is there although its condition is not met any more: %s", secrets)
	}
	reached := l.reached(t)
	if reached[payments] || len(reached) != 4 {
		t.Errorf("without payments, the role is in %v", reached)
	}
	if err := deployTiny(l, map[string]string{"Timeout": "1", "Without": "", "Secret": "true"}); err != nil {
		t.Fatal(err)
	}
	if reached := l.reached(t); !reached[payments] || len(reached) != 5 {
		t.Errorf("with payments again, the role is in %v", reached)
	}
	if secrets := l.secrets(t); !strings.Contains(secrets, "tiny-port") {
		t.Errorf("the secret has not come back: %s", secrets)
	}
}

func (l *Lab) lookup(t *testing.T) (*function, error) {
	f := &function{}
	return f, l.desk.get(t.Context(), "lambda", "/2015-03-31/functions/"+faulty, f)
}

func (l *Lab) secrets(t *testing.T) string {
	t.Helper()
	var out json.RawMessage
	if err := l.desk.call(t.Context(), "secretsmanager", "secretsmanager.ListSecrets", event{}, &out); err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// reached are the accounts that have the stack's role: by the StackSet, and the hub by itself.
func (l *Lab) reached(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, a := range l.World.Accounts {
		switch got := enter(t, l, faulty, a.ID, "tiny-read", "tiny"); {
		case got == "AccessDenied":
		case strings.Contains(got, "assumed-role"):
			all[a.ID] = true
		default:
			t.Errorf("account %s: %s", a.Name, got)
		}
	}
	return all
}

func TestTheStackSetReachesActiveAccountsAndTheStackItsOwn(t *testing.T) {
	l := open(t)
	reached := l.reached(t)
	for _, a := range l.World.Accounts {
		if reached[a.ID] != a.Active {
			t.Errorf("%s, active: %t, has the role: %t", a.Name, a.Active, reached[a.ID])
		}
	}
	if role, err := l.output(t.Context(), tiny, "OwnRole"); err != nil || role != "arn:aws:iam::"+hub+":role/tiny-read" {
		t.Errorf("got %s, %v", role, err)
	}
}

func TestAStackThatCannotBeMadeFailsByName(t *testing.T) {
	l := open(t)
	for _, c := range []struct{ name, resources, want string }{
		{"a type that nobody serves", `{"Graph": {"Type": "AWS::AppSync::GraphQLApi"}}`,
			"Unrecognized resource types: ['AWS::AppSync::GraphQLApi']"},
		{"a property that the service does not know",
			`{"Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "x", "Colour": "red"}}}`, "Colour"},
		{"a value that the service refuses",
			`{"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Period": "soon"}}}`, "Alarm (AWS::CloudWatch::Alarm)"},
		{"a state machine that is none", `{"M": {"Type": "AWS::StepFunctions::StateMachine",
			"Properties": {"RoleArn": "arn:aws:iam::123456789012:role/x", "DefinitionString": "{\"StartAt\": \"X\"}"}}}`, "M (AWS::StepFunctions::StateMachine)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var answer struct{}
			err := l.desk.form(t.Context(), "cloudformation", "", url.Values{
				"Action": {"CreateStack"}, "Version": {"2010-05-15"}, "StackName": {fmt.Sprintf("odd-%d", len(c.name))},
				"TemplateBody": {strings.ReplaceAll(`{"Resources": `+c.resources+`}`, "\t", "")},
			}, &answer)
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "&#39;", "'"), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestADeletedStackLeavesWhatItRetainsOnly(t *testing.T) {
	l := open(t)
	const name = "gone"
	template := `{"Resources": {
		"Kept": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "RetainExceptOnCreate", "Properties": {"BucketName": "gone-kept"}},
		"Dropped": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "gone-dropped"}},
		"Policy": {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": {"Ref": "Dropped"}, "PolicyDocument": {"Version": "2012-10-17", "Statement": []}}},
		"Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "gone-role", "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []},
			"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}}]}}}}`
	var answer struct{}
	err := l.desk.form(t.Context(), "cloudformation", "", url.Values{
		"Action": {"CreateStack"}, "Version": {"2010-05-15"}, "StackName": {name}, "TemplateBody": {strings.ReplaceAll(template, "\t", "")},
	}, &answer)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.deleteStack(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	_, list, err := l.desk.send(t.Context(), "s3", http.MethodGet, "/", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if buckets := string(list); !strings.Contains(buckets, "gone-kept") || strings.Contains(buckets, "gone-dropped") {
		t.Errorf("buckets: %s", buckets)
	}
	err = l.desk.form(t.Context(), "iam", "", url.Values{"Action": {"GetRole"}, "Version": {"2010-05-08"}, "RoleName": {"gone-role"}}, &answer)
	if kind := fmt.Sprint(err); !strings.Contains(kind, "NoSuchEntity") {
		t.Errorf("the role: %v", err)
	}
}
