package mapping_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

const minimal = `{"kind": "k",
	"port": {"entity": {"mappings": {"identifier": ".Id", "blueprint": "\"b\""}}}}`

func TestOptionsHaveOceansDefaultsWhenAbsent(t *testing.T) {
	m := compile(t, `{"resources": [`+minimal+`], "unknown": {"x": 1}}`)
	if !m.CreateMissingRelatedEntities || !m.EnableMergeEntity || !m.DeleteDependentEntities {
		t.Error("an option is not on:", m)
	}
	if m.EntityDeletionThreshold != 0.9 {
		t.Error("threshold:", m.EntityDeletionThreshold)
	}
	m = compile(t, `{"createMissingRelatedEntities": false, "enableMergeEntity": false,
		"deleteDependentEntities": false, "entityDeletionThreshold": 0, "resources": [`+minimal+`]}`)
	if m.CreateMissingRelatedEntities || m.EnableMergeEntity || m.DeleteDependentEntities {
		t.Error("an option is on:", m)
	}
	if m.EntityDeletionThreshold != 0 {
		t.Error("threshold:", m.EntityDeletionThreshold)
	}
}

func TestABlockCarriesItsSelectorsOptions(t *testing.T) {
	b := compile(t, `{"resources": [`+minimal+`, {"kind": "AWS::S3::Bucket", "selector": {"query": "true",
		"includeActions": ["A", "B", "C", "D"], "maxConcurrentAccounts": 7,
		"regionPolicy": {"allow": ["eu-west-1"], "deny": null}},
		"port": {"entity": {"mappings": [
			{"identifier": ".Id", "blueprint": "\"z\""}, {"identifier": ".Id", "blueprint": "'y'"}]}}}]}`).Blocks[1]
	if b.Index != 1 || b.Kind != "AWS::S3::Bucket" || b.MaxConcurrentAccounts != 7 {
		t.Error(b.Index, b.Kind, b.MaxConcurrentAccounts)
	}
	if diff := gocmp.Diff([]string{"A", "B", "C", "D"}, b.Options); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff(mapping.RegionPolicy{Allow: []string{"eu-west-1"}}, b.Regions); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff([]string{"y", "z"}, b.Blueprints); diff != "" {
		t.Error(diff)
	}
}

func TestBlueprintsAreUnknownWhereOneIsComputed(t *testing.T) {
	b := compile(t, `{"resources": [{"kind": "k", "port": {"entity": {"mappings": [
		{"identifier": ".Id", "blueprint": "\"z\""},
		{"identifier": ".Id", "blueprint": "if .A then \"x\" else \"y\" end"}]}}}]}`).Blocks[0]
	if b.Blueprints != nil {
		t.Error(b.Blueprints)
	}
}

func TestRegionPolicy(t *testing.T) {
	one, other := []string{"eu-west-1"}, []string{"us-east-1"}
	for _, c := range []struct {
		allow, deny []string
		want        bool // of eu-west-1
	}{
		{nil, nil, true},
		{nil, one, false},
		{one, one, false},
		{one, nil, true},
		{one, other, true},
		{nil, other, true},
		{other, nil, false},
		{other, []string{"sa-east-1"}, false},
	} {
		if got := (mapping.RegionPolicy{Allow: c.allow, Deny: c.deny}).Allows("eu-west-1"); got != c.want {
			t.Errorf("allow %v, deny %v: %t", c.allow, c.deny, got)
		}
	}
}

