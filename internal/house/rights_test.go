package house_test

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
)

// ownRights are the actions that calls of the functions' own take.
var ownRights = map[string]string{
	"organizations.DescribeAccount":                  "organizations:DescribeAccount",
	"organizations.ListAccounts":                     "organizations:ListAccounts",
	"organizations.ListAccountsForParent":            "organizations:ListAccountsForParent",
	"organizations.ListOrganizationalUnitsForParent": "organizations:ListOrganizationalUnitsForParent",
	"organizations.ListTagsForResource":              "organizations:ListTagsForResource",
	"s3.DeleteObject":                                "s3:DeleteObject",
	"s3.DeleteObjects":                               "s3:DeleteObject",
	"s3.GetObject":                                   "s3:GetObject",
	"s3.ListObjectsV2":                               "s3:ListBucket",
	"s3.PutObject":                                   "s3:PutObject",
	"secretsmanager.GetSecretValue":                  "secretsmanager:GetSecretValue",
	"sfn.DescribeExecution":                          "states:DescribeExecution",
	"sfn.StartExecution":                             "states:StartExecution",
}

// ofSync are calls of a kind that is read with the hub's own rights, which sync alone reads.
var ofSync = []string{
	"organizations.DescribeAccount", "organizations.ListParents", "organizations.ListTagsForResource",
}

// ofDoctor are calls that the doctor makes with its own role. All others it makes with those of sync and discover.
var ofDoctor = []string{
	"cloudformation.DescribeOrganizationsAccess", "cloudformation.DescribeStackSet", "cloudformation.ListStackInstances",
	"lambda.GetAccountSettings", "scheduler.GetSchedule", "scheduler.ListSchedules", "sfn.DescribeExecution", "sfn.ListExecutions",
}

// ofTracing are those with which Lambda and Step Functions trace for us, where Tracing is on.
var ofTracing = []string{"xray:PutTelemetryRecords", "xray:PutTraceSegments"}

// noRights are calls that take none, or that the SDK keeps for cases that a function is never in.
var noRights = []string{
	"sts.GetCallerIdentity",         // is allowed to everybody
	"sts.AssumeRole",                // ours is in access.Assume, the SDK's for profiles in files
	"sts.AssumeRoleWithWebIdentity", // and the rest: where else credentials may come from
	"sso.GetRoleCredentials", "ssooidc.CreateToken", "signin.CreateOAuth2Token",
	"s3.CreateSession",           // for directory buckets
	"dynamodb.DescribeEndpoints", // for endpoint discovery, which is off
}

