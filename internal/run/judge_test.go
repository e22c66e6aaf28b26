package run_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// ended notes what a run has certainly seen, and which rules it has met.
func (c *campaign) ended(p *process, r *report.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, list := range [][]report.Departure{r.Deleted, r.Held, r.Released, r.Stayed} {
		for _, d := range list {
			c.met.note("rule: " + d.Reason + ", " + d.Outcome)
			c.tell("%s: %s/%s of %s: %s, %s", r.Run, d.Blueprint, d.Identifier, d.Account, d.Reason, d.Outcome)
		}
	}
	for _, a := range r.Accounts {
		c.met.note(fmt.Sprintf("verdict: %s %s", a.State, a.Reason))
		for one, l := range c.alive {
			if one.account == a.ID && a.State == "complete" && l.born.Before(p.began) && p.asks(one.entity, l.owner) && !r.DryRun && !r.Narrow {
				l.seen = p.began
				c.alive[one] = l
			}
		}
	}
}

// asks says that the mapping of the process's run yields an entity of that owner.
func (p *process) asks(entity, owner string) bool {
	return p.only == "" || p.only == owner || strings.HasPrefix(entity, "bucket/")
}

// judge looks at a write on its way to Port.
func (c *campaign) judge(p *process, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	c.must(err)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.dry {
		c.fail("a dry run writes to Port: %s", r.URL.Path)
	}
	blueprint := strings.Split(r.URL.Path, "/")[3]
	if strings.HasSuffix(r.URL.Path, "/bulk/entities/delete") {
		var in struct{ Entities []string }
		c.must(json.Unmarshal(body, &in))
		for _, id := range in.Entities {
			c.judgeDelete(p, blueprint, id)
		}
		return
	}
	var in struct {
		Entities []struct {
			Identifier string
			Properties map[string]any
		}
	}
	c.must(json.Unmarshal(body, &in))
	for _, e := range in.Entities { // every bucket has a tag
		if tags, sent := e.Properties["tags"]; sent && blueprint == "bucket" && len(asList(tags)) == 0 {
			c.fail("bucket %s is written without its tags", e.Identifier)
		}
	}
}

func asList(v any) []any { list, _ := v.([]any); return list }

func (c *campaign) judgeDelete(p *process, blueprint, id string) {
	entity := blueprint + "/" + id
	c.tell("%s is deleted", entity)
	if made, by := c.made[entity]; by && c.port.Entities(blueprint)[id].CreatedBy == porttest.Person && c.certain(made) {
		c.fail("%s is deleted although a person made it", entity)
	}
	if c.shut[prod] && c.shut[dev] {
		c.fail("%s is deleted although nothing could be looked at", entity)
	}
	for _, account := range []string{prod, dev} {
		l, there := c.alive[claim{account, entity}]
		looked := l.born.Before(p.began) && !c.shut[account] && !c.learned[account] && p.freeze == 0 && p.narrow == "" && (p.synced == nil || p.synced(account))
		steady := p.asks(entity, l.owner) && (p.only == "" || l.changed.Before(p.began))
		known := l.seen.After(c.lost) && l.seen.After(c.remapped) && (p.only == "" || l.seen.After(l.changed))
		if there && (steady && (looked || known) || l.seen.After(p.began)) {
			c.fail("%s is deleted although it has been in %s since %s", entity, account, l.born.Format("15:04:05"))
		}
	}
}

// certain says that what a person made at a time cannot be taken for ours: none of us may have been writing
// then, and what we knew of it is not lost.
func (c *campaign) certain(made time.Time) bool {
	if made.Before(c.lost) {
		return false
	}
	for _, b := range c.busy {
		if !made.Before(b[0].Add(-5*time.Second)) && !made.After(b[1]) {
			return false
		}
	}
	return true
}

// settled compares Port with the world. Of two accounts that yield one entity either will do, and what
// people made or changed may stay.
func (c *campaign) settled() {
	c.Helper()
	want := map[string][]string{}
	for one, l := range c.alive {
		if c.only == "" || l.owner == c.only || strings.HasPrefix(one.entity, "bucket/") {
			want[one.entity] = append(want[one.entity], l.owner)
		}
	}
	have := map[string]porttest.Entity{}
	for _, blueprint := range []string{"instance", "bucket"} {
		for id, e := range c.port.Entities(blueprint) {
			have[blueprint+"/"+id] = e
		}
	}
	for id, owners := range want {
		got, there := have[id]
		owner := fmt.Sprint(got.Properties["owner"])
		if tags := asList(got.Properties["tags"]); len(tags) > 0 {
			owner = fmt.Sprint(tags[0].(map[string]any)["Value"])
		}
		if !there || !strings.Contains(strings.Join(owners, " "), owner) {
			c.fail("after two quiet runs AWS has %s with owner %v, Port %v", id, owners, got.Properties)
		}
	}
	for id, got := range have {
		if want[id] == nil && got.CreatedBy != porttest.Person && !c.touched[id] {
			c.fail("after two quiet runs Port still has %s, AWS has not", id)
		}
	}
}
