package house_test

import (
	"bufio"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLinkerDropsWhatIsNotCalled builds the programs and asks the linker why it keeps what it keeps.
// Where some code looks up methods by name (text/template does), the linker has to keep every
// exported method of every type, so of every AWS client: the binary grows fourfold.
func TestLinkerDropsWhatIsNotCalled(t *testing.T) {
	read(t, "go.sum") // and sources reads the rest that go test must watch to know this result stale
	isFunction := func(s source) bool { return s.room == "functions" && !s.test }
	if !slices.ContainsFunc(sources(t), isFunction) {
		return
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-tags=lambda.norpc", "-ldflags=-dumpdep",
		"-o", t.TempDir(), "./functions/...")
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := build.Start(); err != nil {
		t.Fatal(err)
	}
	var edges int
	var other []string
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20) // names of generic types are long
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasSuffix(line, "<ReflectMethod>"):
			t.Errorf("methods are looked up by name: %s", line)
		case strings.Contains(line, " -> "):
			edges++
		default:
			other = append(other, line)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if err := build.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(other, "\n"))
	}
	if edges == 0 {
		t.Error("the linker does not say what it keeps")
	}
}
