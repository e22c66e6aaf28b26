package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/port-aws-sync/port-aws-sync/internal/defaults"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// setUp registers the integration where there is none, and gives one without a mapping the default mapping
// with its blueprints. It can be done again after it broke off anywhere. Of what is there it changes nothing.
func (e *Engine) setUp(ctx context.Context, o ledger.Options, u *survey) error {
	if o.Purge != "" {
		return nil
	}
	bare := u.absent || mapping.Blank(u.integration.Config)
	if bare && u.integration.Origin == "Port" && !u.integration.Initialized {
		return &Error{"MappingEmpty", fmt.Sprintf("Port is still setting up the integration %q: its mapping comes in a "+
			"few minutes", e.Identifier), nil}
	}
	if !o.Setup && !u.absent && !(bare && e.Initialize) {
		return nil
	}
	set, err := e.defaults(u.source)
	if err != nil {
		return err
	}
	if o.Setup || bare && e.Initialize {
		if err := e.complete(ctx, o, u, set); err != nil {
			return named("create the default blueprints", err)
		}
	}
	if !bare {
		return nil
	}
	config := json.RawMessage("{}")
	if e.Initialize {
		if config, err = set.Mapping(); err != nil {
			return err
		}
	}
	return named("register the integration", e.register(ctx, o, u, config))
}

// defaults is what a new integration gets. A list of roles says nothing of an organization.
func (e *Engine) defaults(source org.Source) (defaults.Set, error) {
	var names []string
	for _, k := range slices.Concat(e.Kinds, OwnKinds()) {
		if asksOrganizations(k) && len(source.RoleARNs) > 0 {
			continue
		}
		names = append(names, k.Name)
	}
	return defaults.For(names, e.TeamTag)
}

// register sees to an integration with a mapping. One that somebody else registers meanwhile, with a
// mapping of theirs, is as good.
func (e *Engine) register(ctx context.Context, o ledger.Options, u *survey, config json.RawMessage) (err error) {
	act := "register the integration " + e.Identifier
	if !u.absent {
		act = "give the integration " + e.Identifier + " the default mapping"
	}
	u.done = append(u.done, act)
	if o.DryRun {
		u.integration.Config = config
		return nil
	}
	u.wrote = true
	if u.absent {
		if u.integration, err = e.Port.Register(ctx, config); err != nil {
			return err
		}
	}
	if mapping.Blank(u.integration.Config) && !mapping.Blank(config) {
		if u.integration, err = e.Port.SetConfig(ctx, config); err != nil {
			return err
		}
	}
	// Not of who was quicker: correct sees to that once the run has begun.
	u.integration, err = e.Port.Correct(ctx, port.Correction{ProcessingMode: port.OceanCore, Initialized: e.Initialize})
	return err
}

// complete creates the default blueprints that Port lacks, and adds to those it has what these lack.
func (e *Engine) complete(ctx context.Context, o ledger.Options, u *survey, set defaults.Set) error {
	changes := set.Missing(inPort(u.blueprints))
	for _, c := range changes {
		u.done = append(u.done, c.String())
	}
	switch {
	case len(changes) == 0:
		return nil
	case o.DryRun:
		return u.foresee(changes)
	}
	// First all of them without relations, which name each other.
	err := atOnce(changes, func(c defaults.Change) error {
		if !c.New {
			return nil
		}
		_, err := e.Port.CreateBlueprint(ctx, c.Bare())
		return err
	})
	if err != nil {
		return err
	}
	err = atOnce(changes, func(c defaults.Change) error {
		live, err := e.Port.Definition(ctx, c.Identifier)
		if err != nil {
			return err
		}
		if add := c.Added(live); len(add) > 0 {
			return e.Port.ChangeBlueprint(ctx, c.Identifier, add)
		}
		return nil
	})
	if err != nil {
		return err
	}
	u.blueprints, err = e.Port.Blueprints(ctx)
	return err
}

// atOnce does something for several changes at the same time, and all of it that can be done.
func atOnce(changes []defaults.Change, act func(defaults.Change) error) error {
	var g errgroup.Group
	g.SetLimit(8)
	failures := make([]error, len(changes))
	for i, c := range changes {
		g.Go(func() error {
			failures[i] = act(c)
			return nil
		})
	}
	_ = g.Wait() // it has none of its own
	return errors.Join(failures...)
}

// inPort is what there is of each blueprint.
func inPort(blueprints []port.Blueprint) map[string]defaults.Have {
	have := map[string]defaults.Have{}
	for _, b := range blueprints {
		have[b.Identifier] = defaults.Have{
			Properties: slices.Collect(maps.Keys(b.Schema.Properties)), Relations: slices.Collect(maps.Keys(b.Relations)),
		}
	}
	return have
}

// foresee puts blueprints as they would be in the place of those that Port has, for a dry run.
func (u *survey) foresee(changes []defaults.Change) error {
	for _, c := range changes {
		want, err := port.ReadBlueprint(c.Definition)
		if err != nil {
			return fmt.Errorf("default blueprint %s: %w", c.Identifier, err)
		}
		i := slices.IndexFunc(u.blueprints, func(b port.Blueprint) bool { return b.Identifier == c.Identifier })
		if i < 0 {
			u.blueprints = append(u.blueprints, want)
			continue
		}
		u.blueprints[i] = u.blueprints[i].With(want)
	}
	return nil
}
