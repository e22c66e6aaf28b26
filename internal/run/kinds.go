package run

import (
	"fmt"
	"slices"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/spelling"
)

// serve finds the kind of a name.
func (e *Engine) serve(name string) (kind.Kind, bool) {
	k, known := kind.Find(e.Kinds, name)
	if known || e.Other == nil {
		return k, known
	}
	return e.Other(name)
}

// serving are the kinds there are for a mapping: all of ours, and others that it names.
func (e *Engine) serving(m *mapping.Mapping) []kind.Kind {
	all := slices.Clone(e.Kinds)
	for _, b := range m.Blocks {
		if _, known := kind.Find(all, b.Kind); known {
			continue
		}
		if k, ok := e.serve(b.Kind); ok {
			all = append(all, k)
		}
	}
	return all
}

// Misfits warns of what a block most likely does not mean: a kind that is not among the known ones and
// called nearly like one of them, and what its selector asks for and the kind does not have.
func Misfits(known []kind.Kind, k kind.Kind, b *mapping.Block) (warnings []mapping.Problem) {
	if near := nearly(known, k.Name); near != "" {
		warnings = append(warnings, mapping.Problem{
			Block: b.Index, Path: fmt.Sprintf("resources[%d].kind", b.Index),
			Reason: k.Name + " is taken for a CloudFormation type that Cloud Control reads", Fix: near,
		})
	}
	for i, name := range b.Options {
		if slices.Contains(k.Options(), name) {
			continue
		}
		warnings = append(warnings, mapping.Problem{
			Block: b.Index, Path: fmt.Sprintf("resources[%d].selector.includeActions[%d]", b.Index, i),
			Reason: fmt.Sprintf("%s has no action %s, so it changes nothing", k.Name, name), Fix: k.Nearest(name),
		})
	}
	bounded := b.Newest > 0 && (k.History == nil || k.History.Of == nil) || b.Days > 0 && k.History == nil
	if bounded {
		warnings = append(warnings, mapping.Problem{
			Block: b.Index, Path: fmt.Sprintf("resources[%d].selector.history", b.Index),
			Reason: k.Name + " has no history that can be bounded so, so it changes nothing",
		})
	}
	return warnings
}

// nearly is the known kind that is called nearly like one that is not known; "" if there is none.
func nearly(known []kind.Kind, name string) string {
	if _, is := kind.Find(known, name); is {
		return ""
	}
	near, apart := spelling.Nearest(kind.Names(known), name)
	if apart > 2 {
		return ""
	}
	return near
}

// bound is the widest that a block of the kind asks for, at the time of the run.
func (a *asked) bound(now time.Time) kind.Bound {
	newest, days := a.blocks[0].Newest, a.blocks[0].Days
	for _, b := range a.blocks[1:] {
		newest, days = wider(newest, b.Newest), wider(days, b.Days)
	}
	bound := kind.Bound{Newest: newest}
	if days > 0 {
		bound.Since = now.AddDate(0, 0, -days)
	}
	return bound
}

// wider is the greater of two limits; 0 is none.
func wider(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}
