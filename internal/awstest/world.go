package awstest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// World is an AWS organization in memory: a handler for Config that answers what our kinds, org and
// access ask, page by page. Tests change it by one line, also while it is being read, and give it
// faults. It is safe for concurrent use. The management account's key is that of Config; a member is
// entered by AssumeRole.
type World struct {
	ExternalID string   // AssumeRole demands it
	PageSize   int      // of every listing: small, so that all of them page
	Regions    []string // enabled in every account

	mu       sync.Mutex
	accounts []member
	outside  map[string]string // states of accounts that Move took out of the listings
	things   []Thing
	rules    []*rule
	asked    []ask
}

type member struct{ id, state string }

// Thing is one resource, or rather what a test needs to know of it.
type Thing struct {
	Account, Service, Region, Name string // service as in ARNs: ec2, s3, ecs, sns
	Tags                           []Tag  // the tag DisplayName is also a topic's attribute of that name
}

// Tag is a tag of a Thing.
type Tag struct{ Key, Value string }

// NewWorld returns an organization of active accounts with two regions and no resources.
func NewWorld(accounts ...string) *World {
	w := &World{ExternalID: "the-external-id", PageSize: 2, Regions: []string{"eu-west-1", "us-east-1"}}
	for _, id := range accounts {
		w.SetState(id, "ACTIVE")
	}
	return w
}

// SetState sets an account's state, in Organizations' words. The account joins if it is new; with the
// state "" it leaves.
func (w *World) SetState(account, state string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.accounts, func(m member) bool { return m.id == account })
	switch {
	case state == "" && i >= 0:
		w.accounts = slices.Delete(w.accounts, i, i+1)
	case i >= 0:
		w.accounts[i].state = state
	default:
		w.accounts = append(w.accounts, member{account, state})
	}
}

// Move takes an account out of the units that are listed: Organizations knows it and does not list it.
func (w *World) Move(account string) {
	w.SetState(account, "")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.outside == nil {
		w.outside = map[string]string{}
	}
	w.outside[account] = "ACTIVE"
}

// Put adds a resource at the end of its listing, or changes one in its place. Tags are key=value.
func (w *World) Put(account, service, region, name string, tags ...string) {
	w.put(false, Thing{Account: account, Service: service, Region: region, Name: name}, tags)
}

// PutFirst is Put for a resource that is listed before all others: pages that were not read yet shift.
func (w *World) PutFirst(account, service, region, name string, tags ...string) {
	w.put(true, Thing{Account: account, Service: service, Region: region, Name: name}, tags)
}

func (w *World) put(first bool, t Thing, tags []string) {
	for _, tag := range tags {
		key, value, _ := strings.Cut(tag, "=")
		t.Tags = append(t.Tags, Tag{key, value})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch i := slices.IndexFunc(w.things, t.same); {
	case i >= 0:
		w.things[i] = t
	case first:
		w.things = slices.Insert(w.things, 0, t)
	default:
		w.things = append(w.things, t)
	}
}

// Remove takes a resource away; it panics if there is none, since a test would then prove nothing.
func (w *World) Remove(account, service, region, name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.things, Thing{Account: account, Service: service, Region: region, Name: name}.same)
	if i < 0 {
		panic(fmt.Sprintf("no %s %s in %s of %s", service, name, region, account))
	}
	w.things = slices.Delete(w.things, i, i+1)
}

// Things are all resources there are.
func (w *World) Things() []Thing {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.things)
}

func (t Thing) same(o Thing) bool {
	return t.Account == o.Account && t.Service == o.Service && t.Region == o.Region && t.Name == o.Name
}

// ARN is the resource's; an instance's is its id.
func (t Thing) ARN() string {
	at := t.Region + ":" + t.Account + ":"
	switch t.Service {
	case "ecs":
		return "arn:aws:ecs:" + at + "cluster/" + t.Name
	case "sns":
		return "arn:aws:sns:" + at + t.Name
	case "s3":
		return "arn:aws:s3:::" + t.Name
	}
	return t.Name
}

// memberKey is the beginning of the access keys that AssumeRole gives; the account follows.
const memberKey = "ASIA"

// ServeHTTP answers as AWS would.
func (w *World) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	q, err := read(r)
	if err != nil {
		panic(err)
	}
	a := w.answer(q)
	for k, v := range a.header {
		out.Header().Set(k, v)
	}
	out.WriteHeader(a.status)
	_, _ = out.Write(a.body)
}

func (w *World) answer(q question) answer {
	faults := w.meet(q.ask)
	for _, f := range faults {
		if f.Hook != nil {
			f.Hook()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range faults {
		switch {
		case f.Fail != "":
			return q.fail(f.Fail)
		case f.Repeat:
			q.repeat = true
		case f.Omit:
			q.omit = f.Item
		}
	}
	handle := handlers[q.Operation]
	hub := q.Operation == "sts:AssumeRole" || strings.HasPrefix(q.Operation, "organizations:")
	switch member := strings.HasPrefix(q.call.AccessKey, memberKey); {
	case handle == nil:
		panic("World does not know " + q.Operation)
	case hub == member:
		return q.fail(Deny) // each identity has its own calls
	}
	return handle(w, q)
}

// listed are the resources of a service that the caller sees, in the order they are listed.
func (w *World) listed(q question, region string) (list []Thing) {
	for _, t := range w.things {
		if t.Account == q.Account && t.Service == q.service && (region == "" || t.Region == region) {
			list = append(list, t)
		}
	}
	return list
}

// find finds a resource that the caller names.
func (w *World) find(q question, is func(Thing) bool) (Thing, bool) {
	list := w.listed(q, "")
	i := slices.IndexFunc(list, is)
	if i < 0 {
		return Thing{}, false
	}
	return list[i], true
}
