package run_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

var (
	seeds   = flag.Int("seeds", 300, "how many campaigns to play")
	seed    = flag.Uint64("seed", 0, "play only this campaign")
	without = flag.String("without", "", "the fates that this campaign is played without, as a failure prints them")
)

// Processes die and freeze and thaw between any two writes, run side by side and lose answers. Runs are
// carried out in one process, or in invocations as the state machine does: these are repeated, delivered
// twice, given up and aborted. Meanwhile
// resources come, go, change, change back, move between accounts or are in two at once, people make
// entities of their own, and accounts refuse. The world is tiny, so that the same entity meets many of
// these. At no moment may an entity be deleted that is there, that could not be looked at or that we
// did not make. Once it is over, two runs bring Port in line, and a third has nothing to write.
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
			for _, one := range fates { // those that the failure does not need go
				if fewer, _ := trial(t, n, append(slices.Clone(off), one), met); len(fewer) > 0 {
					failures, off = fewer, append(off, one)
				}
			}
			t.Errorf("%s\nreplay with: go test ./internal/run -run NoFault -seed %d -without %s", strings.Join(failures, "\n"), n, strings.Join(off, ","))
		})
	}
}

// claim is an entity of an account.
type claim struct{ account, entity string }

// campaign is one seed's.
type campaign struct {
	*scene
	*rand.Rand
	mu      sync.Mutex
	born    map[claim]time.Time // since when it is there without interruption
	acked   map[claim]bool      // a run that has ended well saw it since
	shut    map[string]bool     // accounts that refuse in this round
	history []string

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
		scene: s, Rand: rand.New(rand.NewPCG(n, 7)), born: map[claim]time.Time{}, acked: map[claim]bool{},
		seed: n, off: off, met: met,
	}
	for _, t := range s.world.Things() {
		s.world.Remove(t.Account, t.Service, t.Region, t.Name)
	}
	s.world.SetState(lab, "")
	s.world.Regions, s.world.PageSize = []string{ireland}, 100
	s.remap(object{"entityDeletionThreshold": 1, "resources": []any{change(instances(), "identifier", `.Properties.Tags[] | select(.Key == "e") | .Value`)}})
	for range 4 + c.IntN(5) {
		c.round()
	}
	c.threads.Wait() // whoever was frozen has thawed
	time.Sleep(time.Hour)
	c.note("quiet")
	s.run()
	s.run()
	c.settled()
	if s.run(); s.port.Stats().Created+s.port.Stats().Updated+s.port.Stats().Unchanged+s.port.Stats().Deleted > 0 {
		c.fail("the third quiet run writes: %+v", s.port.Stats())
	}
	if len(c.failures) > 0 {
		c.failures = append(c.failures, c.history...)
	}
	return c.failures, c.fates
}

func (c *campaign) note(format string, a ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, a...))
}

// settled compares Port with the world. Of two accounts that yield one entity either will do, and what
// people made may stay.
func (c *campaign) settled() {
	c.Helper()
	have := c.port.Entities("instance")
	want := map[string][]string{}
	for _, t := range c.world.Things() {
		want[t.Tags[0].Value] = append(want[t.Tags[0].Value], t.Tags[1].Value)
	}
	for id, owners := range want {
		got, there := have[id]
		if owner := fmt.Sprint(got.Properties["owner"]); !there || !strings.Contains(strings.Join(owners, " "), owner) {
			c.fail("after two quiet runs AWS has %s with owner %v, Port %v", id, owners, got.Properties)
		}
	}
	for id, got := range have {
		if want[id] == nil && got.CreatedBy != porttest.Person {
			c.fail("after two quiet runs Port still has %s, AWS has not", id)
		}
	}
}

// round is one or two processes with their fates.
func (c *campaign) round() {
	c.rounds++
	for range 1 + c.IntN(3) {
		c.change(c.Rand)
	}
	var lift []func()
	c.shut = map[string]bool{}
	if account := []string{prod, dev, "", "", ""}[c.IntN(5)]; account != "" {
		c.shut[account] = true
		c.note("the role of %s is denied", account)
		lift = append(lift, c.world.Fault(awstest.Rule{Account: account, Operation: "sts:AssumeRole", Fail: awstest.Deny}))
	}
	for _, f := range []porttest.Rule{
		{Route: bulkRoute, Rate: 0.5 * c.Float64(), Do: porttest.LoseAnswer{}},
		{Route: bulkRoute, Rate: 0.3 * c.Float64(), Do: porttest.Fail{Status: 500}},
		{Route: deleteRoute, Rate: 0.4 * c.Float64(), Do: porttest.CutBody{}},
	} {
		f.Seed = c.Uint64()
		lift = append(lift, c.port.Fault(f))
	}
	var all sync.WaitGroup
	r := c.request(ledger.Options{})
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

// change lets something happen in the world, as the dice have it.
func (c *campaign) change(dice *rand.Rand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	account, id, owner := []string{prod, dev}[dice.IntN(2)], fmt.Sprint("e", dice.IntN(2)), []string{"1", "2"}[dice.IntN(2)]
	one, happened := claim{account, id}, ""
	_, there := c.born[one]
	switch act := dice.IntN(8); {
	case act == 0 && !c.known(id):
		if _, exists := c.port.Entities("instance")[id]; exists {
			return
		}
		c.must(c.port.Create(porttest.Entity{Blueprint: "instance", Identifier: id}))
		one, happened = claim{"a person", id}, "made"
	case act < 4 && there:
		c.world.Remove(account, "ec2", ireland, "i-"+id)
		delete(c.born, one)
		delete(c.acked, one)
		happened = "removed"
	default:
		c.world.Put(account, "ec2", ireland, "i-"+id, "e="+id, "owner="+owner)
		if !there {
			c.born[one] = time.Now()
		}
		happened = "put with owner " + owner
	}
	c.history = append(c.history, fmt.Sprint(time.Now().Format("15:04:05 "), one.account, ": ", id, " ", happened))
}

// known says that some account has an entity now.
func (c *campaign) known(id string) bool {
	for one := range c.born {
		if one.entity == id {
			return true
		}
	}
	return false
}

// ended notes what a run has certainly seen.
func (c *campaign) ended(p *process, r *report.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range r.Accounts {
		for one, born := range c.born {
			if one.account == a.ID && a.State == "complete" && born.Before(p.began) {
				c.acked[one] = true
			}
		}
	}
}

// judge looks at a delete on its way to Port.
func (c *campaign) judge(p *process, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c.must(err)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	var in struct{ Entities []string }
	c.must(json.Unmarshal(body, &in))
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range in.Entities {
		c.history = append(c.history, fmt.Sprint(time.Now().Format("15:04:05 "), id, " is deleted"))
		if c.port.Entities("instance")[id].CreatedBy == porttest.Person {
			c.fail("%s is deleted although a person made it", id)
		}
		if c.shut[prod] && c.shut[dev] {
			c.fail("%s is deleted although nothing could be looked at", id)
		}
		for _, account := range []string{prod, dev} {
			born, there := c.born[claim{account, id}]
			looked := born.Before(p.began) && !c.shut[account] && p.freeze == 0 && (p.synced == nil || p.synced(account))
			if there && (looked || c.acked[claim{account, id}]) {
				c.fail("%s is deleted although it has been in %s since %s", id, account, born.Format("15:04:05"))
			}
		}
	}
}
