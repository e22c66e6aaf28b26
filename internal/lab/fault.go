package lab

import (
	"slices"
	"syscall"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// Rule says which calls of AWS meet a fault: empty fields admit every call. Calls are counted in order of
// arrival among those that it admits. Port has rules of its own: porttest.Rule.
type Rule struct {
	Account   string // the one whose role calls or, in sts:AssumeRole, is to be entered
	Region    string
	Service   string  // as signatures name it: ec2
	Operation string  // DescribeInstances
	Function  string  // whose call it is, also with a role that it has assumed
	After     int     // let so many calls pass first
	Times     int     // act so often; 0 means without end
	Rate      float64 // act on this share of calls, 0 to 1; 0 means all
	Seed      uint64  // picks the share
	Do        Action
}

// Action is one of Deny, Throttle, Fail, Slow, LoseAnswer, DropBefore and Kill. Where several rules meet,
// all act.
type Action interface{ on(*fate) }

// Deny refuses the call for want of a right.
type Deny struct {
	Because string // what AWS adds to "… is not authorized to perform …", may be empty
}

// SCP is Deny.Because where a service control policy forbids a call.
const SCP = "with an explicit deny in a service control policy: " +
	"arn:aws:organizations::aws:policy/o-demo/service_control_policy/p-demo"

// Throttle refuses the call because there are too many, in the service's own words.
type Throttle struct{}

// Fail answers 500 or 503 without effect.
type Fail struct{ Status int }

// Slow waits before the call takes effect.
type Slow struct{ By time.Duration }

// LoseAnswer lets the call take effect and then closes the connection without an answer.
type LoseAnswer struct{}

// DropBefore closes the connection without effect.
type DropBefore struct{}

// Kill sends the process of the function that calls a signal before the call takes effect.
type Kill struct{ Signal syscall.Signal }

// fate is what the rules say about one call.
type fate struct {
	delay                  time.Duration
	refuse                 func(call) complaint // nil is no refusal
	loseAnswer, dropBefore bool
	kill                   syscall.Signal
}

func (a Deny) on(f *fate)     { f.refuse = func(c call) complaint { return c.denied(a.Because) } }
func (Throttle) on(f *fate)   { f.refuse = call.throttled }
func (a Fail) on(f *fate)     { f.refuse = func(c call) complaint { return c.failed(a.Status) } }
func (a Slow) on(f *fate)     { f.delay += a.By }
func (LoseAnswer) on(f *fate) { f.loseAnswer = true }
func (DropBefore) on(f *fate) { f.dropBefore = true }
func (a Kill) on(f *fate)     { f.kill = a.Signal }

// fault is a rule at work.
type fault struct {
	Rule
	porttest.Counter
}

// Fault puts a rule to work and returns what lifts it again.
func (p *Proxy) Fault(r Rule) (lift func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	one := &fault{Rule: r}
	p.faults = append(p.faults, one)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.faults = slices.DeleteFunc(p.faults, func(f *fault) bool { return f == one })
	}
}

func (p *Proxy) fate(c call) (out fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if f.hits(c) {
			f.Do.on(&out)
		}
	}
	return out
}

func (f *fault) hits(c call) bool {
	admits := func(want, is string) bool { return want == "" || want == is }
	return admits(f.Account, c.account) && admits(f.Region, c.region) && admits(f.Service, c.service) &&
		admits(f.Operation, c.operation) && admits(f.Function, c.by.function) &&
		f.Acts(f.After, f.Times, f.Rate, f.Seed)
}
