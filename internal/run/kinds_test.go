package run_test

import (
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func TestASelectorThatAsksForWhatAKindHasNotIsReported(t *testing.T) {
	play(t, func(s *scene) {
		b := topics()
		b["selector"].(object)["includeActions"] = []any{"GetTopicTagAction", "GetTopicAttributesAction"}
		b["selector"].(object)["history"] = object{"newest": 5}
		s.remap(config(accounts(), b))
		_, err := s.engine().Discover(s.Context(), s.request(ledger.Options{}))
		s.must(err)
		planned := s.logs.String()
		text := strings.Join(s.run().Warnings, "\n")
		for _, want := range []string{
			"resources[1].selector.includeActions[0]: AWS::SNS::Topic has no action GetTopicTagAction",
			"perhaps `GetTopicTagsAction`", "resources[1].selector.history: AWS::SNS::Topic has no history",
		} {
			if !strings.Contains(text, want) || !strings.Contains(planned, want) {
				s.Errorf("no warning %q in\n%s\nor in\n%s", want, text, planned)
			}
		}
		if strings.Contains(text, "includeActions[1]") {
			s.Errorf("a name of Ocean's that changes nothing is reported:\n%s", text)
		}
	})
}

// What Organizations says of accounts was heard in discovery: the kind takes no call of its own.
func TestAccountsOfTheOrganizationAreAsDiscoveryHeardOfThem(t *testing.T) {
	play(t, func(s *scene) {
		b := block("AWS::Organizations::Account", "account", ".Properties.Id", object{})
		s.remap(config(change(b, "relations", object{})))
		r := s.run()
		got := []string{}
		for key := range s.catalog() {
			got = append(got, key)
		}
		if r.Verdict != "complete" || len(got) != 3 {
			s.Errorf("%s: %v", r.Verdict, got)
		}
		for action, n := range r.Calls.ByAction {
			s.Errorf("%d calls of %s", n, action)
		}
	})
}

// Nobody can enter an account that is not active, but Organizations goes on to speak of it. What
// discovery knows only of accounts that can be entered stays as it was.
func TestOrganizationsDescribesAccountsThatAreNotActive(t *testing.T) {
	play(t, func(s *scene) {
		b := block("AWS::Organizations::Account", "topic", ".Properties.Id", object{"display": ".Properties.State"})
		s.remap(config(accounts(), change(b, "relations", object{}), buckets()))
		s.frozen(s.run())
		before := s.catalog()
		s.world.SetState(prod, "SUSPENDED")
		s.world.Remove(prod, "s3", ireland, "bare-11")
		r := s.run()
		s.frozen(r, prod+" unread Suspended 0")
		s.swept(r, swept{})
		suspended := before["topic/"+prod]
		suspended.Properties = object{"display": "SUSPENDED"}
		before["topic/"+prod] = suspended
		s.equal(before)
		s.world.SetState(prod, "ACTIVE")
		s.swept(s.run(), swept{Deleted: []string{"bucket/bare-11: gone"}})
	})
}

// A kind that is in no list of ours does not stop a run, where Other knows it.
func TestAKindOfNoListIsServedByOther(t *testing.T) {
	play(t, func(s *scene) {
		e := s.engine()
		e.Other = func(name string) (kind.Kind, bool) {
			k := kind.Kind{Name: name, Scope: kind.Hub, List: e.Kinds[0].List}
			return k, name == "AWS::Some::Type"
		}
		s.remap(config(accounts(), block("AWS::Some::Type", "topic", `.Type + ".x"`, object{})))
		d, err := e.Discover(s.Context(), s.request(ledger.Options{}))
		s.must(err)
		if len(d.Accounts) != 3 {
			s.Errorf("%d accounts", len(d.Accounts))
		}
	})
}
