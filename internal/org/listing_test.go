package org_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// TestAnOrganizationIsListedInAsManyGoesAsItTakes stops before each further call, and hands what is known
// on as invocations do.
func TestAnOrganizationIsListedInAsManyGoesAsItTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &organization{
			accounts: map[string][]string{
				"":                 {account("111122223333", ""), "", account("222233334444", "") + "," + account("333344445555", "")},
				"ou-ab12-cd345678": {account("111122223333", "")}, "ou-ab12-ef345678": {"", account("333344445555", "")},
			},
			units: map[string][]string{"ou-ab12-cd345678": {`{"Id":"ou-ab12-ef345678"}`}},
		}
		s := org.Source{Base: awstest.Config(o, "eu-west-1"), MemberRoleName: "r", OUs: []string{"ou-ab12-cd345678"}}
		stored := []byte("{}")
		for goes := 1; ; goes++ {
			known := &org.Listing{}
			if err := json.Unmarshal(stored, known); err != nil {
				t.Fatal(err)
			}
			stop := make(chan struct{})
			if asked := len(o.asked); asked > 0 { // the first go is over before it begins
				time.AfterFunc(100*time.Millisecond, func() { close(stop) })
			} else {
				close(stop)
				o.asked = append(o.asked, "nothing")
			}
			got, err := s.Resume(t.Context(), known, stop)
			time.Sleep(time.Minute)
			if err == nil {
				if ids := ids(got); !slices.Equal(ids, []string{"111122223333", "333344445555"}) || goes < 5 {
					t.Errorf("got %v after %d goes", ids, goes)
				}
				break
			}
			if !errors.Is(err, org.ErrUnfinished) || goes > 20 {
				t.Fatal(err)
			}
			stored, _ = json.Marshal(known)
		}
		slices.Sort(o.asked)
		if twice := len(o.asked) - len(slices.Compact(slices.Clone(o.asked))); twice > 0 {
			t.Errorf("asked %d things twice: %s", twice, strings.Join(o.asked, "; "))
		}
	})
}

func TestAListingWhosePageTokenHasExpiredIsBegunAnew(t *testing.T) {
	o := &organization{accounts: map[string][]string{"": {account("111122223333", ""), account("222233334444", "")}}}
	var known org.Listing
	stored := `{"accounts": {"": {"items": [` + account("999988887777", "") + `], "next": "long ago"}}}`
	if err := json.Unmarshal([]byte(stored), &known); err != nil {
		t.Fatal(err)
	}
	s := org.Source{Base: awstest.Config(o, "eu-west-1"), MemberRoleName: "r"}
	got, err := s.Resume(t.Context(), &known, nil)
	if ids := ids(got); err != nil || !slices.Equal(ids, []string{"111122223333", "222233334444"}) {
		t.Errorf("got %v, %v", ids, err)
	}
}
