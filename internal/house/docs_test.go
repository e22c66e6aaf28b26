package house_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

const operations = "docs/operations.md"

// fenced are the shell commands of a document, in their order.
func fenced(t *testing.T, document string) string {
	t.Helper()
	var script strings.Builder
	for _, m := range regexp.MustCompile("(?ms)^( *)```sh\n(.*?)^ *```$").FindAllStringSubmatch(read(t, document), -1) {
		for line := range strings.Lines(m[2]) {
			script.WriteString(strings.TrimPrefix(line, m[1]))
		}
	}
	if script.Len() == 0 {
		t.Fatalf("%s has no command", document)
	}
	return script.String()
}

// carriedOut runs the commands of a document as a person does, one after the other, with stand-ins for the programs
// that act on the world, and gives how these were called.
func carriedOut(t *testing.T, document string) (calls [][]string) {
	t.Helper()
	bin, log := t.TempDir(), filepath.Join(t.TempDir(), "calls")
	for _, name := range []string{"aws", "sam", "make", "sha256sum"} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(read(t, "internal/house/testdata/command.sh")), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.CommandContext(t.Context(), "bash", "-eu")
	c.Dir, c.Stdin = t.TempDir(), strings.NewReader(fenced(t, document))
	c.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "CALLS="+log)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", document, err, out)
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var call []string
		if err := json.Unmarshal(line, &call); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		calls = append(calls, call)
	}
	return calls
}

// option is the value that a call gives to an option; "" = none.
func option(call []string, name string) string {
	if i := slices.Index(call, name); i >= 0 && i+1 < len(call) {
		return call[i+1]
	}
	return ""
}

// TestTheCommandsOfTheDocumentationAreSuchAsThereAre runs them against stand-ins, and holds what they ask for to the
// AWS CLI's operations, the Makefile, the template and the decoder of run options.
func TestTheCommandsOfTheDocumentationAreSuchAsThereAre(t *testing.T) {
	t.Parallel()
	n, makefile := load(t, template), read(t, "Makefile")
	read(t, "internal/house/testdata/awscalls.py") // so that go test knows a cached result for stale
	var aws strings.Builder
	started := 0
	for _, call := range carriedOut(t, operations) {
		switch call[0] {
		case "make":
			if !regexp.MustCompile(`(?m)^` + call[1] + `:`).MatchString(makefile) {
				t.Errorf("%q: the Makefile has no %s", call, call[1])
			}
		case "sam":
			if !slices.Contains([]string{"build", "deploy", "validate"}, call[1]) {
				t.Errorf("%q: what is sam %s?", call, call[1])
			}
			for _, word := range call[2:] {
				name, _, is := strings.Cut(word, "=")
				if is && n.at("Parameters", name).Node == nil {
					t.Errorf("%q: the template has no parameter %s", call, name)
				}
			}
		case "aws":
			line, err := json.Marshal(call[1:])
			if err != nil {
				t.Fatal(err)
			}
			aws.Write(append(line, '\n'))
			if call[2] == "start-execution" {
				started++
				if _, err := run.ParseOptions([]byte(option(call, "--input")), kinds.All); err != nil {
					t.Errorf("%q: %v", call, err)
				}
			}
			if m := regexp.MustCompile(`OutputKey=='(\w+)'`).FindStringSubmatch(option(call, "--query")); m != nil && n.at("Outputs", m[1]).Node == nil {
				t.Errorf("%q: the template has no output %s", call, m[1])
			}
		}
	}
	if started < 5 {
		t.Errorf("it starts %d runs", started)
	}
	wrong, err := tool(t, aws.String(), "python", "-I", "internal/house/testdata/awscalls.py")
	if err != nil || wrong != "" {
		t.Errorf("%v\n%s", err, wrong)
	}
}

// TestTheOptionsThatAreExplainedAreThoseThatThereAre, each in the form in which the table has it.
func TestTheOptionsThatAreExplainedAreThoseThatThereAre(t *testing.T) {
	explained := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\{.*?\\})` \\|").FindAllStringSubmatch(read(t, operations), -1) {
		if _, err := run.ParseOptions([]byte(m[1]), kinds.All); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
		var names map[string]any
		if err := json.Unmarshal([]byte(m[1]), &names); err != nil {
			t.Error(err)
		}
		for name := range names {
			explained[name] = true
		}
	}
	_, err := run.ParseOptions([]byte(`{"?": 0}`), kinds.All)
	m := regexp.MustCompile(`\((.*)\)`).FindStringSubmatch(err.Error())
	for _, name := range strings.Split(m[1], ", ") {
		if !explained[name] {
			t.Errorf("%s does not explain %s", operations, name)
		}
	}
}

// TestEveryAlarmAndMetricIsExplained, for whoever is woken by one.
func TestEveryAlarmAndMetricIsExplained(t *testing.T) {
	text := read(t, operations)
	for name, a := range alarms(t) {
		suffix := strings.TrimPrefix(a.at("AlarmName").text(), "${AWS::StackName}")
		if !strings.Contains(text, "| `…"+suffix+"` |") {
			t.Errorf("%s does not explain %s (…%s)", operations, name, suffix)
		}
	}
	for _, name := range emitted() {
		if !strings.Contains(text, "`"+name+"`") {
			t.Errorf("%s does not explain the metric %s", operations, name)
		}
	}
}
