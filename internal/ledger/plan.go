package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Options narrow or change one run. The zero value is a full run.
type Options struct {
	Accounts []string `json:"accounts,omitempty"`
	Kinds    []string `json:"kinds,omitempty"`
	Regions  []string `json:"regions,omitempty"`
	DryRun   bool     `json:"dryRun,omitempty"`
	Retry    string   `json:"retry,omitempty"`   // a run: only the cells that it did not complete
	Approve  string   `json:"approve,omitempty"` // a run: what it held goes if this one proves it again
	Adopt    bool     `json:"adopt,omitempty"`   // go on although somebody else has written under our identifier
	Setup    bool     `json:"setup,omitempty"`   // add what Port lacks of the default blueprints
	Refresh  bool     `json:"refresh,omitempty"` // compare with what Port has, not with what we remember of it
	Purge    string   `json:"purge,omitempty"`   // the integration: all that we wrote for it goes, and nothing is read
}

// Plan is what a run set out to do. It is written once, before anything else of the run.
type Plan struct {
	Format      int             `json:"format"`
	Run         string          `json:"run"`
	Fence       int64           `json:"fence"`   // the run's number: the next of the lock, when the plan was made
	Trigger     string          `json:"trigger"` // schedule, manual, …
	Time        time.Time       `json:"time"`
	PortTime    time.Time       `json:"portTime"`           // Port's clock at Time
	Scheduled   time.Time       `json:"scheduled,omitzero"` // of a tick of the schedule
	Answers     time.Time       `json:"answers,omitzero"`   // what was asked for in Port up to then, on its clock, this run does
	Logs        string          `json:"logs,omitempty"`     // where Port takes our log
	Metrics     string          `json:"metrics,omitempty"`  // where Port takes how far a run is
	Setup       []string        `json:"setup,omitempty"`    // what was done to integration and blueprints; in a dry run: what would be
	Options     Options         `json:"options"`
	Mapping     json.RawMessage `json:"mapping"`
	Blueprints  []Blueprint     `json:"blueprints"` // those Port had
	Frozen      []FrozenBlock   `json:"frozen,omitempty"`
	Warnings    []string        `json:"warnings,omitempty"`   // of what in the mapping may cost single entities
	Selection   string          `json:"selection"`            // the settings by which the accounts were selected
	Absent      []Absent        `json:"absent,omitempty"`     // known of old, and not listed any more
	Shrunk      bool            `json:"shrunk,omitempty"`     // so many are absent that it may be a mistake
	Adopts      bool            `json:"adopts,omitempty"`     // Port has entities of ours, and we remember nothing, or others have written them
	Repairs     bool            `json:"repairs,omitempty"`    // compare with what Port has, since somebody asked there for a resync
	RetryFence  int64           `json:"retryFence,omitempty"` // of the run that Options.Retry names
	Inactive    []Account       `json:"inactive,omitempty"`   // in the organization, but not ACTIVE, and not to be described
	LeftOut     []Account       `json:"leftOut,omitempty"`    // by the run's options
	Width       int             `json:"width"`                // accounts synced at once
	AccountsKey string          `json:"accountsKey"`          // where the accounts to sync are, as one JSON array
	PortCalls   int             `json:"portCalls,omitempty"`  // that it took to plan
}

// Blueprint is what a run needs to know of a blueprint in Port.
type Blueprint struct {
	Identifier string            `json:"identifier"`
	CreatedAt  time.Time         `json:"createdAt"`
	UpdatedAt  time.Time         `json:"updatedAt"`
	Relations  map[string]string `json:"relations,omitempty"` // relation → target blueprint
}

// FrozenBlock is a block of the mapping that this run leaves alone.
type FrozenBlock struct {
	Block   int    `json:"block"` // its index in resources[]
	Kind    string `json:"kind"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Account is one account of a plan, and the input of its sync.
type Account struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Role      string    `json:"role,omitempty"` // ARN of the role that reads it
	Partition string    `json:"partition,omitempty"`
	State     string    `json:"state,omitempty"` // Organizations' word, where it is not ACTIVE
	Joined    time.Time `json:"joined,omitzero"`
	// Organization is what Organizations says of it, where the mapping asks for that.
	Organization map[string]any `json:"organization,omitempty"`
}

// Active says that the account can be entered.
func (a Account) Active() bool { return a.State == "" }

// Absent is an account that the ledger knows and the listing does not have.
type Absent struct {
	ID      string    `json:"id"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Since   time.Time `json:"since,omitzero"` // when its grace began; zero: it has not
	Gone    string    `json:"gone,omitempty"` // the reason for which all its entries may go; "" = they stay
}

