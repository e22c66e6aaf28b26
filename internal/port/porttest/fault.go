package porttest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// Rule says which requests meet a fault. Requests are counted in order of arrival among those that Route
// and Blueprint admit, so that a rule does the same in every run of a test that sends one request at a
// time.
type Rule struct {
	Route     string  // a pattern as OnRequest gets it; "" means every route
	Blueprint string  // the one in the request's path; "" means any
	After     int     // let so many requests pass first
	Times     int     // act so often; 0 means without end
	Rate      float64 // act on this share of requests, 0 to 1; 0 means all
	Seed      uint64  // picks the share
	Do        Action
}

// Action is one of Fail, Say, Slow, LoseAnswer, DropBefore and CutBody. Where several rules meet, all act.
type Action interface{ on(*fate) }

// Fail answers a status without effect, with Retry-After in whole seconds unless it is 0.
type Fail struct {
	Status     int
	RetryAfter time.Duration
}

// Say answers 200 and a body, without effect.
type Say struct{ Body map[string]any }

// Slow waits before the request takes effect.
type Slow struct{ By time.Duration }

// LoseAnswer lets the request take effect and then closes the connection without an answer.
type LoseAnswer struct{}

// DropBefore closes the connection without effect.
type DropBefore struct{}

// CutBody lets the request take effect and breaks the connection within the answer's body.
type CutBody struct{}

// fate is what the rules say about one request.
type fate struct {
	delay      time.Duration
	fail       *Fail
	say        map[string]any
	loseAnswer bool
	dropBefore bool
	cutBody    bool
}

func (a Fail) on(f *fate)       { f.fail = &a }
func (a Say) on(f *fate)        { f.say = a.Body }
func (a Slow) on(f *fate)       { f.delay += a.By }
func (a LoseAnswer) on(f *fate) { f.loseAnswer = true }
func (a DropBefore) on(f *fate) { f.dropBefore = true }
func (a CutBody) on(f *fate)    { f.cutBody = true }

func (a Fail) refuse(h http.Header) error {
	if a.RetryAfter > 0 {
		h.Set("Retry-After", seconds(a.RetryAfter))
	}
	return refuse(a.Status, "injected", "porttest was told to fail")
}

// Counter counts what a rule admits, in order of arrival, and says on which of it the rule acts.
type Counter struct{ seen, acted int }

// Acts counts one more that is admitted: it says whether to act on it, if so many are to pass first, so
// many are to be acted on (0 means all), and of these a share that seed picks (0 means all).
func (c *Counter) Acts(after, times int, rate float64, seed uint64) bool {
	c.seen++
	if c.seen <= after || times > 0 && c.acted >= times {
		return false
	}
	if rate > 0 && rand.New(rand.NewPCG(seed, uint64(c.seen))).Float64() >= rate {
		return false
	}
	c.acted++
	return true
}

// fault is a rule at work.
type fault struct {
	Rule
	Counter
}

// Fault puts a rule to work and returns what lifts it again. It panics on a route that does not exist,
// since such a rule would never act.
func (s *Server) Fault(r Rule) (lift func()) {
	if _, known := s.routes[r.Route]; !known && r.Route != "" {
		panic(fmt.Sprintf("porttest: fault on unknown route %q", r.Route))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := &fault{Rule: r}
	s.faults = append(s.faults, f)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.Do = nil
	}
}

func (s *Server) fate(pattern string, r *http.Request) fate {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out fate
	for _, f := range s.faults {
		if f.hits(pattern, r.PathValue("bp")) {
			f.Do.on(&out)
		}
	}
	return out
}

func (f *fault) hits(pattern, blueprint string) bool {
	if f.Do == nil || f.Route != "" && f.Route != pattern || f.Blueprint != "" && f.Blueprint != blueprint {
		return false
	}
	return f.Acts(f.After, f.Times, f.Rate, f.Seed)
}
