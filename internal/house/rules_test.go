package house_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// values are those of a template's parameters.
type values map[string]string

// isTrue evaluates a condition of a rule, or says that it cannot.
func (v values) isTrue(t *testing.T, n node) bool {
	t.Helper()
	o := n.operands()
	any := func(want bool) bool {
		return slices.ContainsFunc(o, func(o node) bool { return v.isTrue(t, o) == want })
	}
	switch n.Tag {
	case "!Equals":
		return v.of(o[0]) == v.of(o[1])
	case "!Not":
		return !v.isTrue(t, o[0])
	case "!Or":
		return any(true)
	case "!And":
		return !any(false)
	}
	t.Fatalf("line %d: what is %s in a rule?", n.Line, n.Tag)
	return false
}

func (n node) operands() (all []node) {
	for _, c := range n.Content {
		all = append(all, node{c})
	}
	return all
}

func (v values) of(n node) string {
	if n.Tag == "!Ref" {
		return v[n.Value]
	}
	return n.Value
}

// refusals are the assertions that do not hold.
func refusals(t *testing.T, given values) (said []string) {
	t.Helper()
	n := load(t, template)
	v := values{}
	for k, p := range n.at("Parameters").pairs {
		v[k.Value] = p.at("Default").text()
	}
	for name := range given {
		if _, known := v[name]; !known {
			t.Fatalf("there is no parameter %s", name)
		}
	}
	maps.Copy(v, given)
	for _, r := range n.at("Rules").pairs {
		if c := r.at("RuleCondition"); c.Node != nil && !v.isTrue(t, c) {
			continue
		}
		for _, a := range r.at("Assertions").list() {
			if !v.isTrue(t, a.at("Assert")) {
				said = append(said, a.at("AssertDescription").text())
			}
		}
	}
	return said
}

// credentials are what every stack needs, and managed what most have.
var (
	credentials = values{"PortClientId": "id", "PortClientSecret": "secret"}
	managed     = credentials.with(values{"OrganizationRootId": "r-ab12", "ExternalId": "x-1"})
	listed      = credentials.with(values{"DeployMemberRoles": "false", "AccountRoleArns": "arn:aws:iam::123456789012:role/r"})
)

func (v values) with(more values) values {
	all := maps.Clone(v)
	maps.Copy(all, more)
	return all
}

func TestCombinationsThatWorkAreLetThrough(t *testing.T) {
	for name, given := range map[string]values{
		"the whole organization":         managed,
		"some units":                     managed.with(values{"OrganizationRootId": "", "OuIds": "ou-ab12-cd345678"}),
		"some accounts of them":          managed.with(values{"AccountFilterType": "INTERSECTION", "Accounts": "123456789012"}),
		"a secret that exists":           managed.with(values{"PortClientId": "", "PortClientSecret": "", "PortSecretArn": "arn"}),
		"the same, guided":               managed.with(values{"PortClientId": "", "PortClientSecret": "-", "PortSecretArn": "arn"}),
		"a delegated administrator":      managed.with(values{"DelegatedAdmin": "true"}),
		"one that may not list accounts": managed.with(values{"DelegatedAdmin": "true", "OrganizationRoleArn": "arn"}),
		"roles made by other means":      credentials.with(values{"DeployMemberRoles": "false", "OuIds": "ou-ab12-cd345678"}),
		"another account's organization": credentials.with(values{"DeployMemberRoles": "false", "OrganizationRoleArn": "arn"}),
		"a list of roles":                listed,
		"a user's key":                   managed.with(values{"BaseIdentity": "user-key", "BaseKeySecretArn": "arn", "BaseUserArn": "arn"}),
		"a user's key, and roles listed": listed.with(values{"BaseIdentity": "user-key", "BaseKeySecretArn": "arn"}),
		"a managed policy":               managed.with(values{"ManagedPolicyArn": "arn"}),
		"alarms by e-mail":               managed.with(values{"AlarmEmail": "platform@example.com"}),
	} {
		if said := refusals(t, given); len(said) > 0 {
			t.Errorf("%s: %q", name, said)
		}
	}
}

func TestCombinationsThatCannotWorkAreRefusedWithTheParameterAndTheCure(t *testing.T) {
	for _, c := range []struct {
		name, says string
		given      values
	}{
		{"no credentials", "Port's credentials are missing", managed.with(values{"PortClientId": "", "PortClientSecret": ""})},
		{"credentials twice", "Leave PortClientId empty, or PortSecretArn", managed.with(values{"PortSecretArn": "arn"})},
		{"half of the credentials", "PortClientSecret is missing", managed.with(values{"PortClientSecret": ""})},
		{"roles for nobody knows whom", "Give OrganizationRootId", managed.with(values{"OrganizationRootId": ""})},
		{"roles that anybody may enter", "ExternalId is missing", managed.with(values{"ExternalId": ""})},
		{"roles deployed and listed", "Set DeployMemberRoles to false", managed.with(listed).with(values{"DeployMemberRoles": "true"})},
		{"roles deployed from elsewhere", "Set DelegatedAdmin to true", managed.with(values{"OrganizationRoleArn": "arn"})},
		{"a filter of nothing", "Give Accounts", managed.with(values{"AccountFilterType": "DIFFERENCE"})},
		{"accounts for no filter", "a filter other than NONE", managed.with(values{"Accounts": "123456789012"})},
		{"a user's key, and roles that trust nobody", "BaseUserArn is missing", managed.with(values{"BaseIdentity": "user-key", "BaseKeySecretArn": "arn"})},
		{"a user without a key", "Give both", listed.with(values{"BaseIdentity": "user-key"})},
		{"a key for nobody", "Give both", managed.with(values{"BaseKeySecretArn": "arn"})},
		{"narrowed rights in a managed policy", "Leave one of them empty", managed.with(values{"ReadActions": "s3:ListAllMyBuckets", "ManagedPolicyArn": "arn"})},
		{"listed roles in units", "Leave OuIds empty", listed.with(values{"OuIds": "ou-ab12-cd345678"})},
		{"listed roles and tags", "Leave AccountTags empty", listed.with(values{"AccountTags": "team=core"})},
		{"listed roles and an organization", "Leave OrganizationRoleArn empty", listed.with(values{"OrganizationRoleArn": "arn"})},
		{"alarms to two topics", "Leave AlarmEmail empty, or AlarmTopicArn", managed.with(values{"AlarmEmail": "a@b.c", "AlarmTopicArn": "arn"})},
		{"listed roles and exceptions", "leave ExcludedAccounts empty", listed.with(values{"ExcludedAccounts": "123456789012"})},
	} {
		said := refusals(t, c.given)
		if len(said) != 1 || !strings.Contains(said[0], c.says) {
			t.Errorf("%s: got %q, want %q", c.name, said, c.says)
		}
	}
}
