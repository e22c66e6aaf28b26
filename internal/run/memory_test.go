package run_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// memory is a store without a disk.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	keys    []string // sorted
	version map[string]int
	n       int
}

func newMemory() *memory { return &memory{objects: map[string][]byte{}, version: map[string]int{}} }

func (m *memory) Get(_ context.Context, key string) ([]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.objects[key]
	if !ok {
		return nil, "", fmt.Errorf("get %s: %w", key, ledger.ErrNotFound)
	}
	return data, fmt.Sprint(m.version[key]), nil
}

func (m *memory) Put(_ context.Context, key string, data []byte, c ledger.Condition) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	have, ok := "", false
	if _, ok = m.objects[key]; ok {
		have = fmt.Sprint(m.version[key])
	}
	if c != (ledger.Condition{}) && c != ledger.IfVersion(have) {
		if ok && bytes.Equal(m.objects[key], data) {
			return have, nil
		}
		return "", fmt.Errorf("put %s: %w", key, ledger.ErrConflict)
	}
	if at, there := slices.BinarySearch(m.keys, key); !there {
		m.keys = slices.Insert(m.keys, at, key)
	}
	m.n++
	m.objects[key], m.version[key] = bytes.Clone(data), m.n
	return fmt.Sprint(m.n), nil
}

func (m *memory) Delete(_ context.Context, keys ...string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, key := range keys {
		delete(m.objects, key)
		if at, there := slices.BinarySearch(m.keys, key); there {
			m.keys = slices.Delete(m.keys, at, at+1)
		}
	}
	return nil
}

func (m *memory) List(_ context.Context, prefix string) (keys []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, _ := slices.BinarySearch(m.keys, prefix)
	for _, key := range m.keys[from:] {
		if !strings.HasPrefix(key, prefix) {
			break
		}
		keys = append(keys, key)
	}
	return keys, nil
}
