package kinds_test

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

func other(t *testing.T, name string) kind.Kind {
	t.Helper()
	k, ok := kinds.Other(name)
	if !ok {
		t.Fatalf("%s is no type", name)
	}
	return k
}

func TestAnyOtherTypeIsReadByCloudControl(t *testing.T) {
	paths, err := filepath.Glob("testdata/other/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			recording, options, want := parse(t, path)
			d := driver{t: t, kind: other(t, "AWS::Logs::LogGroup"), at: site, options: options}
			d.cfg = awstest.Replay(t, recording, site.Region)
			results, _ := d.run("")
			for _, r := range results {
				plain(t, r.Key, r.Resource)
			}
			write(t, path, recording, want, encode(t, results))
			if diff := cmp.Diff(string(want.Data), string(encode(t, results))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestNamesThatAreNoTypesAreNoKinds(t *testing.T) {
	for _, name := range []string{"", "AWS::EC2", "AWS::EC2::", "aws ec2 instance", "AWS::EC2::Instance::More"} {
		if _, ok := kinds.Other(name); ok {
			t.Errorf("%q is one", name)
		}
	}
	for name, scope := range map[string]kind.Scope{
		"AWS::Logs::LogGroup": kind.Regional, "AWS::CloudFront::Distribution": kind.Global, "AWS::IAM::Role": kind.Global,
	} {
		if got := other(t, name).Scope; got != scope {
			t.Errorf("%s is %s, want %s", name, got, scope)
		}
	}
}

func TestWhatCloudControlRefusesIsJudged(t *testing.T) {
	for _, c := range []struct {
		name, code, message string
		want                kind.Verdict
	}{
		{"a type that the region does not know", "TypeNotFoundException", "no",
			kind.Verdict{State: kind.Unsupported, Reason: "TypeNotFoundException"}},
		{"a type that cannot be listed", "UnsupportedActionException", "no",
			kind.Verdict{State: kind.Unsupported, Reason: "UnsupportedActionException"}},
		{"a type that is listed by parent", "InvalidRequestException",
			"Missing Or Invalid ResourceModel property in AWS::Some::Type list handler request input. Required property: [Id]",
			kind.Verdict{State: kind.Failed, Reason: access.NeedsParent}},
		{"another invalid request", "InvalidRequestException", "no",
			kind.Verdict{State: kind.Failed, Reason: "InvalidRequestException"}},
		{"our own missing right", "AccessDeniedException", "no", kind.Verdict{State: kind.Denied, Reason: access.Denied}},
		{"a right of the service behind it", "GeneralServiceException",
			"User is not authorized to perform: logs:DescribeLogGroups (Service: Logs, Status Code: 400)",
			kind.Verdict{State: kind.Denied, Reason: access.Denied}},
		{"anything else of that service", "GeneralServiceException", "no",
			kind.Verdict{State: kind.Failed, Reason: "GeneralServiceException"}},
		{"load", "ThrottlingException", "no", kind.Verdict{State: kind.Throttled, Reason: "ThrottlingException"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := awstest.Replay(t, txtar.Parse([]byte("-- POST / ListResources 400 --\n"+
				`{"__type":"`+c.code+`","message":"`+c.message+"\"}\n")), site.Region)
			_, err := other(t, "AWS::Some::Type").List(t.Context(), cfg, site, "")
			got := access.Judge(err)
			got.Message = ""
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
