package whole_test

import (
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

// leastPrivilege reads all that the kinds can tell, dry, with the member role as it is and with one action less.
func (w whole) leastPrivilege() {
	w.must(w.Remap(everything()))
	defer func() { w.must(w.Remap(nil)) }()
	account := w.World.Account("payments").ID
	frozen := func() (kinds []string) {
		r := w.run(`{"dryRun": true, "accounts": ["` + account + `"]}`)
		for _, a := range r.Accounts {
			for _, c := range a.Frozen {
				if a.ID == account && !slices.Contains(kinds, c.Kind) {
					kinds = append(kinds, c.Kind)
				}
			}
		}
		return kinds
	}
	if kinds := frozen(); len(kinds) > 0 {
		w.Errorf("with all its actions the role cannot read %v", kinds)
	}
	needs := map[string][]string{} // kinds by action
	for _, k := range kinds.All {
		actions := slices.Clone(k.Actions)
		for _, e := range k.Enrich {
			actions = append(actions, e.Actions...)
		}
		slices.Sort(actions)
		for _, action := range slices.Compact(actions) {
			needs[action] = append(needs[action], k.Name)
		}
	}
	for action, want := range needs {
		w.must(w.Withhold(w.ctx, w.MemberRole(account), action))
		got := frozen()
		w.Restore()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			w.Errorf("without %s it cannot read %v, want %v", action, got, want)
		}
	}
}

// everything is a mapping that reads all there is of every kind.
func everything() map[string]any {
	var resources []any
	for _, k := range kinds.All {
		options := []string{}
		for _, e := range k.Enrich {
			if e.Option != "" {
				options = append(options, e.Option)
			}
		}
		resources = append(resources, map[string]any{
			"kind": k.Name,
			"selector": map[string]any{"query": "true", "includeActions": options,
				"regionPolicy": map[string]any{"allow": []string{"eu-west-1", "eu-central-1", "us-east-1"}}},
			"port": map[string]any{"entity": map[string]any{"mappings": map[string]any{
				"identifier": `.Properties | tostring | @base64 | .[:200]`, "blueprint": `"snsTopic"`,
				"properties": map[string]any{"region": ".Properties | tostring"},
			}}},
		})
	}
	return map[string]any{"resources": resources}
}

func (w whole) noIdleRights() {
	for _, function := range []string{lab.Discover, lab.Sync, lab.Sweep} {
		idle, err := w.Unused(w.ctx, function)
		w.must(err)
		idle = slices.DeleteFunc(idle, func(a string) bool {
			// Lambda itself writes logs; and without s3:ListBucket a missing object is 403 to S3, not 404.
			return strings.HasPrefix(a, "logs:") || a == "s3:ListBucket"
		})
		if len(idle) > 0 {
			w.Errorf("%s never needs %v", function, idle)
		}
	}
}
