package kind

import (
	"slices"
	"strings"
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
	options := k.Options()
	if len(options) == 0 {
		return ""
	}
	return slices.MinFunc(options, func(a, b string) int { return distance(option, a) - distance(option, b) })
}

// distance is how many letters of a have to be changed, added or left out to make it b.
func distance(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
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
