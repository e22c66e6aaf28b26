package run

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// options checks the options that name an earlier run, and what of the accounts is left for them.
func (e *Engine) options(ctx context.Context, p *planning) error {
	o := &p.plan.Options
	if err := e.mayPurge(*o); err != nil {
		return err
	}
	was, err := p.earlier(ctx, "approve", o.Approve)
	if err != nil {
		return err
	}
	if o.Approve != "" {
		var of decisions
		if _, err := p.ledger.ReadOnce(ctx, o.Approve, decisionsName, &of); err != nil {
			return err
		}
		if len(of.Holds) == 0 && !was.Shrunk {
			return &Error{"OptionsInvalid", "approve: run " + o.Approve + " has held nothing", nil}
		}
		if m, err := mapping.Compile(p.plan.Mapping); err != nil || m.EntityDeletionThreshold == 0 {
			return errors.Join(err, &Error{"OptionsInvalid",
				"approve: the mapping's entityDeletionThreshold is 0, so nothing is ever deleted: raise it first", nil})
		}
	}
	was, err = p.earlier(ctx, "retry", o.Retry)
	if err != nil || o.Retry == "" {
		return err
	}
	p.plan.RetryFence = was.Fence
	if len(o.Kinds) == 0 { // what that run left out is not what it did not complete
		o.Kinds = was.Options.Kinds
	}
	if len(o.Regions) == 0 {
		o.Regions = was.Options.Regions
	}
	states, err := p.ledger.States(ctx)
	if err != nil {
		return err
	}
	through := map[string]bool{}
	for _, a := range was.LeftOut {
		through[a.ID] = true
	}
	for _, s := range states {
		if sum := s.Summary; sum.Run == o.Retry && sum.Done && sum.Verdict.State == kind.Complete {
			through[s.Account] = true
		}
	}
	var left []ledger.Account
	for _, a := range p.accounts {
		if through[a.ID] {
			p.plan.LeftOut = append(p.plan.LeftOut, a)
		} else {
			left = append(left, a)
		}
	}
	if p.accounts = left; len(left) == 0 {
		return &Error{"OptionsInvalid", "retry: run " + o.Retry + " has completed every account that this run may ask", nil}
	}
	return nil
}

// earlier is the plan of a run that an option names.
func (p *planning) earlier(ctx context.Context, option, run string) (ledger.Plan, error) {
	if run == "" {
		return ledger.Plan{}, nil
	}
	was, err := p.ledger.ReadPlan(ctx, run)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return was, &Error{"OptionsInvalid", fmt.Sprintf("%s: there is no run %q", option, run), nil}
	case err == nil && was.Options.DryRun:
		return was, &Error{"OptionsInvalid", fmt.Sprintf("%s: run %s was a dry run: it has neither held nor read anything for good", option, run), nil}
	}
	return was, err
}

// settled says that a retried run, or one since, has come to the end of a cell.
func (w *work) settled(c *ledger.Cell) bool {
	return w.Options.Retry != "" && c.Fence >= w.RetryFence && c.Run != w.Run &&
		(c.Verdict.State == kind.Complete || c.Verdict.State == kind.Unsupported)
}

// approvals are what the run that a person approves held, each with its reason: another reason is
// another question.
func (w *work) approvals(ctx context.Context) (map[string]bool, error) {
	if w.Options.Approve == "" {
		return nil, nil
	}
	var of decisions
	_, err := w.ledger.ReadOnce(ctx, w.Options.Approve, decisionsName, &of)
	all := map[string]bool{}
	for _, h := range of.Holds {
		all[h.question()] = true
	}
	return all, err
}

// question is what a person is asked about a candidate.
func (c candidate) question() string {
	return c.order() + "\x00" + c.Blueprint + "\x00" + c.Identifier + "\x00" + c.Reason
}

// approved says that all claims of an entity that go have been approved.
func approved(all []candidate, approvals map[string]bool) bool {
	return !slices.ContainsFunc(all, func(c candidate) bool { return !approvals[c.question()] })
}
