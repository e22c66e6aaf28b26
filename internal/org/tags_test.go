package org_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// tagged is an organization whose accounts have tags, in two pages.
type tagged struct {
	*organization
	tags    map[string][]string // pages of JSON objects, by the account's last digits
	refuses bool
	asked   []string
}

func (o *tagged) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ListTagsForResource") {
		o.organization.ServeHTTP(w, r)
		return
	}
	call, err := awstest.Read(r)
	if err != nil {
		panic(err)
	}
	var id string
	if _, err := fmt.Sscanf(call.Body[strings.Index(call.Body, `"ResourceId":"`)+14:], "%12s", &id); err != nil {
		panic(err)
	}
	o.asked = append(o.asked, id[10:])
	if o.refuses {
		refuse(w, refusal{400, "AccessDeniedException", "not authorized to perform: organizations:ListTagsForResource"})
		return
	}
	token := ""
	if strings.Contains(call.Body, `"NextToken":"t"`) {
		token = "t"
	}
	o.page(w, "Tags", o.tags[id[10:]], token)
}

func newTagged() *tagged {
	tag := func(k, v string) string { return fmt.Sprintf(`{"Key":%q,"Value":%q}`, k, v) }
	return &tagged{organization: twoUnits(true), tags: map[string][]string{
		"01": {tag("stage", "prod") + "," + tag("team", "core")}, "02": {tag("stage", "prod"), tag("team", "core")},
		"03": {tag("stage", "prod")}, "04": {tag("Stage", "prod") + "," + tag("team", "core")}, "05": {""},
	}}
}

func (o *tagged) accounts(t *testing.T, s org.Source) (all []org.Account, err error) {
	synctest.Test(t, func(t *testing.T) {
		s.Base, s.MemberRoleName = awstest.Config(o, "eu-west-1"), "r"
		all, err = s.Accounts(t.Context())
	})
	return all, err
}

func TestAnAccountMustHaveAllOfTheTags(t *testing.T) {
	for _, c := range []struct {
		name  string
		s     org.Source
		want  string // the last digits
		asked string
	}{
		{"no tag is all, and nobody is asked", org.Source{}, "01 02 03 04 05", ""},
		{"one tag", org.Source{Tags: []string{"stage=prod"}}, "01 02 03", "01 02 03 04 05"},
		{"two tags, one on the second page", org.Source{Tags: []string{"team=core", "stage=prod"}}, "01 02", "01 02 03 04 05"},
		{"in units, and not what is excluded", org.Source{Tags: []string{"stage=prod"}, OUs: []string{shop},
			Excluded: []string{"404455566602"}}, "03", "03 04"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newTagged()
			got, err := o.accounts(t, c.s)
			if err != nil {
				t.Fatal(err)
			}
			var have []string
			for _, id := range ids(got) {
				have = append(have, id[10:])
			}
			if diff := cmp.Diff(strings.Fields(c.want), have); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			for _, id := range strings.Fields("01 02 03 04 05") {
				if asked := strings.Contains(strings.Join(o.asked, " "), id); asked != strings.Contains(c.asked, id) {
					t.Errorf("%s: asked is %t", id, asked)
				}
			}
		})
	}
}

// TestTagsThatCannotBeReadEndTheRun: an account whose tags are not known is neither in nor out.
func TestTagsThatCannotBeReadEndTheRun(t *testing.T) {
	o := newTagged()
	o.refuses = true
	_, err := o.accounts(t, org.Source{Tags: []string{"stage=prod"}})
	var denied *org.DeniedError
	if !errors.As(err, &denied) || !strings.Contains(err.Error(), "ListTagsForResource") {
		t.Errorf("got %v", err)
	}
	_, err = newTagged().accounts(t, org.Source{Tags: []string{"stage=test"}})
	var none *org.NoAccountsError
	if !errors.As(err, &none) || !strings.Contains(err.Error(), "5 without ACCOUNT_TAGS (AccountTags)") {
		t.Errorf("got %v", err)
	}
	_, err = newTagged().accounts(t, org.Source{Tags: []string{"stage"}})
	var invalid *org.SelectionError
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), `"stage" is no tag: key=value`) {
		t.Errorf("got %v", err)
	}
}
