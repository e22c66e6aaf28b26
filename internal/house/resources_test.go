package house_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestNothingIsTiedToOnePartition: there are three more than aws, and ARNs name them.
func TestNothingIsTiedToOnePartition(t *testing.T) {
	literal := regexp.MustCompile(`arn:aws|amazonaws\.com/|\.amazonaws\.com\.cn`)
	for _, file := range append(templates(), definition) {
		var look func(n node)
		look = func(n node) {
			if n.Kind == yaml.ScalarNode && literal.MatchString(n.Value) {
				t.Errorf("%s:%d: %s", file, n.Line, n.Value)
			}
			for i, c := range n.Content {
				if n.Kind != yaml.MappingNode || i%2 == 0 || !strings.HasSuffix(n.Content[i-1].Value, "Description") {
					look(node{c}) // a description has examples
				}
			}
		}
		look(load(t, file))
	}
}

// TestNoCodeIsTiedToOnePartition: an ARN that is put together takes its partition from one that AWS gave, or from a
// setting.
func TestNoCodeIsTiedToOnePartition(t *testing.T) {
	literal := regexp.MustCompile(`^(arn:aws(-cn|-us-gov)?:|[^ ]*\.amazonaws\.com)`)
	for _, s := range sources(t) {
		if s.test || s.room == "lab" || s.room == "awstest" {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && literal.MatchString(strings.Trim(l.Value, "\"`")) {
				t.Errorf("%s: %s", s.path, l.Value)
			}
			return true
		})
	}
}

// TestChinaHasNoStackSetsOfOrganizations: a template that wants one there cannot be deployed.
func TestChinaHasNoStackSetsOfOrganizations(t *testing.T) {
	n := load(t, template)
	condition := n.at("Conditions", n.at("Resources", "MemberRoles", "Condition").text())
	for partition, want := range map[string]bool{"aws": true, "aws-us-gov": true, "aws-cn": false} {
		v := values{"DeployMemberRoles": "true", "AWS::Partition": partition}
		if got := v.isTrue(t, condition); got != want {
			t.Errorf("%s: got %t, want %t", partition, got, want)
		}
	}
}

// statements are what policies of a template say, by the resource that they are in.
func statements(t *testing.T, file string) map[string][]node {
	all := map[string][]node{}
	for k, r := range load(t, file).at("Resources").pairs {
		r.walk(func(n node) {
			if e := n.at("Effect"); e.Node != nil {
				all[k.Value] = append(all[k.Value], n)
			}
		})
	}
	if len(all) == 0 {
		t.Fatalf("%s has no policy", file)
	}
	return all
}

func TestNoPolicyAllowsAWildcardOfActions(t *testing.T) {
	for _, file := range templates() {
		for name, all := range statements(t, file) {
			for _, s := range all {
				for _, a := range s.at("Action").list() {
					if strings.Contains(a.Value, "*") && s.at("Effect").text() == "Allow" {
						t.Errorf("%s: %s allows %s", file, name, a.Value)
					}
				}
				if s.at("NotAction").Node != nil || s.at("Action").Node == nil {
					t.Errorf("%s:%d: what %s allows is not a list of actions", file, s.Line, name)
				}
			}
		}
	}
	for name, f := range functionsOf(load(t, template)) {
		if f.at("Policies").Node != nil {
			t.Errorf("%s has policies beside those of its role: SAM adds the right to every log group", name)
		}
	}
}

// TestWhatIsOnEveryResourceSaysWhy wants a comment at, or above, each policy on all resources.
func TestWhatIsOnEveryResourceSaysWhy(t *testing.T) {
	for _, file := range templates() {
		for name, all := range statements(t, file) {
			for _, s := range all {
				var why string
				for k, v := range s.pairs {
					why += k.HeadComment
					if k.Value == "Resource" {
						why += v.LineComment + k.LineComment
					}
				}
				every := slices.ContainsFunc(s.at("Resource").list(), func(r node) bool { return r.Value == "*" })
				if every && why+s.HeadComment == "" {
					t.Errorf("%s:%d: %s: %s is on every resource and does not say why", file, s.Line, name, s.at("Sid").text())
				}
			}
		}
	}
}

