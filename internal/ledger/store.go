package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// ErrNotFound says that a store has no object of that key.
var ErrNotFound = errors.New("no such object")

// ErrConflict says that a conditional put was refused: the object is not as the condition wants it,
// and its bytes are not those of the put.
var ErrConflict = errors.New("somebody else wrote it")

// Store holds small objects by key: an S3 bucket, or a directory. A read or a list sees every write
// that ended before it began. Any error but ErrNotFound and ErrConflict leaves the outcome unknown.
//
// A key is a relative path with slashes. No part of it begins with a dot, and no key is a folder of
// another one.
type Store interface {
	// Get reads an object. The version is opaque, and never empty where there is an object.
	Get(ctx context.Context, key string) (data []byte, version string, err error)
	// Put writes an object whole or not at all, and gives its new version.
	//
	// The answer to a conditional put may be lost after the store carried it out, and its repetition
	// is then refused. So a refused put whose bytes are those of the object counts as done. Two
	// writers must hence never write the same bytes where only one may win: objects that are written
	// under a condition carry a nonce or a revision. That also makes a version name one write. After
	// a conflict, read again: the put may still have been done, and somebody else's have followed it.
	Put(ctx context.Context, key string, data []byte, c Condition) (version string, err error)
	// Delete removes objects, in no order and not as one; those that are not there are fine. After an
	// error some may be left: it can be repeated.
	Delete(ctx context.Context, keys ...string) error
	// List gives every key that begins with prefix, in the order of their bytes.
	List(ctx context.Context, prefix string) ([]string, error)
}

// Condition says what a put expects to find. The zero value expects nothing: the put overwrites.
type Condition struct {
	set     bool
	version string // "" = no object
}

// IfAbsent lets a put create an object, never change one.
func IfAbsent() Condition { return Condition{set: true} }

// IfVersion lets a put change the object of exactly this version. "" is the version of an object
// that does not exist: the same as IfAbsent.
func IfVersion(version string) Condition { return Condition{set: true, version: version} }

// settle judges a refused conditional put by what the store has now.
func settle(ctx context.Context, s Store, key string, data []byte) (version string, err error) {
	have, version, err := s.Get(ctx, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	if err != nil || !bytes.Equal(have, data) {
		return "", fmt.Errorf("put %s: %w", key, ErrConflict)
	}
	return version, nil
}

// checkKey refuses keys that not every store can hold.
func checkKey(key string) error {
	if !fs.ValidPath(key) || strings.HasPrefix(key, ".") || strings.Contains(key, "/.") {
		return fmt.Errorf("key %q is not a relative path without dot names", key)
	}
	return nil
}
