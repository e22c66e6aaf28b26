package lab

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// requirements are the SAM CLI, cfn-lint and moto, with all that they need.
//
//go:embed requirements.txt
var requirements string

// stampName is the file in the virtual environment that holds the requirements it was made for. It is
// empty while they are installed, and locked by whoever looks.
const stampName = "port-aws-sync.stamp"

// Python is the path of a Python that has moto: that of the virtual environment .venv in the folder
// root. It is made where there is none or it is out of date, which takes a minute and a package
// index; others who want it meanwhile wait.
func Python(ctx context.Context, root string, tell func(string)) (string, error) {
	folder := filepath.Join(root, ".venv")
	if err := ours(folder); err != nil {
		return "", err
	}
	stamp, err := lock(ctx, filepath.Join(folder, stampName))
	if err != nil {
		return "", fmt.Errorf("lock .venv: %w", err)
	}
	defer stamp.Close()
	held, err := io.ReadAll(stamp)
	if err != nil {
		return "", err
	}
	python := filepath.Join(folder, "bin", "python")
	if string(held) == requirements && run(ctx, exec.Command(python, "-I", "-c", "import moto, boto3")) == nil {
		return python, nil
	}
	return python, build(ctx, stamp, folder, tell)
}

// ours makes the folder, or sees that it is the demo's: what is in it may be removed.
func ours(folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) == 0 {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, stampName)); err != nil {
		return fmt.Errorf("%s is in use, and not by the demo: move it away", folder)
	}
	return nil
}

// lock opens a file for whoever is first; the others wait until it is closed.
func lock(ctx context.Context, name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return file, nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return nil, errors.Join(err, file.Close())
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), file.Close())
		}
	}
}

func build(ctx context.Context, stamp *os.File, folder string, tell func(string)) error {
	base, err := basePython(ctx)
	if err != nil {
		return err
	}
	tell("making .venv with " + base + ", once: the SAM CLI, moto and what they need, about 100 MB to download")
	if err := errors.Join(stamp.Truncate(0), empty(folder)); err != nil {
		return err
	}
	if err := python(ctx, base, "make .venv", "-I", "-m", "venv", folder); err != nil {
		return err
	}
	list := filepath.Join(folder, "requirements.txt")
	if err := os.WriteFile(list, []byte(requirements), 0o666); err != nil {
		return err
	}
	err = python(ctx, filepath.Join(folder, "bin", "python"),
		"install moto into .venv (is a package index within reach?)",
		"-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "-r", list)
	if err != nil {
		return err
	}
	_, err = stamp.WriteAt([]byte(requirements), 0)
	return err
}

// empty removes what an older or interrupted build has left, not the stamp: others wait for its lock.
func empty(folder string) error {
	entries, err := os.ReadDir(folder)
	for _, e := range entries {
		if e.Name() != stampName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(folder, e.Name())))
		}
	}
	return err
}

func python(ctx context.Context, name, what string, args ...string) error {
	said := &tail{}
	c := exec.Command(name, args...)
	c.Stdout, c.Stderr = said, said
	return said.explain(what, run(ctx, c))
}

// about prints what decides whether a Python will do. Debian ships it without the rest of venv.
const about = `import sys
print("%d.%d" % sys.version_info[:2], "old" if sys.version_info < (3, 11) else "new")
import ensurepip, venv`

// basePython finds a Python on the PATH that is new enough and has what a virtual environment takes.
func basePython(ctx context.Context) (string, error) {
	const need, from = "the demo needs Python 3.11 or later", "(https://www.python.org/downloads/)"
	problem := errors.New(need + ": install it " + from + ", so that python3 is on the PATH")
	for _, name := range []string{"python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		var out strings.Builder
		c := exec.Command(path, "-I", "-c", about)
		c.Stdout = &out
		err = run(ctx, c)
		version, age, _ := strings.Cut(strings.TrimSpace(out.String()), " ")
		switch {
		case ctx.Err() != nil:
			return "", err
		case age == "new" && err == nil:
			return path, nil
		case age == "new":
			problem = fmt.Errorf("%s, and %s lacks its part venv: install that "+
				"(on Debian and Ubuntu: apt install python%s-venv)", need, path, version)
		case age == "old" && name == "python3":
			problem = fmt.Errorf("%s, and %s is %s: install a newer one %s", need, path, version, from)
		}
	}
	return "", problem
}
