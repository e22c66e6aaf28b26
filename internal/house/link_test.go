package house_test

import (
	"bufio"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// programs are the folders of functions that have a main.go.
func programs(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil || len(paths) == 0 {
		t.Fatal("there are no functions", err)
	}
	var names []string
	for _, p := range paths {
		names = append(names, path.Base(path.Dir(filepath.ToSlash(p))))
	}
	return names
}

// arc is why the linker keeps something: what first leads to it.
type arc struct{ from, to string }

var linked = struct {
	sync.Mutex
	arcs map[string][]arc
}{arcs: map[string][]arc{}}

// link builds a function and asks the linker why it keeps what it keeps. It asks once for all tests.
func link(t *testing.T, function string) []arc {
	t.Helper()
	read(t, "go.sum") // and sources reads the rest that go test must watch to know this result stale
	sources(t)
	linked.Lock()
	defer linked.Unlock()
	if known, ok := linked.arcs[function]; ok {
		return known
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-tags=lambda.norpc", "-ldflags=-dumpdep",
		"-o", filepath.Join(t.TempDir(), function), "./functions/"+function)
	build.Dir = root
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := build.Start(); err != nil {
		t.Fatal(err)
	}
	var arcs []arc
	var other []string
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20) // names of generic types are long
	for lines.Scan() {
		if from, to, ok := strings.Cut(lines.Text(), " -> "); ok {
			arcs = append(arcs, arc{from, to})
		} else {
			other = append(other, lines.Text())
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	if err := build.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, strings.Join(other, "\n"))
	}
	if len(arcs) == 0 {
		t.Fatal("the linker does not say what it keeps")
	}
	linked.arcs[function] = arcs
	return arcs
}

// TestLinkerDropsWhatIsNotCalled: where some code looks up methods by name (text/template does), the linker
// has to keep every exported method of every type, so of every AWS client: the binary grows fourfold.
func TestLinkerDropsWhatIsNotCalled(t *testing.T) {
	for _, function := range programs(t) {
		for _, e := range link(t, function) {
			if strings.HasSuffix(e.to, "<ReflectMethod>") {
				t.Errorf("%s: methods are looked up by name: %s -> %s", function, e.from, e.to)
			}
		}
	}
}