// WritePlan writes plan and accounts of a new run. Where the run has a plan already, that one is
// returned: it was written by an earlier delivery of the same trigger.
func (l *Ledger) WritePlan(ctx context.Context, p Plan, accounts []Account) (Plan, []Account, error) {
	list, err := json.Marshal(accounts)
	if err != nil {
		return p, nil, fmt.Errorf("write accounts of run %s: %w", p.Run, err)
	}
	// Named by its content, so that of two deliveries each plan has the accounts it was made with.
	sum := sha256.Sum256(list)
	p.Format, p.AccountsKey = Format, l.runKey(p.Run, "accounts-"+hex.EncodeToString(sum[:6])+".json")
	if _, err := l.store.Put(ctx, p.AccountsKey, list, Condition{}); err != nil {
		return p, nil, err
	}
	_, err = l.save(ctx, l.runKey(p.Run, "plan.json"), p, "")
	if errors.Is(err, ErrConflict) {
		if p, err = l.ReadPlan(ctx, p.Run); err == nil {
			accounts, err = l.ReadAccounts(ctx, p)
		}
	}
	return p, accounts, err
}

// ReadPlan reads a run's plan; ErrNotFound where it has none.
func (l *Ledger) ReadPlan(ctx context.Context, run string) (Plan, error) {
	var p Plan
	version, err := l.load(ctx, l.runKey(run, "plan.json"), &p)
	if err == nil && version == "" {
		err = fmt.Errorf("plan of run %s: %w", run, ErrNotFound)
	}
	return p, err
}

// ReadAccounts reads the accounts that a plan is to sync.
func (l *Ledger) ReadAccounts(ctx context.Context, p Plan) (accounts []Account, err error) {
	data, _, err := l.store.Get(ctx, p.AccountsKey)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &accounts); err != nil {
		return nil, fmt.Errorf("read %s: %w", p.AccountsKey, err)
	}
	return accounts, nil
}

// WriteOnce stores v for a run unless it is there already, and reads what is there into v.
func (l *Ledger) WriteOnce(ctx context.Context, run, name string, v any) error {
	_, err := l.save(ctx, l.runKey(run, name), v, "")
	if errors.Is(err, ErrConflict) {
		reflect.ValueOf(v).Elem().SetZero() // what is not there must not stay
		_, err = l.load(ctx, l.runKey(run, name), v)
	}
	return err
}

// ReadOnce reads what WriteOnce stored; false where there is nothing.
func (l *Ledger) ReadOnce(ctx context.Context, run, name string, v any) (bool, error) {
	version, err := l.load(ctx, l.runKey(run, name), v)
	return version != "", err
}

// ListDocuments names the documents of a run in one of its folders.
func (l *Ledger) ListDocuments(ctx context.Context, run, folder string) ([]string, error) {
	keys, err := l.store.List(ctx, l.runKey(run, folder))
	for i := range keys {
		keys[i] = strings.TrimPrefix(keys[i], l.runKey(run, ""))
	}
	return keys, err
}

// WriteRun stores a text of a run for people.
func (l *Ledger) WriteRun(ctx context.Context, run, name string, data []byte) error {
	_, err := l.store.Put(ctx, l.runKey(run, name), data, Condition{})
	return err
}

// WriteDocument stores v as a document of a run for people: indented JSON.
func (l *Ledger) WriteDocument(ctx context.Context, run, name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("write %s of run %s: %w", name, run, err)
	}
	return l.WriteRun(ctx, run, name, append(data, '\n'))
}

// Takes says whether a run with these options asks for a kind.
func (o Options) Takes(kindName string) bool {
	return len(o.Kinds) == 0 || slices.Contains(o.Kinds, kindName)
}

// In says whether a run with these options asks in a region.
func (o Options) In(region string) bool {
	return len(o.Regions) == 0 || slices.Contains(o.Regions, region)
}

// Narrow says that the run leaves out cells that the mapping asks for.
func (o Options) Narrow() bool {
	return len(o.Accounts)+len(o.Kinds)+len(o.Regions) > 0 || o.Retry != ""
}
