package run_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// mapping is what people want now: instances by a tag, of all owners or of one, and buckets with their tags.
func (c *campaign) mapping() object {
	b := change(instances(), "identifier", `.Properties.Tags[] | select(.Key == "e") | .Value`)
	if c.only != "" {
		selecting(b, `.Properties.Tags | any(.Key == "owner" and .Value == "`+c.only+`")`)
	}
	bucket := buckets()
	for _, one := range []object{b, bucket} {
		delete(one["port"].(object)["entity"].(object)["mappings"].(object), "relations")
	}
	return object{"entityDeletionThreshold": 1, "resources": []any{b, bucket}}
}

// change lets something happen in the world, as the dice have it.
func (c *campaign) change(dice *rand.Rand) {
	c.mu.Lock()
	defer c.mu.Unlock()
	account, owner := []string{prod, dev}[dice.IntN(2)], []string{"1", "2"}[dice.IntN(2)]
	entity := []string{"instance/e0", "instance/e0", "instance/e1", "instance/e1", "bucket/b000"}[dice.IntN(5)]
	one := claim{account, entity}
	blueprint, id, _ := strings.Cut(entity, "/")
	service, name := map[string]string{"instance": "ec2", "bucket": "s3"}[blueprint], map[string]string{"instance": "i-" + id, "bucket": id}[blueprint]
	l, there := c.alive[one]
	switch act := dice.IntN(8); {
	case act == 0 && !c.known(entity):
		if _, exists := c.port.Entities(blueprint)[id]; exists {
			return
		}
		c.must(c.port.Create(porttest.Entity{Blueprint: blueprint, Identifier: id}))
		c.made[entity] = time.Now()
		c.tell("a person makes %s", entity)
	case act < 4 && there:
		c.world.Remove(account, service, ireland, name)
		delete(c.alive, one)
		c.tell("%s: %s goes", account, entity)
	default:
		c.world.Put(account, service, ireland, name, "owner="+owner, "e="+id)
		if !there {
			l = life{born: time.Now()}
		}
		if l.owner != owner {
			l.owner, l.changed = owner, time.Now()
		}
		c.alive[one] = l
		c.tell("%s: %s is there, of owner %s", account, entity, owner)
	}
}

// known says that some account has an entity now.
func (c *campaign) known(entity string) bool {
	for one := range c.alive {
		if one.entity == entity {
			return true
		}
	}
	return false
}

// intervene lets people do what they do between two runs.
func (c *campaign) intervene() {
	dice := c.dice("people")
	blueprint, id := "instance", fmt.Sprint("e", dice.IntN(2))
	if dice.IntN(3) == 0 {
		blueprint, id = "bucket", "b000"
	}
	_, exists := c.port.Entities(blueprint)[id]
	switch dice.IntN(14) {
	case 0:
		if exists && c.happens("people", "edit") {
			c.must(c.port.Edit(blueprint, id, func(e *porttest.Entity) { delete(e.Properties, "region") }))
			c.locked(func() { c.touched[blueprint+"/"+id] = true })
			c.note("a person edits %s/%s", blueprint, id)
		}
	case 1:
		if exists && c.happens("people", "remove") {
			c.must(c.port.Remove(blueprint, id))
			c.locked(func() { c.touched[blueprint+"/"+id] = true })
			c.note("a person removes %s/%s", blueprint, id)
		}
	case 2, 3:
		if c.happens("people", "remap") {
			c.only = []string{"", "1", "2"}[dice.IntN(3)]
			c.remap(c.mapping())
			c.locked(func() { c.remapped = time.Now() })
			c.note("the mapping selects %q", c.only)
		}
	case 4:
		if c.happens("people", "lose-state") {
			c.threads.Wait()
			time.Sleep(time.Hour)
			c.locked(func() { c.store, c.lost = newMemory(), time.Now() })
			c.note("our state is lost")
		}
	}
}

// wish is what somebody asks of the next run.
func (c *campaign) wish() ledger.Options {
	dice := c.dice("wish")
	for what, o := range []ledger.Options{{Refresh: true}, {DryRun: true}, {Accounts: []string{prod}}, {Kinds: []string{"AWS::S3::Bucket"}},
		{DryRun: true, Refresh: true}} {
		name := []string{"refresh", "dry", "account", "kind", "dry-refresh"}[what]
		if dice.IntN(12) == 0 && c.happens("wish", name) {
			c.note("somebody wants a run with %s", name)
			return o
		}
	}
	return ledger.Options{}
}

// weather is what AWS and Port refuse in a round.
func (c *campaign) weather() (lift []func()) {
	c.locked(func() { c.shut = map[string]bool{} })
	aws := func(r awstest.Rule, format string, a ...any) {
		c.note(format, a...)
		lift = append(lift, c.world.Fault(r))
	}
	account := []string{prod, dev, "", "", ""}[c.IntN(5)]
	shut := []awstest.Rule{
		{Operation: "sts:AssumeRole", Fail: awstest.Deny}, {Operation: "account:ListRegions", Fail: awstest.Broken},
		{Region: ireland, Fail: awstest.SCP}, {Region: ireland, Fail: awstest.Throttle}, {Region: ireland, Fail: awstest.Broken},
	}[c.dice("shut").IntN(5)]
	if account != "" && c.happens("AWS", "shut "+shut.Operation+" "+shut.Fail) {
		c.locked(func() {
			c.shut[account] = true
			c.learned[account] = c.learned[account] || shut.Fail == awstest.SCP
		})
		shut.Account = account
		aws(shut, "%s is shut: %s %s", account, shut.Operation, shut.Fail)
	}
	if c.dice("mute").IntN(4) == 0 && c.happens("AWS", "tags denied") {
		aws(awstest.Rule{Operation: "s3:GetBucketTagging", Fail: awstest.Deny}, "nobody tells the tags of buckets")
	}
	if c.dice("page").IntN(4) == 0 && c.happens("AWS", "passing throttle") {
		aws(awstest.Rule{Operation: "ec2:DescribeInstances", Fail: awstest.Throttle, Times: 2}, "AWS throttles")
	}
	for _, f := range []porttest.Rule{
		{Route: bulkRoute, Rate: 0.5 * c.Float64(), Do: porttest.LoseAnswer{}},
		{Route: bulkRoute, Rate: 0.3 * c.Float64(), Do: porttest.Fail{Status: 500}},
		{Route: searchRoute, Rate: 0.1 * c.Float64(), Do: porttest.DropBefore{}},
		{Route: deleteRoute, Rate: 0.4 * c.Float64(), Do: porttest.CutBody{}},
	} {
		f.Seed = c.Uint64()
		lift = append(lift, c.port.Fault(f))
	}
	return lift
}
