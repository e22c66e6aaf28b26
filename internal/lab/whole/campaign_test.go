package whole_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/lab"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

var (
	campaigns = flag.Int("campaigns", 2, "how many seeded campaigns the whole system goes through")
	campaign  = flag.Uint64("campaign", 0, "the seed of the only one to go through")
)

// campaigns are those of internal/run with real processes: killed by a signal, refused by the proxy, their
// executions aborted. What the world has may go meanwhile, and come back as it was.
func (w whole) campaigns() {
	seeds := []uint64{*campaign}
	if *campaign == 0 {
		seeds = nil
		for n := range *campaigns {
			seeds = append(seeds, uint64(n+1))
		}
	}
	for _, seed := range seeds {
		if w.wage(seed); w.Failed() {
			w.Errorf("replay with: go test ./internal/lab/whole -campaign %d", seed)
			return
		}
	}
}

func (w whole) wage(seed uint64) {
	dice := rand.New(rand.NewPCG(seed, 11))
	functions := []string{lab.Discover, lab.Sync, lab.Sweep}
	var lifts []func()
	calls := []lab.Action{lab.Throttle{}, lab.Fail{Status: http.StatusInternalServerError}, lab.LoseAnswer{}, lab.DropBefore{}}
	for i, do := range calls {
		lifts = append(lifts, w.AWS.Fault(lab.Rule{Rate: 0.04 * dice.Float64(), Seed: seed + uint64(i), Do: do, Function: functions[dice.IntN(3)]}))
	}
	for range 1 + dice.IntN(2) {
		lifts = append(lifts, w.AWS.Fault(lab.Rule{Function: functions[dice.IntN(3)], After: dice.IntN(40), Times: 1,
			Do: lab.Kill{Signal: syscall.SIGKILL}}))
	}
	lifts = append(lifts,
		w.Port.Fault(porttest.Rule{Rate: 0.2 * dice.Float64(), Seed: seed, Do: porttest.Fail{Status: http.StatusServiceUnavailable}}),
		w.Port.Fault(porttest.Rule{Rate: 0.2 * dice.Float64(), Seed: seed + 1, Do: porttest.LoseAnswer{}}))
	names := []string{"shop-production", "shop-staging", "payments"}
	shut := w.World.Account(names[dice.IntN(3)]).ID
	before := w.heldOf(shut)
	lifts = append(lifts, w.AWS.Fault(lab.Rule{Account: shut, Operation: "AssumeRole", Do: lab.Deny{}}))
	w.must(w.Roll(w.ctx, seed))
	arn := w.start(`{}`)
	if dice.IntN(3) == 0 {
		time.Sleep(time.Duration(dice.IntN(2000)) * time.Millisecond)
		w.must(w.Abort(w.ctx, arn))
	}
	if _, err := w.Wait(w.ctx, arn); err != nil {
		w.Fatal(err)
	}
	for _, lift := range lifts {
		lift()
	}
	w.must(w.Lambda.Settle(w.ctx))
	if after := w.heldOf(shut); !slices.Equal(before, after) {
		w.Errorf("seed %d: of an account that let nobody in there was %d entities, there is %d", seed, len(before), len(after))
	}
	for { // who was killed keeps the next ones waiting for as long as it might have lived
		x, err := w.Wait(w.ctx, w.start(`{}`))
		w.must(err)
		if x.Status == "SUCCEEDED" {
			break
		}
		if x.Error != "RunBusy" {
			w.Fatalf("seed %d: %s %s: %s", seed, x.Status, x.Error, x.Cause)
		}
		time.Sleep(time.Second)
	}
	w.run(`{}`)
	w.converged()
	w.run(`{}`)
	w.wroteNothing()
}

// heldOf are the entities that Port has of an account.
func (w whole) heldOf(account string) (ids []string) {
	w.Helper()
	for _, blueprint := range []string{"s3Bucket", "ec2Instance", "ecsCluster", "snsTopic"} {
		for id, e := range w.Port.Entities(blueprint) {
			if e.Relations["account"] == account {
				ids = append(ids, fmt.Sprint(blueprint, "/", id))
			}
		}
	}
	slices.Sort(ids)
	return ids
}

func (w whole) left() {
	w.must(w.Leave(w.ctx))
	for _, a := range w.run(`{}`).Accounts {
		if a.ID == w.World.Account("sandbox").ID && (a.Reason != "AccountLeft" || a.Entities == 0) {
			w.Errorf("it is %s %s with %d entities: %s", a.State, a.Reason, a.Entities, a.Message)
		}
	}
}
