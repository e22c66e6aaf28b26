package run_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

var (
	seeds   = flag.Int("seeds", 240, "how many campaigns to play")
	seed    = flag.Uint64("seed", 0, "play only this campaign")
	shrink  = flag.Bool("shrink", true, "play a failing campaign again without one fate after the other")
	without = flag.String("without", "", "the fates that this campaign is played without, as a failure prints them")
)

// Processes die and freeze and thaw between any two writes, run side by side, and the store, AWS and Port fail
// them. Runs are carried out in one process, or in invocations as the state machine does: these are repeated,
// delivered twice, given up and aborted. Meanwhile resources come, go, change, change back, move between
// accounts or are in two at once, people edit the mapping and Port, ask for runs with options and lose our
// state, and accounts refuse. The world is tiny, so that the same entity meets many of these. At no moment may
// an entity be deleted that is there, that could not be looked at or that we did not make, nor a property be
// emptied that could not be read. Once it is over, two runs bring Port in line, and a third writes nothing.
func TestNoFaultLosesOrOrphansAnything(t *testing.T) {
	first, last := uint64(1), uint64(*seeds)
	if *seed != 0 {
		first, last = *seed, *seed
	}
	met := &tally{count: map[string]int{}}
	t.Cleanup(func() { t.Log(met) })
	for n := first; n <= last; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			off := strings.FieldsFunc(*without, func(r rune) bool { return r == ',' })
			failures, fates := trial(t, n, off, met)
			if len(failures) == 0 {
				return
			}
			if !*shrink {
				fates = nil
			}
			for _, one := range fates { // those that the failure does not need go
				if fewer, _ := trial(t, n, append(slices.Clone(off), one), met); len(fewer) > 0 {
					failures, off = fewer, append(off, one)
				}
			}
			t.Errorf("%s\nreplay with: go test ./internal/run -run NoFault -seed %d -without %s", strings.Join(failures, "\n"), n, strings.Join(off, ","))
		})
	}
}

// claim is an entity of an account, as blueprint/identifier.
type claim struct{ account, entity string }

// life is a claim that holds now.
type life struct {
	born  time.Time // since when without interruption
	seen  time.Time // when a run began that has ended well and saw it since
	owner string
	// changed is since when it has this owner, and so is selected or not.
	changed time.Time
}

// campaign is one seed's.
type campaign struct {
	*scene
	*rand.Rand
	mu      sync.Mutex
	alive   map[claim]life
	made    map[string]time.Time // by people, by entity
	touched map[string]bool      // entities that people changed in Port: what we no longer own may stay
	lost    time.Time            // when our state was, last
	// remapped is when the mapping was changed last: it may have let claims go that it asks for again by now.
	remapped time.Time
	busy     [][2]time.Time  // when some process may have been writing
	only     string          // the owner whose instances the mapping selects; "" = all
	shut     map[string]bool // accounts that refuse in this round
	learned  map[string]bool // accounts of which we may believe for a day that they refuse
	asked    ledger.Options  // of this round's run
	history  []string

	seed     uint64
	rounds   int
	off      []string // fates that are left out
	fates    []string // those that were met
	failures []string
	met      *tally
	synced   func(account string) bool // by the execution that is carried out
	threads  sync.WaitGroup            // invocations, those that were given up included
}

// fail notes what is wrong. The first word is enough to fail the campaign.
func (c *campaign) fail(format string, a ...any) {
	c.failures = append(c.failures, fmt.Sprintf(format, a...))
}

func wage(s *scene, n uint64, off []string, met *tally) (failures, fates []string) {
	s.store = newMemory()
	c := &campaign{
		scene: s, Rand: rand.New(rand.NewPCG(n, 7)), alive: map[claim]life{}, made: map[string]time.Time{},
		touched: map[string]bool{}, learned: map[string]bool{}, seed: n, off: off, met: met,
	}
	for _, t := range s.world.Things() {
		s.world.Remove(t.Account, t.Service, t.Region, t.Name)
	}
	s.world.SetState(lab, "")
	s.world.Regions, s.world.PageSize = []string{ireland}, []int{100, 1}[c.IntN(2)]
	c.remap(c.mapping())
	for range 4 + c.IntN(5) {
		c.round()
	}
	c.threads.Wait() // whoever was frozen has thawed
	time.Sleep(25 * time.Hour)
	c.note("quiet")
	c.locked(func() { c.shut = map[string]bool{} })
	first := ledger.Options{}
	if len(c.touched)+len(c.made) > 0 || !c.lost.IsZero() {
		first = refresh
	}
	s.runWith(first)
	second := ledger.Options{}
	if !c.lost.IsZero() { // what is left over is nothing against what is recorded only now
		second = refresh
	}
	s.runWith(second)
	c.settled()
	if s.run(); s.port.Stats().Created+s.port.Stats().Updated+s.port.Stats().Unchanged+s.port.Stats().Deleted > 0 {
		c.fail("the third quiet run writes: %+v", s.port.Stats())
	}
	if len(c.failures) > 0 {
		c.failures = append(c.failures, c.history...)
	}
	return c.failures, c.fates
}

func (c *campaign) locked(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f()
}

func (c *campaign) note(format string, a ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tell(format, a...)
}

// tell is note for who holds the lock.
func (c *campaign) tell(format string, a ...any) {
	c.history = append(c.history, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, a...))
}

// round is one or two processes with their fates.
func (c *campaign) round() {
	c.locked(func() { c.rounds++ })
	for range 1 + c.IntN(3) {
		c.change(c.Rand)
	}
	c.intervene()
	lift := c.weather()
	c.asked = c.wish()
	var all sync.WaitGroup
	r := c.request(c.asked)
	r.Trigger = "schedule"
	if c.IntN(2) == 0 {
		c.execute(r)
		for _, f := range lift {
			f()
		}
		return
	}
	first, second, wait := c.process("first"), (*process)(nil), time.Duration(0)
	if c.IntN(2) == 0 { // beside the first, or while that one stands still
		second, wait = c.process("second"), time.Duration(c.IntN(3)*c.IntN(600))*time.Second
	}
	for n, p := range []*process{first, second} {
		r, wait := r, time.Duration(n)*wait
		if p == nil {
			continue
		}
		if n > 0 {
			r.Run += "-beside"
		}
		all.Go(func() {
			time.Sleep(wait)
			rep, err := p.live(r)
			c.note("%s ended after %d writes: %v", r.Run, p.n, err)
			if err == nil {
				c.ended(p, rep)
			}
		})
	}
	all.Wait()
	for _, f := range lift {
		f()
	}
}
