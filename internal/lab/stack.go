package lab

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// Stack is the name of the stack that Deploy makes. It is in the names of what the stack is made of.
const Stack = "port-aws-sync"

// The stack's functions.
const (
	Discover = Stack + "-discover"
	Sync     = Stack + "-sync"
	Sweep    = Stack + "-sweep"
	Doctor   = Stack + "-doctor"
)

const artifacts = "northwind-artifacts" // the bucket that sam uploads to

// Deploy deploys the checkout's template with the SAM CLI: it makes the stack, or updates it. Parameters
// that are not given are as in the last deployment; at first, as this organization and this Port need them.
func (l *Lab) Deploy(ctx context.Context, parameters map[string]string) error {
	all := map[string]string{
		"PortBaseUrl": l.portURL, "PortClientId": porttest.ClientID, "PortClientSecret": porttest.ClientSecret,
		"IntegrationIdentifier": integration, "OrganizationRootId": l.World.Root, "ExternalId": externalID,
	}
	maps.Copy(all, l.parameters)
	maps.Copy(all, parameters)
	if err := l.deploy(ctx, l.root, Stack, all); err != nil {
		return err
	}
	l.parameters = all
	bucket, err := l.Output(ctx, "StateBucketName")
	if err != nil {
		return err
	}
	l.World.keep(bucket)
	return nil
}

// DeployBeside deploys the template once more, as another hub for another integration in the same account.
func (l *Lab) DeployBeside(ctx context.Context, stack string) error {
	all := maps.Clone(l.parameters)
	all["IntegrationIdentifier"], all["StateBucketName"], all["ExternalId"] = stack, "", stack
	if err := l.deploy(ctx, l.root, stack, all); err != nil {
		return err
	}
	bucket, err := l.output(ctx, stack, "StateBucketName")
	if err != nil {
		return err
	}
	l.World.keep(bucket)
	return nil
}

// DeleteBeside deletes a stack that DeployBeside made.
func (l *Lab) DeleteBeside(ctx context.Context, stack string) error { return l.deleteStack(ctx, stack) }

// DeployRelease updates the stack to what make release makes of the checkout.
func (l *Lab) DeployRelease(ctx context.Context) error {
	l.tell("making a release")
	dist, said := filepath.Join(l.folder, "release"), &tail{}
	c := exec.Command("make", "release", "DIST="+dist, "ARCHITECTURES="+runtime.GOARCH)
	c.Dir, c.Stdout, c.Stderr = l.root, said, said
	if err := said.explain("make a release", run(ctx, c)); err != nil {
		return err
	}
	return l.upload(ctx, filepath.Join(dist, "template_"+runtime.GOARCH+".yaml"), Stack, l.parameters)
}

// deploy deploys the template.yaml of a folder.
func (l *Lab) deploy(ctx context.Context, folder, stack string, parameters map[string]string) error {
	built, err := l.build(ctx, folder)
	if err != nil {
		return err
	}
	return l.upload(ctx, filepath.Join(built, "template.yaml"), stack, parameters)
}

// upload deploys a template whose functions are built.
func (l *Lab) upload(ctx context.Context, template, stack string, parameters map[string]string) error {
	defer l.AWS.rights.forget()
	l.tell("deploying " + stack)
	arguments := []string{
		"deploy", "--stack-name", stack, "--template-file", template,
		"--s3-bucket", artifacts, "--capabilities", "CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
		"--no-fail-on-empty-changeset", "--no-progressbar", "--parameter-overrides", architecture(),
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		arguments = append(arguments, fmt.Sprintf("%s=%q", name, parameters[name]))
	}
	return l.sam(ctx, "deploy "+stack, nil, arguments...)
}

// build builds the functions of the template.yaml of a folder, once. It gives the folder in which they are.
func (l *Lab) build(ctx context.Context, folder string) (string, error) {
	if built := l.built[folder]; built != "" {
		return built, nil
	}
	l.tell("building the functions (a minute when the compiler sees the AWS SDK for the first time)")
	template, err := filepath.Abs(filepath.Join(folder, "template.yaml"))
	if err != nil {
		return "", err
	}
	environment, err := l.buildEnvironment(ctx)
	if err != nil {
		return "", err
	}
	into := filepath.Join(l.folder, "build", strconv.Itoa(len(l.built)))
	err = l.sam(ctx, "build the functions", environment,
		"build", "--template-file", template, "--build-dir", into, "--parameter-overrides", architecture())
	if err != nil {
		return "", err
	}
	l.built[folder] = into
	return into, nil
}

// architecture is the parameter that makes functions run on this machine.
func architecture() string {
	return "Architecture=" + map[string]string{"amd64": "x86_64", "arm64": "arm64"}[runtime.GOARCH]
}

