package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Files of the directory itself. No key begins with a dot, so neither is an object.
const (
	lockName = ".lock"
	tempName = ".put" // only the holder of the lock writes it, so what a crash leaves is overwritten
)

// Dir is a Store in a directory, one file per object. Any number of processes on a machine may use it
// at once; on a network file system only if that has flock. What was put survives a power loss.
type Dir struct {
	root *os.Root
	file string        // path of the lock file
	turn chan struct{} // one token: who has it may wait for the lock file
}

var _ Store = (*Dir)(nil)

// NewDir opens the store in a directory, which is made if it is not there. Nobody but its owner can
// read what is made.
func NewDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make state directory: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open state directory: %w", err)
	}
	return &Dir{root: root, file: filepath.Join(path, lockName), turn: make(chan struct{}, 1)}, nil
}

// Get needs no lock: a put replaces a file, it never changes one.
func (d *Dir) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := errors.Join(checkKey(key), ctx.Err()); err != nil {
		return nil, "", fmt.Errorf("get %s: %w", key, err)
	}
	data, err := d.root.ReadFile(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("get %s: %w", key, ErrNotFound)
	}
	if err != nil {
		return nil, "", fmt.Errorf("get %s: %w", key, err)
	}
	return data, contentVersion(data), nil
}

// Put implements Store.
func (d *Dir) Put(ctx context.Context, key string, data []byte, c Condition) (string, error) {
	if err := checkKey(key); err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	unlock, err := d.lock(ctx)
	if err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	defer unlock()
	if c.set {
		_, version, err := d.Get(ctx, key)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return "", fmt.Errorf("put %s: %w", key, err)
		}
		if version != c.version {
			return settle(ctx, d, key, data)
		}
	}
	if err := d.write(key, data); err != nil {
		return "", fmt.Errorf("put %s: %w", key, err)
	}
	return contentVersion(data), nil
}

// write puts an object in place whole, and returns once it is on the disk.
func (d *Dir) write(key string, data []byte) error {
	f, err := d.root.OpenFile(tempName, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := d.makeFolder(path.Dir(key)); err != nil {
		return err
	}
	if err := d.root.Rename(tempName, key); err != nil {
		return err
	}
	return d.sync(path.Dir(key))
}

// makeFolder makes a folder and those above it, each on the disk before anything is put into it.
func (d *Dir) makeFolder(name string) error {
	if name == "." {
		return nil
	}
	if err := d.makeFolder(path.Dir(name)); err != nil {
		return err
	}
	err := d.root.Mkdir(name, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.sync(path.Dir(name))
}

// sync brings the names in a folder to the disk.
func (d *Dir) sync(folder string) error {
	f, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Delete implements Store. Folders left empty go too, as S3 has none.
func (d *Dir) Delete(ctx context.Context, keys ...string) error {
	unlock, err := d.lock(ctx)
	if err != nil {
		return fmt.Errorf("delete %d objects: %w", len(keys), err)
	}
	defer unlock()
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return fmt.Errorf("delete %s: %w", key, err)
		}
		if err := d.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete %s: %w", key, err)
		}
		for folder := path.Dir(key); folder != "." && d.root.Remove(folder) == nil; {
			folder = path.Dir(folder)
		}
	}
	return nil
}

// List takes the lock: some file systems show a name that is replaced meanwhile not at all.
func (d *Dir) List(ctx context.Context, prefix string) ([]string, error) {
	unlock, err := d.lock(ctx)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", prefix, err)
	}
	defer unlock()
	var keys []string
	folder := path.Dir(prefix) // the deepest one that has all of them
	if !fs.ValidPath(folder) {
		return nil, nil
	}
	err = fs.WalkDir(d.root.FS(), folder, func(name string, e fs.DirEntry, err error) error {
		switch {
		case name == folder && errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case e.Type().IsRegular() && checkKey(name) == nil && strings.HasPrefix(name, prefix):
			keys = append(keys, name)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", prefix, err)
	}
	slices.Sort(keys) // a walk has "a/b" before "a.b"
	return keys, nil
}

// lock waits until this process and then this machine has nobody else at work in the directory. The
// system lets go of the lock of a process that died.
func (d *Dir) lock(ctx context.Context) (unlock func(), err error) {
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release, err := lockedfile.MutexAt(d.file).Lock()
	if err == nil && ctx.Err() != nil {
		release()
		err = ctx.Err()
	}
	if err != nil {
		<-d.turn
		return nil, fmt.Errorf("lock state directory: %w", err)
	}
	return func() { release(); <-d.turn }, nil
}

// contentVersion is the version of an object in a directory: the hash of its bytes.
func contentVersion(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
