package port

import (
	"sync"
	"time"
)

// clock estimates how far Port's clock is ahead of ours. Each answer bounds it: its Date was true,
// to the second, at some moment between sending and receiving. The bounds of all answers are
// intersected; an answer that contradicts them means that a clock was set, and starts anew.
type clock struct {
	mu       sync.Mutex
	known    bool
	low, top time.Duration
}

func (k *clock) learn(sent, received, date time.Time) {
	// Without the monotonic reading: it may stand still while a Lambda is frozen.
	low, top := date.Sub(received.Round(0)), date.Add(time.Second).Sub(sent.Round(0))
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known && low <= k.top && top >= k.low {
		low, top = max(low, k.low), min(top, k.top)
	}
	k.known, k.low, k.top = true, low, top
}

func (k *clock) now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Round(0).Add((k.low + k.top) / 2)
}
