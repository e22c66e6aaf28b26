package ledger_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func openDir(t *testing.T, path string) *ledger.Dir {
	t.Helper()
	store, err := ledger.NewDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestDirLeavesNothingOfADeletedFolder(t *testing.T) {
	path := t.TempDir()
	store := openDir(t, path)
	put(t, store, "a/b/c", "1", ledger.Condition{})
	put(t, store, "a/d", "1", ledger.Condition{})
	remove(t, store, "a/b/c")
	if _, err := os.Stat(filepath.Join(path, "a", "b")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder stays: %v", err)
	}
	wantKeys(t, store, "", "a/d")
}

func TestDirDoesNotFollowALinkOutOfItself(t *testing.T) {
	path, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(path, "link")); err != nil {
		t.Fatal(err)
	}
	store := openDir(t, path)
	if _, err := store.Put(t.Context(), "link/k", []byte("1"), ledger.Condition{}); err == nil {
		t.Error("a put through a link was accepted")
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) > 0 {
		t.Errorf("outside has %v, %v", left, err)
	}
}

func TestDirIsReadByItsOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "state")
	store := openDir(t, path)
	put(t, store, "a/b", "1", ledger.Condition{})
	for _, name := range []string{"", "a", "a/b"} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		if open := info.Mode().Perm() & 0o077; open != 0 {
			t.Errorf("%q is open to others: %o", name, open)
		}
	}
}

// A child process writes this one object over and over, until it is killed.
const (
	childKey = "a/large"
	childEnv = "LEDGER_TEST_WRITES_IN"
)

// TestDirWriter is the child; outside of TestDirSurvivesAKilledWriter it has nothing to do.
func TestDirWriter(t *testing.T) {
	path := os.Getenv(childEnv)
	if path == "" {
		return
	}
	store := openDir(t, path)
	for i := 0; ; i++ {
		put(t, store, childKey, largeObject(i), ledger.Condition{})
		fmt.Println("written", i)
	}
}

func largeObject(i int) string { return strings.Repeat(fmt.Sprint(i%10), 4<<20) }

func TestDirSurvivesAKilledWriter(t *testing.T) {
	path := t.TempDir()
	store := openDir(t, path)
	for range 5 {
		killWriter(t, path)
		text, version := get(t, store, childKey)
		if text == "" || text != strings.Repeat(text[:1], 4<<20) {
			t.Fatalf("half an object is left: %d bytes", len(text))
		}
		wantKeys(t, store, "", childKey)
		put(t, store, childKey, "the lock is free", ledger.IfVersion(version))
	}
}

// killWriter starts the child and kills it in the middle of its third write or so.
func killWriter(t *testing.T, path string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDirWriter$")
	child.Env = append(os.Environ(), childEnv+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "written 1" {
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
}
