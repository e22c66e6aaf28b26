package run

import (
	"fmt"
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

// serve finds the kind of a name.
func (e *Engine) serve(name string) (kind.Kind, bool) {
	if i := slices.IndexFunc(e.Kinds, func(k kind.Kind) bool { return k.Name == name }); i >= 0 {
		return e.Kinds[i], true
	}
	if e.Other == nil {
		return kind.Kind{}, false
	}
	return e.Other(name)
}

// serving are the kinds there are for a mapping: all of ours, and others that it names.
func (e *Engine) serving(m *mapping.Mapping) []kind.Kind {
	all := slices.Clone(e.Kinds)
	for _, b := range m.Blocks {
		known := slices.ContainsFunc(all, func(k kind.Kind) bool { return k.Name == b.Kind })
		if k, ok := e.serve(b.Kind); ok && !known {
			all = append(all, k)
		}
	}
	return all
}

// unknownOptions warns of includeActions that the kind does not have, which change nothing.
func unknownOptions(k kind.Kind, b *mapping.Block) (warnings []mapping.Problem) {
	for i, name := range b.Options {
		if slices.Contains(k.Options(), name) {
			continue
		}
		warnings = append(warnings, mapping.Problem{
			Block: b.Index, Path: fmt.Sprintf("resources[%d].selector.includeActions[%d]", b.Index, i),
			Reason: fmt.Sprintf("%s has no action %s, so it changes nothing", k.Name, name), Fix: k.Nearest(name),
		})
	}
	return warnings
}