func TestABlocksIdentityIsItsContentNotItsPlace(t *testing.T) {
	other := strings.Replace(minimal, ".Id", ".Name", 1)
	alone := compile(t, `{"resources": [`+minimal+`]}`).Blocks[0]
	moved := compile(t, `{"resources": [`+other+`, {"note": "not part of it",
		"port": {"entity": {"mappings": {"blueprint": "\"b\"", "identifier": ".Id"}}}, "kind": "k"}]}`)
	if alone.ID != moved.Blocks[1].ID {
		t.Error("the identity moved with key order, place or an unknown key")
	}
	kind := compile(t, `{"resources": [`+strings.Replace(minimal, `"k"`, `"l"`, 1)+`]}`).Blocks[0]
	if alone.ID == kind.ID {
		t.Error("different kinds have one identity")
	}
	if alone.ID == moved.Blocks[0].ID {
		t.Error("different programs have one identity")
	}
	text, _ := alone.ID.MarshalText()
	var back mapping.BlockID
	if err := back.UnmarshalText(text); err != nil || back != alone.ID || len(text) != 16 {
		t.Errorf("%s: %v", text, err)
	}
	for _, bad := range []string{"", "12", strings.Repeat("x", 16)} {
		if back.UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestAConfigIsRefusedWithAllItsProblems(t *testing.T) {
	_, err := mapping.Compile([]byte(`{"enableMergeEntity": null, "entityDeletionThreshold": 1.5,
		"resources": [
		{"kind": "", "selector": {"query": "True", "includeActions": "A", "maxConcurrentAccounts": -1,
			"regionPolicy": {"deny": [1]}},
		 "port": {"itemsToParseTopLevelTransform": null, "itemsToParseName": 5,
			"entity": {"mappings": {"identifier": "Properties.Id", "blueprint": "\"two words\"", "title": [".a"],
				"properties": {"in": "inputs", "deep": {"x": [".a", ".Tags.my-key"]}, "fine": null},
				"relations": {"r": {"rules": "x"}, "s": {"combinator": "and", "rules": []}}}}}},
		{"kind": "k", "port": {"entity": {"mappings": []}}},
		{"kind": "k", "port": {"entity": {"mappings": {"team": "."}}}}]}`))
	var invalid *mapping.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	got := make([]string, len(invalid.Problems))
	for i, p := range invalid.Problems {
		got[i] = fmt.Sprintf("%d %s: %s {%s}", p.Block, p.Path, p.Reason, p.Fix)
	}
	const at, m = "0 resources[0].", "0 resources[0].port.entity.mappings."
	want := []string{
		"-1 enableMergeEntity: neither true nor false {}",
		"-1 entityDeletionThreshold: not a number from 0 to 1 {}",
		at + "kind: not the name of a kind {}",
		at + "selector.includeActions: not a list of names {}",
		at + "selector.regionPolicy.deny[0]: not a name {}",
		at + "selector.maxConcurrentAccounts: not a whole number from 0 {}",
		at + "selector.query: function not defined: True; a path begins with a dot, a text stands in quotes {true}",
		at + "port.itemsToParseTopLevelTransform: neither true nor false {}",
		at + "port.itemsToParseName: not a name {}",
		m + "blueprint: not the name of a blueprint in Port {}",
		m + "identifier: function not defined: Properties; a path begins with a dot, a text stands in quotes {.Properties.Id}",
		m + "title: not a program {}",
		m + `properties.deep.x[1]: function not defined: key; a path begins with a dot, a text stands in quotes {.Tags["my-key"]}`,
		m + "properties.in: input and inputs have nothing to read: a program sees one item {}",
		m + "relations.r: neither a program nor a search of the form {combinator, rules} {}",
		m + `relations.s.combinator: unexpected and at character 1 {"and"}`,
		"1 resources[1].port.entity.mappings: neither a mapping nor a list of mappings {}",
		"2 resources[2].port.entity.mappings.blueprint: missing {}",
		"2 resources[2].port.entity.mappings.identifier: missing {}",
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if invalid.Code() != "MappingInvalid" || !strings.Contains(err.Error(), "perhaps `.Properties.Id`") {
		t.Error(invalid.Code(), err)
	}
}

func TestNothingToSyncIsRefused(t *testing.T) {
	for _, config := range []string{``, `null`, `[]`, `{`, `{}`, `{"resources": null}`, `{"resources": []}`,
		`{"resources": [null]}`, `{"resources": [` + minimal + `]} {}`} {
		if _, err := mapping.Compile([]byte(config)); !errors.As(err, new(*mapping.InvalidError)) {
			t.Errorf("%s: %v", config, err)
		}
	}
}

func TestARepeatedBlockIsWarnedOf(t *testing.T) {
	m := compile(t, `{"resources": [`+minimal+`,`+minimal+`]}`)
	want := []mapping.Problem{{Block: 1, Path: "resources[1]", Reason: "the same as resources[0]"}}
	if diff := gocmp.Diff(want, m.Warnings); diff != "" {
		t.Error(diff)
	}
}

func compile(t testing.TB, config string) *mapping.Mapping {
	t.Helper()
	m, err := mapping.Compile([]byte(config))
	if err != nil {
		t.Fatal(err)
	}
	return m
}
