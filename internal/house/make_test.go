package house_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestMakeHasTheTargetsThatPeopleAreTold(t *testing.T) {
	makefile := read(t, "Makefile")
	told := regexp.MustCompile("(?:`|^|run: )make ([a-z-]+)")
	for _, file := range []string{"README.md", ".ci/run", ".github/workflows/check.yml", ".github/workflows/release.yml", "CONTRIBUTING.md"} {
		for line := range strings.Lines(read(t, file)) {
			for _, m := range told.FindAllStringSubmatch(strings.TrimSpace(line), -1) {
				if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
					t.Errorf("%s names make %s, the Makefile has none", file, m[1])
				}
			}
		}
	}
}

func TestContinuousIntegrationRunsTheTestCommandOfTheReadme(t *testing.T) {
	if !strings.Contains(read(t, "README.md"), "`make test`") {
		t.Error("README.md does not tell people to make test")
	}
	if !strings.HasSuffix(read(t, ".ci/run"), " make --no-print-directory test\n") {
		t.Error(".ci/run does not end with make test")
	}
}
