package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// memory is a Store for tests that need thousands of them.
type memory struct {
	mu      sync.Mutex
	objects map[string]object
	writes  int
	wrote   func(key string, data []byte) // called for every put that is carried out, in their order
}

type object struct {
	data    []byte
	version string
}

func newMemory() *memory { return &memory{objects: map[string]object{}} }

// dump is everything that is stored.
func (m *memory) dump() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]string{}
	for key, o := range m.objects {
		all[key] = string(o.data)
	}
	return all
}

func (m *memory) Get(ctx context.Context, key string) ([]byte, string, error) {
	if err := errors.Join(ledger.CheckKey(key), ctx.Err()); err != nil {
		return nil, "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	if !ok {
		return nil, "", fmt.Errorf("get %s: %w", key, ledger.ErrNotFound)
	}
	return slices.Clone(o.data), o.version, nil
}

func (m *memory) Put(ctx context.Context, key string, data []byte, c ledger.Condition) (string, error) {
	if err := errors.Join(ledger.CheckKey(key), ctx.Err()); err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.objects[key]
	if version, conditional := c.Expects(); conditional && version != o.version {
		if o.version != "" && string(o.data) == string(data) {
			return o.version, nil
		}
		return "", fmt.Errorf("put %s: %w", key, ledger.ErrConflict)
	}
	m.writes++
	o = object{slices.Clone(data), fmt.Sprint(m.writes)}
	m.objects[key] = o
	if m.wrote != nil {
		m.wrote(key, data)
	}
	return o.version, nil
}

func (m *memory) Delete(ctx context.Context, keys ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		if err := errors.Join(ledger.CheckKey(key), ctx.Err()); err != nil {
			return err
		}
		delete(m.objects, key)
	}
	return ctx.Err()
}

func (m *memory) List(ctx context.Context, prefix string) (keys []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range slices.Sorted(maps.Keys(m.objects)) {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	return keys, ctx.Err()
}

func TestMemoryKeepsTheContract(t *testing.T) {
	for _, c := range contract {
		t.Run(c.name, func(t *testing.T) {
			m := newMemory()
			c.test(t, m, m)
		})
	}
}

// call is one call of a store.
type call struct {
	n         int // from 1
	operation string
	keys      []string
}

// watched is a store whose calls can be seen, and go wrong.
type watched struct {
	ledger.Store
	before func(call) error // an error: the call has no effect
	after  func(call) error // an error: the call had its effect, and its answer is lost

	mu    sync.Mutex
	calls []call
}

func (w *watched) note(operation string, keys ...string) (call, error) {
	w.mu.Lock()
	c := call{len(w.calls) + 1, operation, keys}
	w.calls = append(w.calls, c)
	w.mu.Unlock()
	if w.before == nil {
		return c, nil
	}
	return c, w.before(c)
}

func (w *watched) done(c call, err error) error {
	if err == nil && w.after != nil {
		return w.after(c)
	}
	return err
}

func (w *watched) Get(ctx context.Context, key string) ([]byte, string, error) {
	c, err := w.note("get", key)
	if err != nil {
		return nil, "", err
	}
	data, version, err := w.Store.Get(ctx, key)
	if err = w.done(c, err); err != nil {
		return nil, "", err
	}
	return data, version, nil
}

func (w *watched) Put(ctx context.Context, key string, data []byte, p ledger.Condition) (string, error) {
	c, err := w.note("put", key)
	if err != nil {
		return "", err
	}
	version, err := w.Store.Put(ctx, key, data, p)
	if err = w.done(c, err); err != nil {
		return "", err
	}
	return version, nil
}

func (w *watched) Delete(ctx context.Context, keys ...string) error {
	c, err := w.note("delete", keys...)
	if err != nil {
		return err
	}
	return w.done(c, w.Store.Delete(ctx, keys...))
}

func (w *watched) List(ctx context.Context, prefix string) ([]string, error) {
	c, err := w.note("list", prefix)
	if err != nil {
		return nil, err
	}
	keys, err := w.Store.List(ctx, prefix)
	return keys, w.done(c, err)
}

// written are the keys that were put or deleted.
func (w *watched) written() (keys []string) {
	for _, c := range w.calls {
		if c.operation == "put" || c.operation == "delete" {
			keys = append(keys, c.keys...)
		}
	}
	return keys
}