// buildEnvironment lets go build in the person's caches, although the SAM CLI gets a home of its own.
func (l *Lab) buildEnvironment(ctx context.Context) ([]string, error) {
	var out strings.Builder
	c := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOSUMDB", "GOTOOLCHAIN")
	c.Dir, c.Stdout = l.root, &out
	if err := run(ctx, c); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	value := strings.Split(out.String(), "\n")
	return []string{
		"GOCACHE=" + value[0], "GOMODCACHE=" + value[1], "GOPATH=" + value[2], "GOPROXY=" + value[3],
		"GOSUMDB=" + value[4], "GOTOOLCHAIN=" + value[5],
		"CGO_ENABLED=0", "GOFLAGS=-trimpath -buildvcs=false -tags=lambda.norpc '-ldflags=-s -w'",
	}, nil
}

// sam runs the SAM CLI against this lab's AWS.
func (l *Lab) sam(ctx context.Context, what string, environment []string, arguments ...string) error {
	ctx, done := l.during(ctx)
	defer done()
	empty := filepath.Join(l.folder, "samconfig.toml") // not that of the checkout, which asks questions
	if err := os.WriteFile(empty, []byte("version = 0.1\n"), 0o666); err != nil {
		return err
	}
	said := &tail{}
	c := exec.Command(l.python, append([]string{"-I", "-m", "samcli"}, append(arguments, "--config-file", empty)...)...)
	c.Dir, c.Stdout, c.Stderr = l.folder, said, said
	c.Env = append(alone(
		"HOME="+l.folder, "TMPDIR="+l.folder, // it leaves folders of its own behind
		"SAM_CLI_TELEMETRY=0", "SAM_CLI_POLL_DELAY=0.2", "LC_ALL=C.UTF-8",
		// The emulator reads templates that are at localhost, by this name.
		"AWS_ENDPOINT_URL="+strings.Replace(l.awsURL, "127.0.0.1", "localhost", 1),
		"AWS_ACCESS_KEY_ID=hub", "AWS_SECRET_ACCESS_KEY=secret", "AWS_DEFAULT_REGION="+region,
	), environment...)
	return said.explain(what, run(ctx, c))
}

// Withhold takes an action away from a role until Restore, or the next deployment.
func (l *Lab) Withhold(ctx context.Context, role, action string) error {
	return l.AWS.rights.withhold(ctx, role, action)
}

// Restore gives back what was withheld.
func (l *Lab) Restore() { l.AWS.rights.forget() }

// Unused are the actions that a role is allowed and has never asked for.
func (l *Lab) Unused(ctx context.Context, role string) ([]string, error) {
	return l.AWS.rights.unused(ctx, role)
}

// FunctionRole is the ARN of the role of a function.
func (l *Lab) FunctionRole(function string) string { return access.RoleARN("aws", hub, function) }

// MemberRole is the ARN of the role with which the stack reads an account.
func (l *Lab) MemberRole(account string) string {
	return access.RoleARN("aws", account, Stack+"-read")
}

// DeleteStack deletes the stack and waits until it is gone.
func (l *Lab) DeleteStack(ctx context.Context) error { return l.deleteStack(ctx, Stack) }

func (l *Lab) deleteStack(ctx context.Context, stack string) error {
	var answer struct{}
	return l.desk.form(ctx, "cloudformation", "", url.Values{
		"Action": {"DeleteStack"}, "Version": {"2010-05-15"}, "StackName": {stack},
	}, &answer)
}

// Output is an output of the stack.
func (l *Lab) Output(ctx context.Context, name string) (string, error) {
	return l.output(ctx, Stack, name)
}

func (l *Lab) output(ctx context.Context, stack, name string) (string, error) {
	var answer struct {
		Outputs []struct{ OutputKey, OutputValue string } `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
	}
	err := l.desk.form(ctx, "cloudformation", "", url.Values{
		"Action": {"DescribeStacks"}, "Version": {"2010-05-15"}, "StackName": {stack},
	}, &answer)
	if err != nil {
		return "", err
	}
	for _, o := range answer.Outputs {
		if o.OutputKey == name {
			return o.OutputValue, nil
		}
	}
	return "", fmt.Errorf("stack %s has no output %s", stack, name)
}

// Alarm is an alarm of the hub and the metric that it waits for.
type Alarm struct {
	Name      string `xml:"AlarmName"`
	Namespace string
	Metric    string `xml:"MetricName"`
	Dimension string `xml:"Dimensions>member>Name"`
	Value     string `xml:"Dimensions>member>Value"`
}

// Alarms are those of the hub.
func (l *Lab) Alarms(ctx context.Context) ([]Alarm, error) {
	var answer struct {
		Alarms []Alarm `xml:"DescribeAlarmsResult>MetricAlarms>member"`
	}
	err := l.desk.form(ctx, "monitoring", "", url.Values{"Action": {"DescribeAlarms"}, "Version": {"2010-08-01"}}, &answer)
	return answer.Alarms, err
}