// otherNames are actions that are not called like their operation.
var otherNames = map[string]string{
	"s3:ListBuckets":          "s3:ListAllMyBuckets",
	"s3:GetBucketEncryption":  "s3:GetEncryptionConfiguration",
	"s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}

// otherServices are prefixes of actions that are not called like the SDK's package.
var otherServices = map[string]string{
	"cloudcontrol": "cloudformation", "resourcegroupstaggingapi": "tag", "sesv2": "ses",
}

var operation = regexp.MustCompile(`^github\.com/aws/aws-sdk-go-v2/service/(\w+)\.\(\*Client\)\.([A-Z]\w+)$`)

// calls are the actions that a function's binary can ask for: of its own role, and of a member's. Methods that
// are not reached are not in it, so this is a fact and no list that somebody keeps.
func calls(t *testing.T, function string) (own, members []string) {
	for _, e := range link(t, function) {
		to, _, _ := strings.Cut(e.to, " ")
		// Sweep reads kinds of our own as sync does kinds of AWS, and enters no account for it.
		if strings.HasSuffix(to, "/internal/access.Assume") && function != "sweep" {
			own = append(own, "sts:AssumeRole")
		}
		m := operation.FindStringSubmatch(to)
		if m == nil || m[2] == "Options" {
			continue
		}
		name := m[1] + "." + m[2]
		switch action, known := ownRights[name]; {
		case slices.Contains(noRights, name):
		case function == "doctor" && name == "lambda.Invoke": // of the command, by a person
		case function == "doctor" && slices.Contains(ofDoctor, name):
			own = append(own, strings.Replace(strings.Replace(name, ".", ":", 1), "sfn:", "states:", 1))
		case slices.Contains(ofSync, name) && function == "sync":
			own = append(own, strings.Replace(name, ".", ":", 1))
		case slices.Contains(ofSync, name) && !(known && function == "discover"): // which looks for missing accounts, and for tags
		case known:
			own = append(own, action)
		default:
			action = cmp.Or(otherServices[m[1]], m[1]) + ":" + m[2]
			members = append(members, cmp.Or(otherNames[action], action))
		}
	}
	return own, members
}

func sorted(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}

// allowed are the actions that a resource's policies allow.
func allowed(n node) (actions []string) {
	n.at("Properties", "Policies").walk(func(n node) {
		if n.at("Effect").text() == "Allow" {
			for _, a := range n.at("Action").list() {
				actions = append(actions, a.Value)
			}
		}
	})
	return actions
}

func TestFunctionsMayDoWhatTheyDoAndNothingElse(t *testing.T) {
	n := load(t, template)
	always := []string{
		"logs:CreateLogStream", "logs:PutLogEvents",
		"s3:ListBucket", // where it is missing, an object that is not there yet is a refusal
	}
	always = append(always, ofTracing...)
	for name, f := range functionsOf(n) {
		own, _ := calls(t, strings.ToLower(name))
		role := n.at("Resources", strings.TrimSuffix(f.at("Role").text(), ".Arn"))
		if name == "Doctor" {
			requireDoctor(t, n, own, allowed(role))
			continue
		}
		if diff := gocmp.Diff(sorted(own, always), sorted(allowed(role))); diff != "" {
			t.Errorf("%s: -calls +policy\n%s", name, diff)
		}
	}
}

// requireDoctor wants of the doctor's calls that its own role lets it make those that are its own, and nothing
// else, and that the roles that it borrows allow all others but those that change something.
func requireDoctor(t *testing.T, n node, called, own []string) {
	want := []string{"logs:CreateLogStream", "logs:PutLogEvents", "sts:AssumeRole",
		"organizations:ListDelegatedAdministrators"} // which CloudFormation asks of a delegated administrator
	for _, name := range ofDoctor {
		want = append(want, strings.Replace(strings.Replace(name, ".", ":", 1), "sfn:", "states:", 1))
	}
	if diff := gocmp.Diff(sorted(want), sorted(own)); diff != "" {
		t.Errorf("Doctor: -calls +policy\n%s", diff)
	}
	borrowed := slices.Concat(allowed(n.at("Resources", "SyncRole")), allowed(n.at("Resources", "DiscoverRole")))
	for _, action := range called {
		if !slices.Contains(want, action) && !slices.Contains(borrowed, action) {
			t.Errorf("Doctor asks for %s, and neither sync nor discover may", action)
		}
	}
	for _, action := range want {
		if !slices.Contains(called, action) && strings.Contains(strings.Join(ofDoctor, " "), action[strings.Index(action, ":")+1:]) {
			t.Errorf("Doctor never calls %s", action)
		}
	}
}

// TestTheMemberRoleCoversTheCallsOfTheKinds compares what kinds say that they need with what is called.
func TestTheMemberRoleCoversTheCallsOfTheKinds(t *testing.T) {
	_, called := calls(t, "sync")
	if diff := gocmp.Diff(sorted(called), sorted(memberActions(), access.RegionActions)); diff != "" {
		t.Errorf("-calls +kinds and regions\n%s", diff)
	}
	_, looked := calls(t, "doctor")
	if diff := gocmp.Diff(sorted(looked), sorted(called, []string{access.VersionAction})); diff != "" {
		t.Errorf("the doctor: -calls +kinds, regions and the role's version\n%s", diff)
	}
}

func TestTheStateMachineMayDoWhatItDoesAndNothingElse(t *testing.T) {
	want := []string{
		"lambda:InvokeFunction",    // its tasks
		"s3:GetObject",             // the reader of its map
		"states:DescribeExecution", // a map's children are executions of the same machine
		"states:StartExecution",
		"states:StopExecution",
		"xray:GetSamplingRules", "xray:GetSamplingTargets", // beside those of all that is traced
	}
	want = append(want, ofTracing...)
	run := load(t, template).at("Resources", "Run")
	if diff := gocmp.Diff(want, sorted(allowed(run))); diff != "" {
		t.Errorf("-want +policy\n%s", diff)
	}
	var lambdas int
	for task := range tasks(t) {
		if strings.Contains(task.at("Resource").text(), ":lambda:") {
			lambdas++
		}
	}
	if lambdas != len(tasks(t)) {
		t.Error("a task calls something that is no function")
	}
}
