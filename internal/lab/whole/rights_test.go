package whole_test

import (
	"maps"
	"slices"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/functions"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

// leastPrivilege reads all that the kinds can tell, dry, with the member role as it is and with one action less.
func (w whole) leastPrivilege() {
	w.must(w.Variety(w.ctx))
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
	for _, group := range apart(needs()) {
		// Tags come in bulk where the role may ask so, and then the services are not asked.
		w.must(w.Withhold(w.ctx, w.MemberRole(account), "tag:GetResources"))
		var want []string
		for action, kinds := range group {
			w.must(w.Withhold(w.ctx, w.MemberRole(account), action))
			want = append(want, kinds...)
		}
		got := frozen()
		w.Restore()
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			w.Errorf("without %v it cannot read %v, want %v", slices.Sorted(maps.Keys(group)), got, want)
		}
	}
}

// told are the actions that whoever checks the lab's mapping is told that it needs.
func (w whole) told() string {
	var out strings.Builder
	w.must(functions.CheckMapping(&out, "../mapping.json", ""))
	_, actions, ok := strings.Cut(out.String(), "needs in the accounts: ")
	if !ok {
		w.Fatal(out.String())
	}
	return strings.TrimSpace(actions)
}

// needs are the kinds that need an action of the member role.
func needs() map[string][]string {
	needs := map[string][]string{}
	for _, k := range served() {
		if k.Scope == kind.Hub {
			continue
		}
		actions := slices.Clone(k.Actions)
		for _, e := range k.Enrich {
			actions = append(actions, e.Actions...)
		}
		slices.Sort(actions)
		for _, action := range slices.Compact(actions) {
			needs[action] = append(needs[action], k.Name)
		}
	}
	return needs
}

// apart groups actions so that none has a kind in common with another of its group. What is missing of
// such actions together can be told apart by the kinds, and a few runs try all. A report names 20 cells
// of an account.
func apart(needs map[string][]string) (groups []map[string][]string) {
	for _, action := range slices.Sorted(maps.Keys(needs)) {
		i := slices.IndexFunc(groups, func(group map[string][]string) bool {
			count := len(needs[action])
			for _, kinds := range group {
				count += len(kinds)
				if slices.ContainsFunc(kinds, func(name string) bool { return slices.Contains(needs[action], name) }) {
					return false
				}
			}
			return count <= 20
		})
		if i < 0 {
			i, groups = len(groups), append(groups, map[string][]string{})
		}
		groups[i][action] = needs[action]
	}
	return groups
}

// served are the kinds that the emulator plays as AWS does, with what it plays of them.
func served() []kind.Kind {
	unlike := []string{
		"AWS::CodeDeploy::DeploymentGroup", "AWS::CodeDeploy::DeploymentTarget", // no batch, no targets
		"AWS::CodePipeline::Action", "AWS::CodePipeline::ActionExecution", // times as texts
		"AWS::CodePipeline::Pipeline", "AWS::CodePipeline::PipelineExecution", "AWS::CodePipeline::Stage",
		"AWS::SES::ConfigurationSet", // objects for truth values
	}
	list := slices.DeleteFunc(slices.Clone(kinds.All), func(k kind.Kind) bool { return slices.Contains(unlike, k.Name) })
	for i := range list {
		list[i].Enrich = slices.DeleteFunc(slices.Clone(list[i].Enrich), func(e kind.Enrich) bool {
			return e.Option == "DescribeVolumeAttributeAction" // is not there
		})
	}
	return list
}

// everything is a mapping that reads all there is of every kind.
func everything() map[string]any {
	var resources []any
	for _, k := range served() {
		options := []string{}
		for _, e := range k.Enrich {
			if e.Option != "" {
				options = append(options, e.Option)
			}
		}
		resources = append(resources, map[string]any{
			"kind": k.Name,
			"selector": map[string]any{"query": "true", "includeActions": options,
				"regionPolicy": map[string]any{"allow": []string{"eu-west-1"}}},
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
		idle, err := w.Unused(w.ctx, w.FunctionRole(function))
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
