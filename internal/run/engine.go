// Package run is what the program does: discover plans a run, sync reads one account into the
// catalog, sweep removes what the run has proved gone. The rules of proof that these share are here.
package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/schedule"
)

// Engine carries out the acts of a run. Its fields are set once, before the first act.
type Engine struct {
	Kinds []kind.Kind
	Other func(name string) (kind.Kind, bool) // a kind beside Kinds, if there is such a one; nil: none
	Base  aws.Config                          // our own identity
	Org   org.Source
	Port  *port.Client
	Store ledger.Store
	Pool  collect.Pool // AWS calls at once
	Log   *slog.Logger

	Type, Identifier string        // of the integration
	Version          string        // of this program
	ExternalID       string        // sent when a member role is assumed
	Reveal           bool          // let mappings see what may be secret
	Width            int           // accounts synced at once
	PortTimeout      time.Duration // of one request to Port: a lease outlives its holder's deadline by it
	// SecondProof is how much later a run must have started to prove again what the guard held.
	SecondProof  time.Duration
	RefreshEvery time.Duration // within which every account is compared with Port; 0 = never by itself
	AccountGrace time.Duration // for which an account that is not listed any more keeps its entities
	Executions   Executions
	Schedule     *schedule.Schedule // by which runs begin; nil: by hand
	Initialize   bool               // give an integration without a mapping the default one, and its blueprints
	TeamTag      string             // that names the owning team in the default mapping; "" = none does
	Now          func() time.Time

	mu     sync.Mutex
	ledger *ledger.Ledger // once the organization is known
	lock   ledger.Lock    // as this process last wrote it; zero if it has not
	work   *work          // of the run last asked for
	source org.Source     // Org as the run last planned found it
}

// Error is an error of a run that crosses the Lambda boundary by its name.
type Error struct {
	name    string
	message string
	err     error
}

func (e *Error) Error() string {
	if e.err == nil {
		return e.message
	}
	return e.message + ": " + e.err.Error()
}

func (e *Error) Unwrap() error { return e.err }

// Code names the error across the Lambda boundary.
func (e *Error) Code() string { return e.name }

// named gives the errors of Port's credentials their names, whatever was being done.
func named(act string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, port.ErrUnauthorized):
		return &Error{"PortUnauthorized", act + ": Port refuses the credentials; correct clientId and clientSecret " +
			"in the secret that PORT_SECRET_ARN names, and check that PORT_BASE_URL is the region of your organization", err}
	case errors.Is(err, port.ErrForbidden):
		return &Error{"PortForbidden", act + ": Port's organization does not let us in from this address; " +
			"add our egress address to its list of allowed IP addresses", err}
	}
	return fmt.Errorf("%s: %w", act, err)
}

// open returns the ledger of the integration in the organization of the credentials.
func (e *Engine) open(ctx context.Context) (*ledger.Ledger, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ledger != nil {
		return e.ledger, nil
	}
	o, err := e.Port.Organization(ctx)
	if err == nil && o.ID == "" {
		err = errors.New("its answer has no id")
	}
	if err != nil {
		return nil, named("ask Port for its organization", err)
	}
	e.ledger = ledger.New(e.Store, o.ID, e.Type, e.Identifier, e.Now)
	return e.ledger, nil
}

// work is a plan, ready to be carried out.
type work struct {
	ledger.Plan
	ledger  *ledger.Ledger
	mapping *mapping.Mapping
	kinds   []asked
	own     []asked // those of our own kinds, which the run's end reads
	stubs   *stubs
}

// asked is a kind that the mapping names and we serve, with its blocks in their order.
type asked struct {
	kind.Kind
	blocks  []*mapping.Block
	options []string            // of all blocks
	frozen  *ledger.FrozenBlock // a block of the kind that this run leaves alone
}

func (a *asked) reads(key string) bool {
	return slices.ContainsFunc(a.blocks, func(b *mapping.Block) bool { return b.Reads(key) })
}

// load reads the plan of a run, once.
func (e *Engine) load(ctx context.Context, run string) (*work, error) {
	l, err := e.open(ctx)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.work != nil && e.work.Run == run {
		return e.work, nil
	}
	plan, err := l.ReadPlan(ctx, run)
	if err != nil {
		return nil, err
	}
	e.work, err = e.prepare(l, plan)
	return e.work, err
}

func (e *Engine) prepare(l *ledger.Ledger, plan ledger.Plan) (*work, error) {
	m, err := mapping.Compile(plan.Mapping)
	if err != nil {
		return nil, err
	}
	w := &work{
		Plan: plan, ledger: l, mapping: m.At(plan.Time),
		stubs: newStubs(),
	}
	if plan.Options.DryRun {
		w.ledger = l.Overlay(plan.Run)
	}
	for _, k := range e.serving(m) {
		if a := w.ask(e.Kinds, k); len(a.blocks) > 0 && plan.Options.Takes(k.Name) {
			w.kinds = append(w.kinds, a)
		}
	}
	for _, k := range OwnKinds() {
		if a := w.ask(e.Kinds, k); len(a.blocks) > 0 {
			w.own = append(w.own, a)
		}
	}
	return w, nil
}

// ask is what the mapping asks of a kind, which may be a misspelling of a known one.
func (w *work) ask(known []kind.Kind, k kind.Kind) asked {
	a := asked{Kind: k}
	for _, b := range w.mapping.Blocks {
		if b.Kind != k.Name {
			continue
		}
		i := slices.IndexFunc(w.Frozen, func(f ledger.FrozenBlock) bool { return f.Block == b.Index })
		if i >= 0 {
			a.frozen = &w.Frozen[i]
			continue
		}
		w.mapping.Warnings = slices.Concat(w.mapping.Warnings, Misfits(known, k, b))
		a.blocks = append(a.blocks, b)
		a.options = append(a.options, b.Options...)
	}
	return a
}

// current refuses a run that another format of the state planned: the two may not see the same in it.
func (w *work) current() error {
	if w.Format != ledger.Format {
		return &ledger.SupersededError{Run: w.Run, By: fmt.Sprintf("a version of the program with format %d, not %d,", ledger.Format, w.Format)}
	}
	return nil
}

// relations returns the blueprints that entities of a blueprint refer to.
func (w *work) relations(blueprint string) map[string]string {
	i := slices.IndexFunc(w.Blueprints, func(b ledger.Blueprint) bool { return b.Identifier == blueprint })
	if i < 0 {
		return nil
	}
	return w.Blueprints[i].Relations
}
