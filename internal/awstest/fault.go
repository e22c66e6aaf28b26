package awstest

import "slices"

// Rule is a fault of a World, and which calls meet it: empty fields admit every call. An account is the
// one entered or listed in; calls of STS, Organizations and Account have no region.
type Rule struct {
	Account, Region string
	Operation       string // as in policies: ec2:DescribeInstances
	Item            string // the name of a resource that the call is about
	Page            int    // of a listing, from 1
	After, Times    int    // let so many pass first, then act so often; Times 0 is without end

	Hook   func() // called first, with no lock held: it may wait, and change the World
	Fail   string // Deny, SCP, Throttle, Broken, or AWS's code of a 400
	Repeat bool   // the page names itself as the next one
	Omit   bool   // Item is left out of the answer about several
}

// What a Rule's Fail may be beside AWS's codes. Each service has its own code for them.
const (
	Deny     = "denied"
	SCP      = "denied by a service control policy"
	Throttle = "throttled"
	Broken   = "an error of the service's own"
)

// ask is who asks what.
type ask struct {
	Account, Region, Operation string
	Items                      []string
	Page                       int
}

type rule struct {
	Rule
	seen, acted int
}

func (r *rule) admits(a ask) bool {
	return (r.Account == "" || r.Account == a.Account) && (r.Region == "" || r.Region == a.Region) &&
		(r.Operation == "" || r.Operation == a.Operation) && (r.Page == 0 || r.Page == a.Page) &&
		(r.Item == "" || slices.Contains(a.Items, r.Item))
}

// Fault puts a rule to work and returns what lifts it again.
func (w *World) Fault(r Rule) (lift func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	one := &rule{Rule: r}
	w.rules = append(w.rules, one)
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.rules = slices.DeleteFunc(w.rules, func(r *rule) bool { return r == one })
	}
}

// Count says how many calls so far a rule would have met: of a rule, what selects calls counts.
func (w *World) Count(r Rule) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.asked {
		if (&rule{Rule: r}).admits(a) {
			n++
		}
	}
	return n
}

// meet counts a call and says which faults act on it.
func (w *World) meet(a ask) (faults []Rule) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = append(w.asked, a)
	for _, r := range w.rules {
		if !r.admits(a) {
			continue
		}
		if r.seen++; r.seen > r.After && (r.Times == 0 || r.acted < r.Times) {
			r.acted++
			faults = append(faults, r.Rule)
		}
	}
	return faults
}
