package run

import (
	"sync"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// stubs remembers which entities Port may have created bare because a relation of ours named them. When
// we then write one ourselves Port says that it was there already, though it is ours. What other
// processes named is not in it.
type stubs struct {
	mu    sync.Mutex
	since map[ledger.Entity]int64 // Port's time before the first write that named it
}

func newStubs() *stubs { return &stubs{since: map[ledger.Entity]int64{}} }

func (s *stubs) name(targets []ledger.Entity, at int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range targets {
		if _, known := s.since[t]; !known {
			s.since[t] = at
		}
	}
}

func (s *stubs) named(e ledger.Entity) (at int64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, ok = s.since[e]
	return at, ok
}