func TestTheStateBucketKeepsWhatItHolds(t *testing.T) {
	n := load(t, template)
	bucket := n.at("Resources", "StateBucket")
	p := bucket.at("Properties")
	for _, c := range []struct{ is, what, want string }{
		{bucket.at("DeletionPolicy").text(), "DeletionPolicy", "RetainExceptOnCreate"},
		{bucket.at("UpdateReplacePolicy").text(), "UpdateReplacePolicy", "Retain"},
		{p.at("VersioningConfiguration", "Status").text(), "versioning", "Enabled"},
		{p.at("BucketName").text(), "a name of its own, which a second stack could not take", ""},
		{p.at("PublicAccessBlockConfiguration", "BlockPublicAcls").text(), "BlockPublicAcls", "true"},
		{p.at("PublicAccessBlockConfiguration", "BlockPublicPolicy").text(), "BlockPublicPolicy", "true"},
		{p.at("PublicAccessBlockConfiguration", "IgnorePublicAcls").text(), "IgnorePublicAcls", "true"},
		{p.at("PublicAccessBlockConfiguration", "RestrictPublicBuckets").text(), "RestrictPublicBuckets", "true"},
	} {
		if c.is != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.is, c.want)
		}
	}
	if len(p.at("BucketEncryption", "ServerSideEncryptionConfiguration").list()) != 1 {
		t.Error("it is not encrypted")
	}
	expiry := map[string]string{}
	for _, r := range p.at("LifecycleConfiguration", "Rules").list() {
		if days := r.at("ExpirationInDays"); days.Node != nil {
			expiry[r.at("Prefix").text()] = days.Value
		}
	}
	if len(expiry) != 1 || expiry["runs/"] != "90" {
		t.Errorf("objects expire: %v, want runs/ after 90 days and no other", expiry)
	}
	deny := n.at("Resources", "StateBucketPolicy", "Properties", "PolicyDocument", "Statement").list()[0]
	if deny.at("Effect").text() != "Deny" || deny.at("Condition", "Bool", "aws:SecureTransport").text() != "false" ||
		len(deny.at("Resource").list()) != 2 || deny.at("Principal").text() != "*" {
		t.Error("not everybody is refused without TLS")
	}
}

func TestEveryFunctionLogsWhereItsLogsAreKeptForATime(t *testing.T) {
	n := load(t, template)
	for name, f := range functionsOf(n) {
		logs := n.at("Resources", f.at("LoggingConfig", "LogGroup").text())
		if logs.at("Type").text() != "AWS::Logs::LogGroup" ||
			logs.at("Properties", "RetentionInDays").text() != "LogRetentionDays" ||
			logs.at("Properties", "LogGroupName").text() != "/aws/lambda/"+f.at("FunctionName").text() {
			t.Errorf("%s does not log into a group of its name with LogRetentionDays", name)
		}
	}
	if n.at("Globals", "Function", "LoggingConfig", "LogFormat").text() != "JSON" {
		t.Error("without the format JSON Lambda does not hand the level on")
	}
}

// TestNothingIsReserved: an AWS account that is new has ten functions at once, and none to reserve.
func TestNothingIsReserved(t *testing.T) {
	if strings.Contains(read(t, template), "ReservedConcurrentExecutions") {
		t.Error("ReservedConcurrentExecutions is refused in new accounts")
	}
}

// TestAsynchronousEventsDoNotComeHoursLate: by default Lambda keeps them for six.
func TestAsynchronousEventsDoNotComeHoursLate(t *testing.T) {
	for name, f := range functionsOf(load(t, template)) {
		if len(f.at("Events").keys()) > 0 && f.at("EventInvokeConfig", "MaximumEventAgeInSeconds").text() != "3600" {
			t.Errorf("%s has a trigger and takes events that are older than an hour", name)
		}
	}
}

func TestSamconfigServesAPlainDeployment(t *testing.T) {
	text := read(t, config)
	if regexp.MustCompile(`(?m)^\s*cached`).MatchString(text) {
		t.Error("cached ships stale binaries: SAM looks at a function's own folder only")
	}
	for _, want := range []string{"CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND", "resolve_s3 = true", "[default.build.parameters]"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %s", config, want)
		}
	}
}
