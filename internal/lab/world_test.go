package lab_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

func topic(account, name string) lab.Resource {
	return lab.Resource{Kind: "AWS::SNS::Topic", Account: account, Region: "eu-west-1", ID: "arn:" + name, Name: name}
}

func TestWhatIsDarkIsKnownAsItWas(t *testing.T) {
	before := lab.World{Resources: []lab.Resource{topic(member, "a"), topic(other, "b"), topic(other, "c")}}
	now := lab.World{
		Accounts:  []lab.Account{{ID: member, Active: true}},
		Resources: []lab.Resource{topic(member, "d"), topic(other, "c"), topic(other, "e")},
	}
	got := now.Seen(before, func(r lab.Resource) bool { return r.Account == other })
	want := lab.World{
		Accounts:  now.Accounts,
		Resources: []lab.Resource{topic(member, "d"), topic(other, "b"), topic(other, "c")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestACatalogHasActiveAccountsAndResources(t *testing.T) {
	w := lab.World{
		Accounts:  []lab.Account{{ID: member, Name: "shop", Active: true}, {ID: other, Name: "gone"}},
		Resources: []lab.Resource{topic(member, "a")},
	}
	want := lab.Catalog{
		"awsAccount " + member: `{"blueprint":"awsAccount","identifier":"` + member + `","title":"shop"}`,
		"snsTopic arn:a": `{"blueprint":"snsTopic","identifier":"arn:a","properties":{"region":"eu-west-1","tags":null},` +
			`"relations":{"account":"` + member + `"},"title":"a"}`,
	}
	if diff := cmp.Diff(want, w.Catalog()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestDiffNamesWhatIsMissingWrongAndTooMuch(t *testing.T) {
	want := lab.Catalog{"a": "A", "b": "B", "c": "C"}
	got := want.Diff(lab.Catalog{"b": "B", "c": "X", "d": "D"})
	if lines := "- A\n- C\n+ X\n+ D\n"; got != lines {
		t.Errorf("got\n%swant\n%s", got, lines)
	}
	if got := want.Diff(want); strings.TrimSpace(got) != "" {
		t.Errorf("equal catalogs differ:\n%s", got)
	}
}
