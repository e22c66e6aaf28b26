package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// TestStores holds every store to the one contract. Each test gets two stores on the same objects,
// as two processes have them.
func TestStores(t *testing.T) {
	stores := map[string]func(*testing.T) (a, b ledger.Store){
		"bucket": func(t *testing.T) (a, b ledger.Store) {
			fake := newFakeS3(t)
			return fake.store(), fake.store()
		},
		"directory": func(t *testing.T) (a, b ledger.Store) {
			path := t.TempDir()
			return openDir(t, path), openDir(t, path)
		},
	}
	for name, open := range stores {
		for _, c := range contract {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				a, b := open(t)
				c.test(t, a, b)
			})
		}
	}
}

var contract = []struct {
	name string
	test func(t *testing.T, a, b ledger.Store)
}{
	{"an object that is not there is not found", func(t *testing.T, a, _ ledger.Store) {
		put(t, a, "a/b", "1", ledger.Condition{})
		for _, key := range []string{"a/c", "b", "b/c"} {
			if _, version, err := a.Get(t.Context(), key); !errors.Is(err, ledger.ErrNotFound) || version != "" {
				t.Errorf("get %s: version %q, %v", key, version, err)
			}
		}
	}},
	{"another store reads what was put, at the version the put gave", func(t *testing.T, a, b ledger.Store) {
		for _, text := range []string{"one", "", strings.Repeat("x", 1<<20)} {
			version := put(t, a, "a/b", text, ledger.Condition{})
			if got, at := get(t, b, "a/b"); got != text || at != version || version == "" {
				t.Errorf("put %d bytes as %q, got %d as %q", len(text), version, len(got), at)
			}
		}
	}},
	{"if absent creates, and never changes", func(t *testing.T, a, b ledger.Store) {
		put(t, a, "k", "1", ledger.IfAbsent())
		refused(t, b, "k", "2", ledger.IfAbsent())
		wantObject(t, a, "k", "1")
	}},
	{"if version changes that version only", func(t *testing.T, a, b ledger.Store) {
		first := put(t, a, "k", "1", ledger.IfAbsent())
		second := put(t, b, "k", "2", ledger.IfVersion(first))
		refused(t, a, "k", "3", ledger.IfVersion(first))
		wantObject(t, a, "k", "2")
		put(t, a, "k", "3", ledger.IfVersion(second))
		wantObject(t, b, "k", "3")
	}},
	{"if version does not bring back what was deleted", func(t *testing.T, a, b ledger.Store) {
		version := put(t, a, "k", "1", ledger.IfAbsent())
		remove(t, b, "k")
		refused(t, a, "k", "2", ledger.IfVersion(version))
		wantKeys(t, a, "")
	}},
	{"the empty version is that of no object", func(t *testing.T, a, _ ledger.Store) {
		put(t, a, "k", "1", ledger.IfVersion(""))
		refused(t, a, "k", "2", ledger.IfVersion(""))
	}},
	{"a refused put of the bytes that are there counts as done", func(t *testing.T, a, b ledger.Store) {
		first := put(t, a, "k", "1", ledger.IfAbsent())
		if again := put(t, b, "k", "1", ledger.IfAbsent()); again != first {
			t.Errorf("version %q, not %q", again, first)
		}
		second := put(t, a, "k", "2", ledger.IfVersion(first))
		if again := put(t, b, "k", "2", ledger.IfVersion(first)); again != second {
			t.Errorf("version %q, not %q", again, second)
		}
	}},
	{"a deleted object is gone, and one that is absent is no error", func(t *testing.T, a, b ledger.Store) {
		for _, key := range []string{"a/1", "a/2", "a/3", "b"} {
			put(t, a, key, key, ledger.Condition{})
		}
		remove(t, b)
		remove(t, b, "absent")
		remove(t, b, "a/1")
		wantKeys(t, a, "", "a/2", "a/3", "b")
		remove(t, b, "a/3", "absent/too", "b", "a/2")
		wantKeys(t, a, "")
		put(t, a, "a", "was a folder", ledger.Condition{})
	}},
	{"a list has every key with the prefix, in byte order", func(t *testing.T, a, b ledger.Store) {
		all := []string{"a-b", "a.b", "a/b", "a/c/1", "a/c/2", "a/cc", "ab", "b/c", "é"}
		for _, key := range all {
			put(t, a, key, key, ledger.Condition{})
		}
		wantKeys(t, b, "", all...)
		wantKeys(t, b, "a", all[:7]...)
		wantKeys(t, b, "a/", all[2:6]...)
		wantKeys(t, b, "a/c", all[3:6]...)
		wantKeys(t, b, "a/c/", all[3:5]...)
		wantKeys(t, b, "a/c/2", "a/c/2")
		for _, none := range []string{"a/c/2/", "x/y/", "/", "../", "a//"} {
			wantKeys(t, b, none)
		}
	}},
	{"a key that would leave the store or hide in it is refused", func(t *testing.T, a, _ ledger.Store) {
		for _, key := range []string{"", ".", "/a", "a/", "a//b", "../a", "a/../b", ".lock", ".put", "a/.b"} {
			if _, _, err := a.Get(t.Context(), key); err == nil || errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("get %q: %v", key, err)
			}
			if _, err := a.Put(t.Context(), key, nil, ledger.Condition{}); err == nil {
				t.Errorf("put %q was accepted", key)
			}
			if err := a.Delete(t.Context(), key); err == nil {
				t.Errorf("delete %q was accepted", key)
			}
		}
	}},
	{"many writers lose nothing", func(t *testing.T, a, b ledger.Store) {
		signTogether(t, a, b)
	}},
	{"under a cancelled context nothing is done", func(t *testing.T, a, _ ledger.Store) {
		put(t, a, "k", "1", ledger.Condition{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _, getErr := a.Get(ctx, "k")
		_, putErr := a.Put(ctx, "k", []byte("2"), ledger.Condition{})
		_, listErr := a.List(ctx, "")
		for _, err := range []error{getErr, putErr, listErr, a.Delete(ctx, "k"), a.Delete(ctx, "k", "l")} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		wantObject(t, a, "k", "1")
	}},
}

// signTogether lets many writers enter their names into one object. A lost update lacks a name.
func signTogether(t *testing.T, stores ...ledger.Store) {
	const writers, rounds = 8, 6
	var all errgroup.Group
	var want []string
	for w := range writers {
		var names []string
		for round := range rounds {
			names = append(names, fmt.Sprint(w, ".", round))
		}
		want = append(want, names...)
		all.Go(func() error {
			for _, name := range names {
				if err := sign(t.Context(), stores[w%len(stores)], name); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	text, _ := get(t, stores[0], "names")
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(strings.Fields(text)))); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

// sign enters a name unless it is there: what the store calls a conflict may have been done, and
// then been built upon.
func sign(ctx context.Context, s ledger.Store, name string) error {
	for {
		data, version, err := s.Get(ctx, "names")
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		if slices.Contains(strings.Fields(string(data)), name) {
			return nil
		}
		_, err = s.Put(ctx, "names", append(data, name+" "...), ledger.IfVersion(version))
		if !errors.Is(err, ledger.ErrConflict) {
			return err
		}
	}
}

func put(t *testing.T, s ledger.Store, key, text string, c ledger.Condition) (version string) {
	t.Helper()
	version, err := s.Put(t.Context(), key, []byte(text), c)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func refused(t *testing.T, s ledger.Store, key, text string, c ledger.Condition) {
	t.Helper()
	if _, err := s.Put(t.Context(), key, []byte(text), c); !errors.Is(err, ledger.ErrConflict) {
		t.Errorf("put %s: %v, want a conflict", key, err)
	}
}

func get(t *testing.T, s ledger.Store, key string) (text, version string) {
	t.Helper()
	data, version, err := s.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return string(data), version
}

func remove(t *testing.T, s ledger.Store, keys ...string) {
	t.Helper()
	if err := s.Delete(t.Context(), keys...); err != nil {
		t.Fatal(err)
	}
}

func wantObject(t *testing.T, s ledger.Store, key, want string) {
	t.Helper()
	if got, _ := get(t, s, key); got != want {
		t.Errorf("%s is %q, want %q", key, got, want)
	}
}

func wantKeys(t *testing.T, s ledger.Store, prefix string, want ...string) {
	t.Helper()
	got, err := s.List(t.Context(), prefix)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list %q (-want +got):\n%s", prefix, diff)
	}
}
