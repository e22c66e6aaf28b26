package house_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

// tool runs a program of the lab's virtual environment in the root of the project.
func tool(t *testing.T, stdin, name string, args ...string) (string, error) {
	t.Helper()
	python, err := lab.Python(t.Context(), root, func(s string) { fmt.Fprintln(os.Stderr, s) })
	if err != nil {
		t.Fatal(err)
	}
	bin, err := filepath.Abs(filepath.Dir(python))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), filepath.Join(bin, name), args...)
	c.Dir = root
	c.Env = append(os.Environ(), "SAM_CLI_TELEMETRY=0", "AWS_DEFAULT_REGION=eu-west-1")
	c.Stdin = strings.NewReader(stdin)
	var out, problems bytes.Buffer
	c.Stdout, c.Stderr = &out, &problems
	if err := c.Run(); err != nil {
		return out.String(), fmt.Errorf("%w\n%s%s", err, out.String(), problems.String())
	}
	return out.String(), nil
}

func TestLintersFindNothingInTheTemplates(t *testing.T) {
	for _, args := range [][]string{
		{"sam", "validate", "--lint", "--template", template},
		append([]string{"cfn-lint"}, templates()...),
	} {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel()
			for _, file := range templates() {
				read(t, file) // so that go test knows a cached result for stale
			}
			if _, err := tool(t, "", args[0], args[1:]...); err != nil {
				t.Error(err)
			}
		})
	}
}

// transformed is what CloudFormation makes of a SAM template.
func transformed(t *testing.T, template, region string) string {
	t.Helper()
	out, err := tool(t, template, "python", "-I", "internal/house/testdata/transform.py", region)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func lint(t *testing.T, template string) error {
	file := filepath.Join(t.TempDir(), "transformed.json")
	if err := os.WriteFile(file, []byte(template), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := tool(t, "", "cfn-lint", file)
	return err
}

// TestTheTransformedTemplateIsSound: linters see no circle in a SAM template, since the resources that close it
// are not in it yet.
func TestTheTransformedTemplateIsSound(t *testing.T) {
	t.Parallel()
	read(t, "internal/house/testdata/transform.py")
	made := transformed(t, read(t, template), "eu-west-1")
	if err := lint(t, made); err != nil {
		t.Error(err)
	}
	requireNamesOfTheStack(t, made)
}

func TestACircleIsFoundInTheTransformedTemplate(t *testing.T) {
	t.Parallel()
	text := read(t, template)
	circle := regexp.MustCompile(`STATE_MACHINE_ARN: .*`).ReplaceAllString(text, "STATE_MACHINE_ARN: !Ref Run")
	if circle == text {
		t.Fatal("the functions do not know the state machine")
	}
	if err := lint(t, transformed(t, circle, "eu-west-1")); err == nil || !strings.Contains(err.Error(), "E3004") {
		t.Errorf("got %v, want E3004", err)
	}
}

func TestNothingThatSAMAddsIsTiedToOnePartition(t *testing.T) {
	t.Parallel()
	for _, made := range []string{transformed(t, read(t, template), "us-gov-west-1"), transformed(t, read(t, template), "cn-north-1")} {
		var all struct{ Resources json.RawMessage }
		if err := json.Unmarshal([]byte(made), &all); err != nil {
			t.Fatal(err)
		}
		if literal := regexp.MustCompile(`"arn:aws:[^"]*`).Find(all.Resources); literal != nil {
			t.Errorf("%s", literal)
		}
	}
}

// requireNamesOfTheStack: in one account and region there may be two stacks, and names that AWS makes itself
// differ.
func requireNamesOfTheStack(t *testing.T, made string) {
	var all struct {
		Resources map[string]struct{ Properties map[string]json.RawMessage }
	}
	if err := json.Unmarshal([]byte(made), &all); err != nil {
		t.Fatal(err)
	}
	for name, r := range all.Resources {
		for property, value := range r.Properties {
			literal := strings.HasPrefix(string(value), `"`)
			if strings.HasSuffix(property, "Name") && property != "MetricName" && literal {
				t.Errorf("%s: %s is %s in every stack", name, property, value)
			}
		}
	}
}
