package run

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// maxRestarts bounds how often a cell is begun anew because its page token has expired.
const maxRestarts = 2

// newAccount is the age below which a missing role is no surprise: StackSets take their time.
const newAccount = 24 * time.Hour

// entry is what it took to get into an account.
type entry struct {
	cfg     aws.Config
	regions []string
	role    kind.Verdict // of AssumeRole
	region  kind.Verdict // of the question which regions are enabled
}

// refusal is why the account's own cells cannot be asked for; complete if they can.
func (in entry) refusal() kind.Verdict {
	if in.role.State != kind.Complete {
		return in.role
	}
	return in.region
}

// enter assumes the account's role and asks for its regions.
func (s *accountSync) enter(ctx context.Context) (in entry) {
	complete := kind.Verdict{State: kind.Complete}
	in = entry{role: complete, region: complete}
	if !s.account.Active() {
		in.role = inactive(s.account)
		return in
	}
	if !slices.ContainsFunc(s.work.kinds, func(a asked) bool { return a.Scope != kind.Hub }) {
		return in
	}
	cfg, err := access.Assume(ctx, s.pacer.Config(s.engine.Base), access.Role{
		ARN: s.account.Role, ExternalID: s.engine.ExternalID, Session: "port-aws-sync-" + s.work.Run,
	})
	if err != nil {
		in.role = access.Judge(err)
		return in
	}
	in.cfg = cfg
	if in.regions, err = access.Regions(ctx, cfg); err != nil {
		in.region = access.Judge(err)
		in.region.Message = "which regions are enabled is not known: " + in.region.Message
	}
	return in
}

// cell is a cell that the run asks for.
type cell struct {
	*asked
	index  int // in the manifest
	region string
	sites  []kind.Site
	blocks []*mapping.Block // those that ask for the region
}

// cells joins the cells of the run to the manifest and returns those that are not finished yet.
func (s *accountSync) cells(regions []string) (open []cell) {
	for i := range s.work.kinds {
		k := &s.work.kinds[i]
		if !s.account.Active() && !asksOrganizations(k.Kind) {
			continue
		}
		switch k.Scope {
		case kind.Hub:
			open = s.join(open, k, kind.GlobalRegion, k.blocks, []string{s.engine.Base.Region})
		case kind.Global:
			allowed := slices.DeleteFunc(slices.Clone(regions), func(r string) bool { return len(allowing(k.blocks, r)) == 0 })
			// Our own region first: the credentials are known to work from there.
			slices.SortStableFunc(allowed, func(a, b string) int {
				return rank(a == s.engine.Base.Region) - rank(b == s.engine.Base.Region)
			})
			open = s.join(open, k, kind.GlobalRegion, k.blocks, allowed)
		default:
			for _, r := range regions {
				open = s.join(open, k, r, allowing(k.blocks, r), []string{r})
			}
		}
	}
	return open
}

// asksOrganizations says that a kind is listed with the rights that discovery has.
func asksOrganizations(k kind.Kind) bool { return k.Scope == kind.Hub && len(k.Actions) > 0 }

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func allowing(blocks []*mapping.Block, region string) (allowed []*mapping.Block) {
	for _, b := range blocks {
		if b.Regions.Allows(region) {
			allowed = append(allowed, b)
		}
	}
	return allowed
}

func (s *accountSync) join(open []cell, k *asked, region string, blocks []*mapping.Block, where []string) []cell {
	if len(blocks) == 0 || len(where) == 0 || !s.work.Options.In(region) {
		return open
	}
	c := cell{asked: k, region: region, blocks: blocks, index: s.holder.Cell(region, k.Name)}
	if m := &s.holder.Cells[c.index]; s.work.settled(m) {
		return open
	} else if m.Run != s.work.Run && s.work.learned(m) {
		m.Fence = s.work.Fence
		s.holder.Judge(c.index, s.work.Run, m.Verdict, s.engine.Now())
		return open
	} else if m.Run != s.work.Run {
		m.Fence = s.work.Fence
		m.Cursor, m.Restarts, m.Shifted, m.Unread = "", 0, false, kind.Verdict{}
	} else if !unfinished(m.Verdict) {
		return open
	}
	for _, r := range where {
		c.sites = append(c.sites, kind.Site{
			Partition: s.account.Partition, Account: s.account.ID, AccountName: s.account.Name, Region: r,
			Organization: s.account.Organization,
		})
	}
	return append(open, c)
}

// unfinished says that a later invocation of the same run goes on with the cell.
func unfinished(v kind.Verdict) bool { return v.State == kind.Unread }

// list reads cells, all at once: the pacer decides what runs.
func (s *accountSync) list(ctx context.Context, cfg aws.Config, cells []cell) error {
	ctx, cut := context.WithDeadline(ctx, s.act.cut)
	defer cut()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, c := range cells {
		all.Go(func() {
			if err := s.listOne(ctx, cfg, c); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.DeadlineExceeded) || s.writer.ctx.Err() != nil {
		return err
	}
	return nil
}

func (s *accountSync) listOne(ctx context.Context, cfg aws.Config, c cell) error {
	switch {
	case c.Scope != kind.Hub:
		cfg.Region = c.sites[0].Region
	case asksOrganizations(c.Kind):
		base, err := s.engine.Org.Config(ctx)
		if err != nil {
			s.writer.cell(c).end(access.Judge(err), "")
			return nil
		}
		cfg = s.pacer.Config(base)
	}
	in := s.writer.cell(c)
	for {
		v, cursor, err := collect.List(ctx, s.act.stop, cfg, collect.Request{
			Kind: c.Kind, Sites: c.sites, Options: c.options, Reads: c.reads, Cursor: in.cursor(), Reveal: s.engine.Reveal, Bound: c.bound(s.work.Time),
		}, func(page []collect.Resource) error { return in.page(ctx, page) })
		switch {
		case err != nil && s.writer.ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			// Its page takes longer than there is time for, which must not cost the other cells.
			in.end(kind.Verdict{State: kind.Unread, Reason: collect.InProgress}, cursor)
			return nil
		case err != nil:
			return err
		case v.Reason == collect.CursorExpired && in.restart() <= maxRestarts:
			continue
		case v.Reason == collect.CursorExpired:
			v = kind.Verdict{State: kind.Failed, Reason: "CellTooLarge", Message: "page tokens expire before one " +
				"invocation gets far enough: " + v.Message}
		case c.frozen != nil && v.State.Ended():
			v = kind.Verdict{State: kind.Failed, Reason: c.frozen.Reason, Message: c.frozen.Message}
		}
		in.end(v, cursor)
		return nil
	}
}

// confirm reconsiders the verdicts that say too little alone, now that the others are known.
func (s *accountSync) confirm(cells []cell, regions []string, now time.Time) {
	for _, c := range cells {
		m := s.holder.Cells[c.index]
		if c.Scope != kind.Regional {
			continue
		}
		e := access.Evidence{NotEnabled: !slices.Contains(regions, c.region)}
		for _, other := range cells {
			switch o := s.holder.Cells[other.index]; {
			case !access.Answered(o.Verdict) || other.Scope != kind.Regional:
			case other.region == c.region:
				e.RegionAnswered = true
			default:
				e.ElsewhereAnswered = true
			}
		}
		if v := access.Confirm(m.Verdict, e); v != m.Verdict {
			s.holder.Judge(c.index, s.work.Run, v, now)
		}
	}
}
