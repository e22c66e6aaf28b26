package kind

import (
	"slices"

	"github.com/port-aws-sync/port-aws-sync/internal/spelling"
)

// Options are the class names that a mapping's includeActions may hold, those that fill keys first.
func (k Kind) Options() []string {
	var names []string
	for _, e := range k.Enrich {
		if e.Option != "" {
			names = append(names, e.Option)
		}
	}
	return append(names, k.Defaults...)
}

// Nearest is the option that one that is none was most likely meant to be; "" if the kind has none.
func (k Kind) Nearest(option string) string {
	near, _ := spelling.Nearest(k.Options(), option)
	return near
}

// MemberActions are all IAM actions of the member role that the kind makes use of, each once.
func (k Kind) MemberActions() []string {
	if k.Scope == Hub {
		return nil
	}
	all := slices.Clone(k.Actions)
	for _, e := range k.Enrich {
		all = slices.Concat(all, e.Actions, e.Saves)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
