// Package doctor looks for what keeps runs from being complete, and says how to mend it. It changes nothing.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// Doctor has what a run would have, and looks at it as a run would.
type Doctor struct {
	Hub   aws.Config // looks at the stack itself
	Base  aws.Config // enters accounts
	Org   org.Source
	Port  *port.Client
	Store ledger.Store
	Kinds []kind.Kind
	Other func(name string) (kind.Kind, bool) // a kind beside Kinds
	Own   []string                            // names of kinds that are not AWS's

	Type, Identifier string // of the integration
	ExternalID       string // sent when a member role is entered
	Width            int    // accounts synced at once
	PortBaseURL      string
	Secret           string // the ARN of that of Port's credentials
	Machine          string // the state machine's ARN; "" = there is no stack
	Version          string // of the program, which member roles should have
	Now              func() time.Time
}

// accountsAtOnce are examined together, each with callsAtOnce calls of AWS.
const (
	accountsAtOnce = 8
	callsAtOnce    = 8
)

// Examine looks at the hub and at the accounts, or at those of them that are in only. It ends early where
// nothing can be asked without what is missing.
func (d *Doctor) Examine(ctx context.Context, only []string) *Report {
	x := &examination{Doctor: d, only: only, report: &Report{Format: Format, Version: d.Version, Findings: []Finding{}}}
	if x.identify(ctx) {
		x.look(ctx)
	}
	r := x.report
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(order(a.Level), order(b.Level)), cmp.Compare(a.Name, b.Name))
	})
	return r
}

// CannotEnter is the report of a doctor's function that may not enter the role of another function.
func CannotEnter(role, version string, err error) *Report {
	f := functionRoleRefused.of("%s: %s", role, access.Judge(err).Message).next("sam build && sam deploy")
	return &Report{Format: Format, Version: version, Findings: []Finding{f}}
}

// NoIdentity is the report where the identity that is to enter accounts cannot be proved.
func NoIdentity(version string, err error) *Report {
	said := err.Error()
	if access.Code(err) != "" {
		said = access.Judge(err).Message
	}
	f := identityUnknown.of("%s", said).next("aws sts get-caller-identity")
	var secret *access.SecretError
	if errors.As(err, &secret) {
		f = f.next("aws secretsmanager get-secret-value --secret-id %s --query Name", secret.ARN)
	}
	return &Report{Format: Format, Version: version, Findings: []Finding{f}}
}

// examination is one Examine.
type examination struct {
	*Doctor
	only []string

	mu     sync.Mutex
	report *Report

	asked    []asked       // what the mapping reads
	accounts []org.Account // active, and to be looked at
	inactive []string      // ids of the others
	set      set           // of the members' roles
	last     lastRun

	reported, executed failure       // of the last run, as its report and its execution say
	frozen             report.Report // of the last run, if it could not read everything
}

// asked is a kind with the blocks of the mapping that read it.
type asked struct {
	kind.Kind
	blocks []*mapping.Block
}

func (x *examination) find(f Finding) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.report.Findings = append(x.report.Findings, f)
}

// identify asks who we are, without which nothing else can be asked.
func (x *examination) identify(ctx context.Context) bool {
	me, err := sts.NewFromConfig(x.Base).GetCallerIdentity(ctx, nil)
	if err != nil {
		x.find(identityUnknown.of("%s", access.Judge(err).Message).next("aws sts get-caller-identity"))
		return false
	}
	x.report.Identity, x.report.Account = aws.ToString(me.Arn), aws.ToString(me.Account)
	return true
}

func (x *examination) look(ctx context.Context) {
	var g errgroup.Group
	g.Go(func() error { x.catalog(ctx); return nil })
	g.Go(func() error { x.organization(ctx); return nil })
	g.Go(func() error { x.stackSet(ctx); return nil })
	g.Go(func() error { x.stack(ctx); return nil })
	_ = g.Wait() // none gives an error: what goes wrong is what is looked for
	x.failed()
	x.incomplete()
	x.members(ctx)
}
