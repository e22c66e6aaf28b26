package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/spelling"
)

// check compiles the mapping and holds its blocks to the kinds and to the blueprints in Port. Blocks that
// cannot be carried out, since Port would refuse each of their entities, are left alone, and so is all that
// they ever yielded; the others go on.
func (e *Engine) check(p ledger.Plan, blueprints []port.Blueprint) (frozen []ledger.FrozenBlock, warnings []string, err error) {
	if mapping.Blank(p.Mapping) {
		return nil, nil, &Error{"MappingEmpty", fmt.Sprintf("the integration %q has no mapping yet: give it one in Port's "+
			"mapping editor", e.Identifier), nil}
	}
	m, err := mapping.Compile(p.Mapping)
	if err != nil {
		return nil, nil, err
	}
	f := preflight{blueprints: map[string]port.Blueprint{}, filled: map[string][]string{}}
	for _, b := range blueprints {
		f.blueprints[b.Identifier] = b
	}
	for _, b := range m.Blocks {
		f.fill(b)
	}
	for _, b := range m.Blocks {
		k, known := e.serve(b.Kind)
		faults := f.faults(b)
		if !known && !own(b.Kind) {
			faults = []fault{{"KindUnknown", fmt.Sprintf("resources[%d].kind: %s is not a kind we read", b.Index, b.Kind)}}
		}
		if len(faults) == 0 {
			m.Warnings = append(m.Warnings, Misfits(e.Kinds, k, b)...)
			continue
		}
		messages := make([]string, len(faults))
		for i, one := range faults {
			messages[i] = one.message
		}
		frozen = append(frozen, ledger.FrozenBlock{
			Block: b.Index, Kind: b.Kind, Reason: faults[0].reason, Message: strings.Join(messages, "; "),
		})
	}
	warnings = f.warnings(m)
	e.warn(m, frozen, warnings)
	if len(frozen) == len(m.Blocks) {
		return nil, nil, &Error{"MappingEmpty", "no block of the mapping can be carried out: " + frozen[0].Message, nil}
	}
	return frozen, warnings, e.sensible(p.Options, m, frozen)
}

// warn tells at once what the report tells, too, but only when the run is over.
func (e *Engine) warn(m *mapping.Mapping, frozen []ledger.FrozenBlock, warnings []string) {
	for _, f := range frozen {
		e.Log.Warn("block left alone", "block", f.Block, "kind", f.Kind, "reason", f.Reason, "message", f.Message)
	}
	for _, w := range m.Warnings {
		e.Log.Warn("mapping", "warning", w.String())
	}
	for _, w := range warnings {
		e.Log.Warn("mapping", "warning", w)
	}
}

// fault is why Port would refuse what a block yields.
type fault struct{ reason, message string }

// preflight is what blocks are held to before a run.
type preflight struct {
	blueprints map[string]port.Blueprint
	filled     map[string][]string // by blueprint, what blocks fill of it: properties and relations
}

func (f *preflight) fill(b *mapping.Block) {
	for _, o := range b.Outlines() {
		for _, s := range slices.Concat(o.Properties, o.Relations) {
			f.filled[o.Blueprint] = append(f.filled[o.Blueprint], s.Name)
		}
	}
}

func (f *preflight) faults(b *mapping.Block) (faults []fault) {
	for _, o := range b.Outlines() {
		if o.Blueprint == "" {
			continue // it is judged when it first appears
		}
		have, there := f.blueprints[o.Blueprint]
		if !there {
			faults = append(faults, fault{"BlueprintMissing", fmt.Sprintf("resources[%d]: Port has no blueprint %s%s", b.Index,
				o.Blueprint, meant(o.Blueprint, f.blueprints))})
			continue
		}
		for _, s := range o.Properties {
			faults = append(faults, property(have, s)...)
		}
		for _, s := range o.Relations {
			faults = append(faults, f.relation(have, s)...)
		}
		if !o.Search { // of what Port finds it keeps what it has
			faults = append(faults, f.required(have, o)...)
		}
	}
	return faults
}

