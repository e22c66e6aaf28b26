package house_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/functions"
)

// released makes a release for this machine's architecture, of the source in a folder.
func released(t *testing.T, source string) (dist string) {
	t.Helper()
	dist = t.TempDir()
	c := exec.CommandContext(t.Context(), "make", "release", "DIST="+dist, "ARCHITECTURES="+runtime.GOARCH)
	c.Dir = source
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dist
}

// TestAReleaseIsTheSameWhereverItIsMade makes it here and of a copy elsewhere: whoever doubts a zip can make it.
func TestAReleaseIsTheSameWhereverItIsMade(t *testing.T) {
	t.Parallel()
	sources(t) // so that go test knows a cached result for stale
	elsewhere := t.TempDir()
	for _, name := range []string{"Makefile", "go.mod", "go.sum", template, config, "LICENSE"} {
		if err := os.WriteFile(filepath.Join(elsewhere, name), []byte(read(t, name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"functions", "internal", "stacksets"} {
		if err := os.CopyFS(filepath.Join(elsewhere, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	here := released(t, root)
	sums := func(dist string) string {
		text, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if diff := cmp.Diff(sums(here), sums(released(t, elsewhere))); diff != "" {
		t.Errorf("-here +elsewhere\n%s", diff)
	}
	requireWhole(t, here)
}

// requireWhole demands that the template of a release names files of the release, that AWS would take it, and that
// the checksums have all that is there.
func requireWhole(t *testing.T, dist string) {
	t.Helper()
	made := filepath.Join(dist, "template_"+runtime.GOARCH+".yaml")
	text, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(CodeUri|DefinitionUri|TemplateURL): (\S+)`).FindAllStringSubmatch(string(text), -1)
	if len(named) < 6 {
		t.Errorf("it names %d files", len(named))
	}
	for _, m := range named {
		if info, err := os.Stat(filepath.Join(dist, m[2])); err != nil || info.IsDir() {
			t.Errorf("its %s is %s: %v", m[1], m[2], err)
		}
	}
	if strings.Contains(string(text), "BuildMethod") {
		t.Error("it would be built again")
	}
	if _, err := tool(t, "", "sam", "validate", "--lint", "--template", made); err != nil {
		t.Error(err)
	}
	check := exec.CommandContext(t.Context(), "sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS")
	check.Dir = dist
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	sums, err := os.ReadFile(filepath.Join(dist, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(os.DirFS(dist), "*")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(sums), "\n"); got != len(files)-1 {
		t.Errorf("%d checksums for %d files", got, len(files)-1)
	}
}

// TestTheVersionHasItsChapterInTheChangelog: a release whose changes nobody wrote down is none.
func TestTheVersionHasItsChapterInTheChangelog(t *testing.T) {
	if !regexp.MustCompile(`(?m)^## ` + regexp.QuoteMeta(functions.Version) + `( |$)`).MatchString(read(t, "CHANGELOG.md")) {
		t.Errorf("CHANGELOG.md has no chapter %s", functions.Version)
	}
}

// TestWorkflowsTrustNobodyElse: an action is named by its commit, since a tag can be moved, and jobs may do no more
// than they say.
func TestWorkflowsTrustNobodyElse(t *testing.T) {
	workflows, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil || len(workflows) < 2 {
		t.Fatalf("%v, %v", workflows, err)
	}
	pinned := regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)
	for _, w := range workflows {
		rel, err := filepath.Rel(root, w)
		if err != nil {
			t.Fatal(err)
		}
		n := load(t, rel)
		if got := n.at("permissions", "contents").text(); got != "read" || len(n.at("permissions").keys()) != 1 {
			t.Errorf("%s: unless a job says so it may do more than read", rel)
		}
		n.at("jobs").walk(func(n node) {
			if u := n.at("uses"); u.Node != nil && !pinned.MatchString(u.Value) {
				t.Errorf("%s:%d: %s is not pinned to a commit", rel, u.Line, u.Value)
			}
		})
		for name, job := range n.at("jobs").pairs {
			if job.at("timeout-minutes").Node == nil {
				t.Errorf("%s: %s may take six hours", rel, name.Value)
			}
		}
	}
}
