package run_test

import (
	"cmp"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

func TestAnAccountThatIsNotActiveKeepsItsEntities(t *testing.T) {
	for _, state := range []string{"SUSPENDED", "PENDING_CLOSURE", "CLOSED", "PENDING_ACTIVATION"} {
		t.Run(state, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				before := s.catalog()
				s.world.SetState(prod, state)
				s.world.SetState("444444444444", state) // new, and never entered
				s.world.Remove(dev, "s3", ireland, "bare-22")
				delete(before, "bucket/bare-22")
				r := s.run()
				reason := map[string]string{"SUSPENDED": "Suspended", "PENDING_CLOSURE": "Closed", "CLOSED": "Closed"}[state]
				reason = cmp.Or(reason, "NotActive")
				s.frozen(r, prod+" unread "+reason+" 0", "444444444444 unread "+reason+" 0")
				s.swept(r, swept{Deleted: []string{"bucket/bare-22: gone"}})
				s.equal(before)
			})
		})
	}
}

func TestAnAccountThatWasNeverEnteredHasAnEntity(t *testing.T) {
	play(t, func(s *scene) {
		s.world.Fault(rule{Account: dev, Operation: "sts:AssumeRole", Fail: awstest.Deny})
		s.frozen(s.run(), dev+" denied RoleDenied 0")
		if have := s.catalog(); have["account/"+dev].Title == "" || len(have) != 3+11 {
			t.Errorf("%d entities; that of the account: %+v", len(have), have["account/"+dev])
		}
	})
}

func TestAnAccountThatIsNotListedAnyMoreIsFrozen(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		before := s.catalog()
		s.world.SetState(prod, "")
		s.world.Remove(dev, "s3", ireland, "bare-22")
		delete(before, "bucket/bare-22")
		r := s.run()
		s.frozen(r, prod+" unread AccountLeft 0")
		s.swept(r, swept{Deleted: []string{"bucket/bare-22: gone"}})
		s.equal(before)
		s.world.SetState(prod, "ACTIVE")
		s.world.Remove(prod, "s3", ireland, "bare-11")
		r = s.run()
		s.frozen(r)
		s.converged()
		s.wrote(writes{Deleted: 1})
	})
}

// list puts a list of roles where the state is.
func (s *scene) list(text string) {
	_, err := s.store.Put(s.Context(), run.AccountsList, []byte(text), ledger.Condition{})
	s.must(err)
}

func TestAListOfRolesTakesThePlaceOfTheOrganization(t *testing.T) {
	play(t, func(s *scene) {
		s.list(`["arn:aws:iam::` + dev + `:role/reader"]`)
		s.run()
		if have := s.catalog(); len(have) != 1+11 || have["account/"+dev].Title == "" {
			t.Errorf("%d entities: %v", len(have), have)
		}
		if n := s.world.Count(rule{Operation: "organizations:ListAccounts"}); n > 0 {
			t.Errorf("the organization was listed %d times", n)
		}
		s.list(`["arn:aws:iam::` + dev + `:role/reader", "arn:aws:iam::` + prod + `:role/reader"]`)
		s.run()
		if have := s.catalog(); len(have) != 2+22 {
			t.Errorf("with one more, %d entities", len(have))
		}
	})
}

func TestAListOfRolesThatIsNoneEndsTheRunBeforeItBegins(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		before := s.catalog()
		for _, text := range []string{`{}`, `[]`, `["reader"]`, `not JSON`,
			`["arn:aws:iam::` + dev + `:role/reader", "arn:aws:iam::` + dev + `:role/other"]`} {
			s.list(text)
			if err := s.fails("SelectionInvalid"); !strings.Contains(err.Error(), "accounts.json") {
				t.Errorf("%s: %v", text, err)
			}
		}
		s.equal(before)
	})
}
