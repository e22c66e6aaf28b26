package house_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/edge"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

const install = "docs/install.md"

// dummies stand for what people fill in.
var dummies = strings.NewReplacer("$PORT_CLIENT_ID", "id", "$PORT_CLIENT_SECRET", "secret", "$ROOT", "r-ab12", "$EXTERNAL_ID", "5b2f9c1e-port")

// given are the parameters in a command or a cell of a table.
func given(text string) values {
	v := values{}
	for _, m := range regexp.MustCompile(`\b([A-Z][A-Za-z]+)=(\S*)`).FindAllStringSubmatch(dummies.Replace(text), -1) {
		v[m[1]] = strings.Trim(m[2], "`;,")
	}
	return v
}

// requireParameters wants parameters that a template has, with values that it takes.
func requireParameters(t *testing.T, file string, v values) {
	t.Helper()
	for name, value := range v {
		p := load(t, file).at("Parameters", name)
		if p.Node == nil {
			t.Errorf("%s has no parameter %s", file, name)
			continue
		}
		var allowed []string
		for _, a := range p.at("AllowedValues").list() {
			allowed = append(allowed, a.Value)
		}
		pattern := regexp.MustCompile(p.at("AllowedPattern").text())
		if !pattern.MatchString(value) || len(allowed) > 0 && !slices.Contains(allowed, value) {
			t.Errorf("%s does not take %s=%s", file, name, value)
		}
	}
}

// TestEveryWayToInstallIsOneThatTheTemplatesTake reads docs/install.md: its first command, and that with the parameters of
// each row of its tables.
func TestEveryWayToInstallIsOneThatTheTemplatesTake(t *testing.T) {
	text := read(t, install)
	commands := regexp.MustCompile(`(?m)^ *((?:sam|aws cloudformation) deploy .*)$`).FindAllString(text, -1)
	if len(commands) != 3 {
		t.Fatalf("it has the commands %q", commands)
	}
	first := given(commands[0])
	for _, command := range commands {
		file := template
		if m := regexp.MustCompile(`--template-file (\S+)`).FindStringSubmatch(command); m != nil {
			file = m[1]
			for k, p := range load(t, file).at("Parameters").pairs {
				if _, has := given(command)[k.Value]; !has && p.at("Default").Node == nil {
					t.Errorf("%s needs %s", file, k.Value)
				}
			}
		} else if said := refusals(t, given(command)); len(said) > 0 {
			t.Errorf("%s\n%q", command, said)
		}
		requireParameters(t, file, given(command))
	}
	rows := 0
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !strings.HasPrefix(line, "|") || len(cells) < 2 {
			continue
		}
		more := given(cells[1])
		if len(more) == 0 {
			continue
		}
		rows++
		requireParameters(t, template, more)
		all := first.with(more)
		if all["DeployMemberRoles"] == "false" && all["AccountRoleArns"] == "" && all["OrganizationRoleArn"] == "" && !strings.Contains(line, run.AccountsList) {
			t.Errorf("%s: whose roles?", line)
		}
		if said := refusals(t, all); len(said) > 0 {
			t.Errorf("%s%q", line, said)
		}
	}
	if rows < 12 {
		t.Errorf("%d rows have parameters", rows)
	}
}

// block is the first fenced block of a language in a text.
func block(t *testing.T, text, language string) string {
	m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("there is no block of %s", language)
	}
	return m[1]
}

// TestTheCronJobSaysWhatTheProgramReads: with a setting that nobody reads, or without one that is needed, it would not run.
func TestTheCronJobSaysWhatTheProgramReads(t *testing.T) {
	env := map[string]string{"AWS_ROLE_ARN": "arn", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"} // EKS adds them
	for _, m := range regexp.MustCompile(`\{name: ([A-Z_]+), value: "?([^"}]+)"?\}`).FindAllStringSubmatch(block(t, read(t, install), "yaml"), -1) {
		env[m[1]] = m[2]
	}
	unread := map[string]bool{}
	for name := range env {
		unread[name] = true
	}
	s, err := edge.Load(func(name string) string { delete(unread, name); return env[name] })
	if err != nil || s.BaseIdentity != "web-identity" || s.ExternalID != "" {
		t.Errorf("%v: %+v", err, s)
	}
	if diff := gocmp.Diff(map[string]bool{"APPLY": true, "AWS_REGION": true}, unread); diff != "" { // functions/local, the SDK
		t.Errorf("-read elsewhere +not read\n%s", diff)
	}
}

// TestTheServiceAccountsPolicyIsWhatTheFunctionsMay, but for what there is no need of in one process.
func TestTheServiceAccountsPolicyIsWhatTheFunctionsMay(t *testing.T) {
	var policy struct {
		Statement []struct{ Action any }
	}
	if err := json.Unmarshal([]byte(block(t, read(t, install), "json")), &policy); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range policy.Statement {
		switch a := s.Action.(type) {
		case string:
			got = append(got, a)
		case []any:
			for _, one := range a {
				got = append(got, one.(string))
			}
		}
	}
	n := load(t, template).at("Resources")
	want := slices.DeleteFunc(slices.Concat(allowed(n.at("DiscoverRole")), allowed(n.at("SyncRole")), allowed(n.at("SweepRole"))),
		func(a string) bool {
			return strings.HasPrefix(a, "logs:") || strings.HasPrefix(a, "states:") || slices.Contains(ofTracing, a)
		})
	if diff := gocmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Errorf("-functions +docs\n%s", diff)
	}
}
