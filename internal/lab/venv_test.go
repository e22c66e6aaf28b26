package lab

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakePython is a python3 that makes environments which hold a copy of itself. It notes in the file
// log, beside itself, what it is asked for.
const fakePython = `#!/bin/sh
case "$*" in
*"import moto"*) exit 0 ;;
*"-m venv"*) echo venv >> "LOG"; mkdir -p "$4/bin" && cp "$0" "$4/bin/python" ;;
*"-m pip"*) echo pip >> "LOG"; PIP ;;
*) VERSION ;;
esac
`

// onPath makes fakePython all that there is on the PATH beside what it needs itself.
func onPath(t *testing.T, version, pip string) (log string) {
	t.Helper()
	folder := t.TempDir()
	log = filepath.Join(folder, "log")
	script := strings.NewReplacer("LOG", log, "PIP", pip, "VERSION", version).Replace(fakePython)
	if err := os.WriteFile(filepath.Join(folder, "python3"), []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"mkdir", "cp"} {
		for _, place := range []string{"/bin/", "/usr/bin/"} {
			if _, err := os.Stat(place + tool); err == nil {
				_ = os.Symlink(place+tool, filepath.Join(folder, tool))
			}
		}
	}
	t.Setenv("PATH", folder)
	return log
}

func quiet(string) {}

func TestTheEnvironmentIsMadeOnceAndAgainWhenItIsOutOfDate(t *testing.T) {
	log, root := onPath(t, "echo 3.11 new", ":"), t.TempDir()
	stamp := filepath.Join(root, ".venv", stampName)
	stray := filepath.Join(root, ".venv", "stray")
	for _, c := range []struct {
		name  string
		spoil func() error
		want  string // what the log has then
	}{
		{"there is none", func() error { return nil }, "venv pip"},
		{"it is good", func() error { return nil }, "venv pip"},
		{"it was made for other requirements", func() error {
			return os.WriteFile(stamp, []byte(requirements+"more==1\n"), 0o666)
		}, "venv pip venv pip"},
		{"making it was interrupted", func() error {
			if err := os.WriteFile(stray, nil, 0o666); err != nil {
				return err
			}
			return os.Truncate(stamp, 0)
		}, "venv pip venv pip venv pip"},
		{"its Python is gone", func() error {
			return os.Remove(filepath.Join(root, ".venv", "bin", "python"))
		}, "venv pip venv pip venv pip venv pip"},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		got, err := Python(t.Context(), root, quiet)
		if err != nil || got != filepath.Join(root, ".venv", "bin", "python") {
			t.Fatalf("%s: got %s, %v", c.name, got, err)
		}
		asked, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(string(asked)), " "); got != c.want {
			t.Errorf("%s: asked for %s, want %s", c.name, got, c.want)
		}
		if held, err := os.ReadFile(stamp); err != nil || string(held) != requirements {
			t.Errorf("%s: the stamp holds %q, %v", c.name, held, err)
		}
	}
	if _, err := os.Stat(stray); err == nil {
		t.Error("what the interrupted one has left is still there")
	}
}

func TestAnEnvironmentThatCannotBeMadeIsNoneAndTheErrorSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name, version, pip string
		want               []string
	}{
		{"a Python that is too old", "echo 3.9 old", ":", []string{"3.11 or later", "is 3.9", "install a newer one"}},
		{"one in two packages", "echo 3.12 new; exit 1", ":", []string{"apt install python3.12-venv"}},
		{"a program that is no Python", "exit 127", ":", []string{"3.11 or later", "install it"}},
		{"no package index", "echo 3.12 new", "echo no route >&2; exit 1", []string{"package index", "no route"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			onPath(t, c.version, c.pip)
			root := t.TempDir()
			_, err := Python(t.Context(), root, quiet)
			for _, w := range c.want {
				if err == nil || !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing in %v", w, err)
				}
			}
			if held, _ := os.ReadFile(filepath.Join(root, ".venv", stampName)); len(held) > 0 {
				t.Errorf("the stamp holds %q", held)
			}
		})
	}
	t.Run("no Python", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := Python(t.Context(), t.TempDir(), quiet); err == nil || !strings.Contains(err.Error(), "install it") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAnEnvironmentOfSomebodyElseIsLeftAlone(t *testing.T) {
	onPath(t, "echo 3.11 new", ":")
	root := t.TempDir()
	theirs := filepath.Join(root, ".venv", "pyvenv.cfg")
	if err := os.MkdirAll(filepath.Dir(theirs), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Python(t.Context(), root, quiet); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
}

func TestWaitingForSomebodyElseWhoMakesItCanBeGivenUp(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, ".venv"), 0o777); err != nil {
		t.Fatal(err)
	}
	held, err := lock(t.Context(), filepath.Join(root, ".venv", stampName))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if _, err := Python(ctx, root, quiet); err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("got %v", err)
	}
}