func property(b port.Blueprint, s mapping.Slot) []fault {
	p, there := b.Schema.Properties[s.Name]
	switch {
	case !there:
		return []fault{{"PropertyUnknown", fmt.Sprintf("%s: blueprint %s has no property %s%s", s.Path, b.Identifier, s.Name,
			meant(s.Name, b.Schema.Properties))}}
	case s.Type != "" && s.Type != "null" && p.Type != "" && s.Type != p.Type:
		return []fault{{"PropertyType", fmt.Sprintf("%s: gives %s, property %s of blueprint %s takes %s", s.Path, s.Type, s.Name,
			b.Identifier, p.Type)}}
	case s.Constant && s.Value != nil && len(p.Enum) > 0 && !slices.ContainsFunc(p.Enum, func(v any) bool { return same(v, s.Value) }):
		return []fault{{"PropertyType", fmt.Sprintf("%s: %v is not among the values that property %s of blueprint %s takes", s.Path,
			s.Value, s.Name, b.Identifier)}}
	}
	return nil
}

// same compares values as JSON has them: what Port says and what a program gives have other types of number.
func same(a, b any) bool {
	one, err := json.Marshal(a)
	other, wrong := json.Marshal(b)
	return err == nil && wrong == nil && bytes.Equal(one, other)
}

func (f *preflight) relation(b port.Blueprint, s mapping.Slot) []fault {
	r, there := b.Relations[s.Name]
	_, target := f.blueprints[r.Target]
	switch {
	case !there:
		return []fault{{"RelationUnknown", fmt.Sprintf("%s: blueprint %s has no relation %s%s", s.Path, b.Identifier, s.Name,
			meant(s.Name, b.Relations))}}
	case !target:
		return []fault{{"RelationTarget", fmt.Sprintf("%s: relation %s of blueprint %s leads to blueprint %s, which Port does not have",
			s.Path, s.Name, b.Identifier, r.Target)}}
	case s.Search:
	case s.Type == "array" && !r.Many:
		return []fault{{"RelationType", fmt.Sprintf("%s: gives a list, relation %s of blueprint %s takes one entity", s.Path, s.Name, b.Identifier)}}
	case s.Type == "string" && r.Many:
		return []fault{{"RelationType", fmt.Sprintf("%s: gives one entity, relation %s of blueprint %s takes a list", s.Path, s.Name, b.Identifier)}}
	}
	return nil
}

// required finds what a blueprint demands and no block fills: without it Port creates no entity.
func (f *preflight) required(b port.Blueprint, o mapping.Outline) (faults []fault) {
	lacks := func(what, name string) {
		if !slices.Contains(f.filled[b.Identifier], name) {
			faults = append(faults, fault{"PropertyRequired", fmt.Sprintf("%s: blueprint %s demands %s %s, which no block fills", o.Path,
				b.Identifier, what, name)})
		}
	}
	for _, name := range b.Schema.Required {
		if b.Schema.Properties[name].Default == nil {
			lacks("property", name)
		}
	}
	for name, r := range b.Relations {
		if r.Required {
			lacks("relation", name)
		}
	}
	slices.SortFunc(faults, func(a, b fault) int { return strings.Compare(a.message, b.message) })
	return faults
}

// warnings are about what costs single entities: those that Port cannot make for a relation.
func (f *preflight) warnings(m *mapping.Mapping) (all []string) {
	if !m.CreateMissingRelatedEntities {
		return nil
	}
	for _, b := range m.Blocks {
		for _, o := range b.Outlines() {
			for _, s := range o.Relations {
				target, there := f.blueprints[f.blueprints[o.Blueprint].Relations[s.Name].Target]
				if there && len(target.Schema.Required) > 0 {
					all = append(all, fmt.Sprintf("%s: where its target is missing Port cannot create it, since blueprint %s demands %s",
						s.Path, target.Identifier, strings.Join(target.Schema.Required, ", ")))
				}
			}
		}
	}
	return all
}

// meant points to the name that was most likely meant, if one is called nearly like it.
func meant[T any](name string, have map[string]T) string {
	near, apart := spelling.Nearest(slices.Sorted(maps.Keys(have)), name)
	if near == "" || apart > 2 {
		return ""
	}
	return "; perhaps " + near
}
