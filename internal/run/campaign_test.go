package run_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
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
	seeds = flag.Int("seeds", 150, "how many campaigns to play")
	seed  = flag.Uint64("seed", 0, "play only this campaign")
)

// Processes die and freeze and thaw between any two writes, run side by side and lose answers, while
// resources come, go, change, change back, move between accounts or are in two at once, people make
// entities of their own, and accounts refuse. The world is tiny, so that the same entity meets many of
// these. At no moment may an entity be deleted that is there, that could not be looked at or that we
// did not make. Once it is over, two runs bring Port in line, and a third has nothing to write.
func TestNoFaultLosesOrOrphansAnything(t *testing.T) {
	first, last := uint64(1), uint64(*seeds)
	if *seed != 0 {
		first, last = *seed, *seed
	}
	for n := first; n <= last; n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) { play(t, func(s *scene) { wage(s, n) }) })
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
}

func wage(s *scene, n uint64) {
	c := &campaign{
		scene: s, Rand: rand.New(rand.NewPCG(n, 7)), born: map[claim]time.Time{}, acked: map[claim]bool{},
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
	c.note("quiet")
	s.run()
	s.run()
	c.settled()
	if s.run(); s.port.Stats().Created+s.port.Stats().Updated+s.port.Stats().Unchanged+s.port.Stats().Deleted > 0 {
		s.Errorf("the third quiet run writes: %+v", s.port.Stats())
	}
	if s.Failed() {
		s.Logf("replay with: go test ./internal/run -run NoFault -seed %d\n%s", n, strings.Join(c.history, "\n"))
	}
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
			c.Errorf("after two quiet runs AWS has %s with owner %v, Port %v", id, owners, got.Properties)
		}
	}
	for id, got := range have {
		if want[id] == nil && got.CreatedBy != porttest.Person {
			c.Errorf("after two quiet runs Port still has %s, AWS has not", id)
		}
	}
}

// round is one or two processes with their fates.
func (c *campaign) round() {
	for range 1 + c.IntN(3) {
		c.change()
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
	first, second, wait := c.process(), (*process)(nil), time.Duration(0)
	if c.IntN(2) == 0 { // beside the first, or while that one stands still
		second, wait = c.process(), time.Duration(c.IntN(3)*c.IntN(600))*time.Second
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

// process makes a process and its fate.
func (c *campaign) process() *process {
	p := &process{scene: c.scene, before: map[int]func(){}}
	p.judge = func(r *http.Request) { c.judge(p, r) }
	switch c.IntN(4) {
	case 0:
		p.dieAt, p.after = 1+c.IntN(22), c.IntN(2) == 0
		c.note("the next process dies at write %d, after it: %v", p.dieAt, p.after)
	case 1:
		p.dieIn, p.after = 1+c.IntN(3), c.IntN(3) > 0
		c.note("the next process dies at write %d to Port, after it: %v", p.dieIn, p.after)
	case 2:
		p.freezeAt, p.freeze = 1+c.IntN(22), time.Duration(1+c.IntN(20))*time.Minute
		c.note("the next process freezes at write %d for %s", p.freezeAt, p.freeze)
	}
	for range c.IntN(3) {
		p.before[1+c.IntN(22)] = c.change
	}
	return p
}

// change lets something happen in the world. The dice are thrown under the lock: processes ask, too.
func (c *campaign) change() {
	c.mu.Lock()
	defer c.mu.Unlock()
	account, id, owner := []string{prod, dev}[c.IntN(2)], fmt.Sprint("e", c.IntN(2)), []string{"1", "2"}[c.IntN(2)]
	one, happened := claim{account, id}, ""
	_, there := c.born[one]
	switch act := c.IntN(8); {
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
			c.Errorf("%s is deleted although a person made it", id)
		}
		if c.shut[prod] && c.shut[dev] {
			c.Errorf("%s is deleted although nothing could be looked at", id)
		}
		for _, account := range []string{prod, dev} {
			born, there := c.born[claim{account, id}]
			looked := born.Before(p.began) && !c.shut[account] && p.freeze == 0
			if there && (looked || c.acked[claim{account, id}]) {
				c.Errorf("%s is deleted although it has been in %s since %s", id, account, born.Format("15:04:05"))
			}
		}
	}
}
