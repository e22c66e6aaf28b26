package run_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// trial plays one campaign, and says what went wrong and which fates were met.
func trial(t *testing.T, n uint64, off []string, met *tally) (failures, fates []string) {
	t.Run("trial", func(t *testing.T) {
		stage(t, func(s *scene) { failures, fates = wage(s, n, off, met) })
	})
	return failures, fates
}

// tally counts what campaigns met.
type tally struct {
	sync.Mutex
	count map[string]int
}

func (t *tally) note(what string) {
	t.Lock()
	defer t.Unlock()
	t.count[what]++
}

func (t *tally) String() string {
	t.Lock()
	defer t.Unlock()
	var b strings.Builder
	for _, what := range slices.Sorted(maps.Keys(t.count)) {
		fmt.Fprintf(&b, "%7d %s\n", t.count[what], what)
	}
	return b.String()
}
