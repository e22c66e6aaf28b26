package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// DiscoverRequest asks for a new run.
type DiscoverRequest struct {
	Run       string    // the execution's name
	Execution string    // its ARN; "" for a one-process run
	Trigger   string    // schedule, resync, manual
	Scheduled time.Time // of a tick of the schedule
	Options   ledger.Options
	// Until is when the lock may be replaced if nothing is heard of the run any more.
	Until time.Time
}

// Discovered is a run that may begin.
type Discovered struct {
	Run         string
	Accounts    []ledger.Account // to sync
	More        bool             // call again: the organization is not listed to its end yet
	AccountsKey string           // where the store has them, as one JSON array
	Width       int
	DryRun      bool
}

// runEnded is the name of the error of a run that has its report already.
const runEnded = "RunEnded"

// Discover checks all that can be checked before anything is written, writes the run's plan and
// takes the lock. Called again for the same run, it finds what it did. Near ctx's deadline it may answer
// More, unless the run has no execution. Its errors have names:
// PortUnauthorized, PortForbidden, AnotherWriter, MappingInvalid, MappingEmpty, those of package
// org; RunBusy while another run holds the lock; RunSuperseded, RunEnded.
func (e *Engine) Discover(ctx context.Context, r DiscoverRequest) (Discovered, error) {
	p, err := e.planned(ctx, r)
	if errors.Is(err, org.ErrUnfinished) {
		return Discovered{Run: r.Run, More: true}, nil
	}
	if err != nil {
		return Discovered{}, err
	}
	w, err := e.prepare(p.ledger, p.plan)
	if err == nil {
		err = w.current()
	}
	if err != nil {
		return Discovered{}, err
	}
	var lock ledger.Lock
	if !w.Options.DryRun {
		if lock, err = p.ledger.Acquire(ctx, p.lock, p.plan, r.Execution, r.Until, e.stands); err != nil {
			return Discovered{}, err
		}
	}
	e.mu.Lock()
	e.work, e.lock = w, lock
	e.mu.Unlock()
	if !w.Options.DryRun {
		e.correct(ctx, p)
	}
	return Discovered{
		Run: r.Run, Accounts: p.accounts, AccountsKey: p.plan.AccountsKey, Width: w.Width, DryRun: w.Options.DryRun,
	}, nil
}

// planning is a plan with what was found while it was made.
type planning struct {
	ledger   *ledger.Ledger
	lock     ledger.Lock
	roster   ledger.Roster
	plan     ledger.Plan
	accounts []ledger.Account
	found    *survey // nil where an earlier invocation made the plan
}

// planned finds the plan of a run, or makes it and writes it.
func (e *Engine) planned(ctx context.Context, r DiscoverRequest) (p planning, err error) {
	var calls atomic.Int64
	ctx, cancel := context.WithCancel(port.Counted(ctx, &calls))
	defer cancel()
	var failure error
	fresh := async(func() (u survey) { // only reads, so it need not wait to be needed
		u, failure = e.survey(ctx, r)
		return u
	})
	defer fresh()
	if p.ledger, err = e.open(ctx); err != nil {
		return p, err
	}
	known := true
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { p.lock, err = p.ledger.ReadLock(gctx); return err })
	g.Go(func() (err error) { p.roster, err = p.ledger.ReadRoster(gctx); return err })
	g.Go(func() (err error) {
		p.plan, err = p.ledger.ReadPlan(gctx, r.Run)
		if errors.Is(err, ledger.ErrNotFound) {
			known = false
			return nil
		}
		if err == nil {
			p.accounts, err = p.ledger.ReadAccounts(gctx, p.plan)
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return p, err
	}
	if known {
		return p, ended(ctx, p.ledger, r.Run)
	}
	adopts := r.Options.Adopt
	if p.lock.Fence == 0 { // nothing is remembered: is there anything?
		page, err := e.Port.DatasourceEntities(ctx, time.Time{}, "")
		adopts = err != nil || len(page.Entities) > 0
	}
	found := fresh()
	if failure != nil {
		return p, failure
	}
	made, err := e.plan(ctx, r, &found, p.lock)
	if err != nil {
		e.failedPlan(ctx, &found, r, err)
		return p, err
	}
	made.plan.Adopts = adopts
	made.plan.Fence, made.plan.PortCalls = p.lock.Fence+1, int(calls.Load())
	made.ledger, made.roster = p.ledger, p.roster
	if err := e.options(ctx, &made); err != nil {
		return p, err
	}
	if err := e.absent(ctx, &made); err != nil {
		return p, err
	}
	p.found = &found
	p.plan, p.accounts, err = p.ledger.WritePlan(ctx, made.plan, made.accounts)
	return p, err
}

// ended refuses a run that has its report already.
func ended(ctx context.Context, l *ledger.Ledger, run string) error {
	known, err := l.ReadOnce(ctx, run, reportName, &report.Report{})
	if known {
		return &Error{runEnded, "run " + run + " has come to its end already", nil}
	}
	return err
}

// survey is what a plan is made of.
type survey struct {
	asked       time.Time // when somebody last asked in Port for a resync
	integration port.Integration
	absent      bool // it is not registered yet
	blueprints  []port.Blueprint
	accounts    []org.Account

	wrote bool     // something of the integration, which may pass for a request to resync
	done  []string // to set it up, for people; in a dry run what would be done
}

// survey only reads.
func (e *Engine) survey(ctx context.Context, r DiscoverRequest) (u survey, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		// First what was asked for: who asks later has not seen to it that this mapping counts.
		u.asked = e.requested(ctx)
		u.integration, err = e.Port.Integration(ctx)
		if u.absent = errors.Is(err, port.ErrNotFound); u.absent {
			return nil
		}
		return named("read the integration", err)
	})
	g.Go(func() (err error) {
		u.blueprints, err = e.Port.Blueprints(ctx)
		return named("read the blueprints", err)
	})
	g.Go(func() (err error) {
		u.accounts, err = e.members(ctx, r)
		return err
	})
	return u, g.Wait()
}

