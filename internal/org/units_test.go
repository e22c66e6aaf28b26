package org_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

const (
	root  = "r-ab12"
	shop  = "ou-ab12-shopshop"
	till  = "ou-ab12-tilltill" // in shop
	labs  = "ou-ab12-labslabs"
	empty = "ou-ab12-emptyemp"
)

// twoUnits has account …01 in root, …02 in shop, …03 and …04 in till below it, …05 in labs.
func twoUnits(paths bool) *organization {
	a := func(n int, path string) string {
		id, more := fmt.Sprintf("4044555666%02d", n), ""
		if paths {
			more = fmt.Sprintf(`,"Paths":["o-aaaaaaaaaa/%s/%s/"]`, path, id)
		}
		return account(id, more)
	}
	a1, a2, a5 := a(1, root), a(2, root+"/"+shop), a(5, root+"/"+labs)
	a3, a4 := a(3, root+"/"+shop+"/"+till), a(4, root+"/"+shop+"/"+till)
	unit := func(id string) string { return `{"Id":"` + id + `"}` }
	return &organization{
		accounts: map[string][]string{
			"": {a5 + "," + a4, a3 + "," + a2 + "," + a1}, root: {a1}, shop: {a2}, till: {"", a3, a4}, labs: {a5},
			empty: {""},
		},
		units: map[string][]string{root: {unit(shop), unit(labs) + "," + unit(empty)}, shop: {"", unit(till)}},
	}
}

func TestUnitsAndExclusions(t *testing.T) {
	for _, c := range []struct {
		name     string
		units    []string
		excluded []string
		want     string // the last digits
	}{
		{"no unit is all", nil, nil, "01 02 03 04 05"},
		{"the root is all", []string{root}, nil, "01 02 03 04 05"},
		{"a unit and those below it", []string{shop}, nil, "02 03 04"},
		{"a unit below", []string{till}, nil, "03 04"},
		{"a unit, its own unit and itself again", []string{shop, till, shop}, nil, "02 03 04"},
		{"two units, one without an account", []string{labs, empty}, nil, "05"},
		{"what is excluded", []string{shop}, []string{"404455566603", "404455566605", "111122223333"}, "02 04"},
	} {
		for _, paths := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, paths %v", c.name, paths), func(t *testing.T) {
				o := twoUnits(paths)
				got, err := accounts(t, o, org.Source{OUs: c.units, Excluded: c.excluded, MemberRoleName: "r"})
				if err != nil {
					t.Fatal(err)
				}
				want := strings.Fields(c.want)
				for i := range want {
					want[i] = "4044555666" + want[i]
				}
				if diff := cmp.Diff(want, ids(got)); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			})
		}
	}
}

func TestPathsSpareTheWalk(t *testing.T) {
	o := twoUnits(true)
	if _, err := accounts(t, o, org.Source{OUs: []string{shop, till}, MemberRoleName: "r"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ListAccounts", "ListAccounts t"}, o.asked); diff != "" {
		t.Errorf("asked: -want +got\n%s", diff)
	}

	o = twoUnits(false)
	if _, err := accounts(t, o, org.Source{OUs: []string{shop, till, shop}, MemberRoleName: "r"}); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, a := range o.asked {
		counts[a]++
	}
	if n := counts["ListAccountsForParent "+till]; n != 1 {
		t.Errorf("the nested unit was walked %d times, want once", n)
	}
}

func TestOneAccountWithoutAPathIsWalkedFor(t *testing.T) {
	o := twoUnits(true)
	o.accounts[labs] = append(o.accounts[labs], account("404455566606", ""))
	o.accounts[""] = append(o.accounts[""], account("404455566606", ""))
	got, err := accounts(t, o, org.Source{OUs: []string{labs}, MemberRoleName: "r"})
	if diff := cmp.Diff([]string{"404455566605", "404455566606"}, ids(got)); diff != "" || err != nil {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
}
