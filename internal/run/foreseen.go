package run

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// Why an entity is written.
const (
	whyNew     = "new"                      // nothing yielded it before
	whyChanged = "changed"                  // it is not what Port last confirmed
	whyDrifted = "differs in Port"          // somebody has changed or removed it there
	whyDoubted = "last write not confirmed" // what Port has of it is not known
)

// foreseen is an entity that a dry run would write.
type foreseen struct {
	ledger.Entity
	Region string `json:"region"`
	Kind   string `json:"kind"`
	Why    string `json:"why"`
	Create bool   `json:"create,omitempty"`
}

// foresight is what one invocation of a dry run's sync would write.
type foresight struct {
	Format   int        `json:"format"`
	Entities []foreseen `json:"entities"`
}

const foreseenFolder = "foreseen/"

// foretell stores what a dry run would write, for its report.
func (s *accountSync) foretell(ctx context.Context) error {
	if len(s.writer.foreseen) == 0 {
		return nil
	}
	name := foreseenFolder + s.account.ID + "-" + s.act.nonce + ".json"
	return s.work.ledger.WriteDocument(ctx, s.work.Run, name, foresight{ledger.Format, s.writer.foreseen})
}

// maxForeseen bounds what a report names of them. The documents have all.
const maxForeseen = 10_000

// foretold reads what the syncs of a dry run would write.
func (s *sweep) foretold(ctx context.Context) error {
	if !s.work.Options.DryRun {
		return nil
	}
	names, err := s.work.ledger.ListDocuments(ctx, s.work.Run, foreseenFolder)
	if err != nil {
		return err
	}
	for _, name := range names {
		var f foresight
		if _, err := s.work.ledger.ReadOnce(ctx, s.work.Run, name, &f); err != nil {
			return err
		}
		account, _, _ := strings.Cut(path.Base(name), "-")
		for _, one := range f.Entities {
			outcome := "WouldUpdate"
			if one.Create {
				outcome = "WouldCreate"
			}
			s.written = append(s.written, report.Departure{Account: account, Region: one.Region, Kind: one.Kind,
				Blueprint: one.Blueprint, Identifier: one.Identifier, Reason: one.Why, Outcome: outcome})
		}
	}
	slices.SortFunc(s.written, func(a, b report.Departure) int {
		key := func(d report.Departure) string {
			return d.Outcome + "\x00" + d.Blueprint + "\x00" + d.Identifier + "\x00" + d.Account
		}
		return strings.Compare(key(a), key(b))
	})
	s.written = s.written[:min(len(s.written), maxForeseen)]
	return nil
}