// requested is when somebody last asked for a resync, as far as that can be learned: Port does not document it,
// and no run is worth failing for it.
func (e *Engine) requested(ctx context.Context) time.Time {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked, err := e.Port.ResyncRequest(ctx)
	if err != nil {
		e.Log.WarnContext(ctx, "requests to resync are not known", "err", err)
	}
	return asked
}

// plan says what the run sets out to do.
func (e *Engine) plan(ctx context.Context, r DiscoverRequest, u *survey, lock ledger.Lock) (made planning, err error) {
	if err := e.alone(u.integration, lock.Shown, r.Options); err != nil {
		return made, err
	}
	if err := e.setUp(ctx, r.Options, u); err != nil {
		return made, err
	}
	p := ledger.Plan{
		Run: r.Run, Trigger: r.Trigger, Options: r.Options, Width: e.Width, Scheduled: r.Scheduled, Answers: u.asked,
		Time: e.Now().UTC(), PortTime: e.Port.Now().UTC(), Mapping: u.integration.Config, Selection: e.source.Selection(),
		Logs: u.integration.Logs, Metrics: u.integration.Metrics, Setup: u.done,
	}
	// Who asks for a resync wants Port to be as AWS is, whatever we remember of it; the first run compares anyway.
	p.Repairs = lock.Fence > 0 && !p.Options.Narrow() && lock.Shown.Asks(u.asked)
	for _, b := range u.blueprints {
		targets := map[string]string{}
		for name, relation := range b.Relations {
			targets[name] = relation.Target
		}
		p.Blueprints = append(p.Blueprints, ledger.Blueprint{
			Identifier: b.Identifier, CreatedAt: b.CreatedAt, UpdatedAt: b.UpdatedAt, Relations: targets,
		})
	}
	if p.Frozen, p.Warnings, err = e.check(p, u.blueprints); err != nil {
		return made, err
	}
	made.accounts, err = selected(&p, u.accounts, e.describes(p.Mapping))
	made.plan = p
	return made, err
}

// describes says that the mapping asks for what discovery heard of the accounts.
func (e *Engine) describes(mapping []byte) bool {
	return slices.ContainsFunc(e.Kinds, func(k kind.Kind) bool {
		return asksOrganizations(k) && bytes.Contains(mapping, []byte(k.Name))
	})
}

// selected parts the accounts into those to sync, and in the plan those that are not active and those
// that the run's options leave out. Accounts that are not active are to be synced where they are to be
// described: what Organizations says of them takes no role in them.
func selected(p *ledger.Plan, found []org.Account, describe bool) (chosen []ledger.Account, err error) {
	if p.Options.Purge != "" {
		return []ledger.Account{}, nil
	}
	only := p.Options.Accounts
	var wrong []string
	for _, id := range only {
		switch i := slices.IndexFunc(found, func(a org.Account) bool { return a.ID == id }); {
		case i < 0:
			wrong = append(wrong, id+" is not among the accounts selected by the settings")
		case found[i].State != org.Active:
			wrong = append(wrong, id+" is "+string(found[i].State)+", and only active accounts are read")
		}
	}
	if len(wrong) > 0 {
		return nil, &Error{"OptionsInvalid", "accounts: " + strings.Join(wrong, "; "), nil}
	}
	for _, a := range found {
		one := ledger.Account{ID: a.ID, Name: a.Name, Role: a.Role, Partition: a.Partition, Joined: a.Joined}
		if describe {
			one.Organization = a.Record
		}
		if a.State != org.Active {
			one.State = string(a.State)
		}
		leftOut := len(only) > 0 && !slices.Contains(only, a.ID)
		switch {
		case !one.Active() && (leftOut || !describe):
			p.Inactive = append(p.Inactive, one)
		case leftOut:
			p.LeftOut = append(p.LeftOut, one)
		default:
			chosen = append(chosen, one)
		}
	}
	if !slices.ContainsFunc(chosen, ledger.Account.Active) {
		return nil, &Error{"NoAccounts", fmt.Sprintf("none of the %d accounts is active", len(found)), nil}
	}
	return chosen, nil
}
