package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// covered gives the integration the mapping of all kinds and our own, each property by its name.
func covered(s *scene, runs string) object {
	blueprintOf := func(name string, keys ...string) (object, object) {
		schema, properties := object{}, object{}
		for _, key := range keys {
			schema[key], properties[key] = object{"type": "string"}, ".Properties."+key+" | tojson"
		}
		return object{"identifier": name, "title": name, "schema": object{"properties": schema}, "relations": object{}}, properties
	}
	seen, see := blueprintOf("coverage", "Name", "Verdict", "Reason", "Message", "Since", "RoleReachable", "Entities", "Holds",
		"RegionsRead", "RegionsDenied", "RegionsNotEnabled", "KindsAsked", "KindsComplete")
	ran, ranWith := blueprintOf("run", "Trigger", "Verdict", "Began", "Ended", "Seconds", "Accounts", "AccountsComplete", "Entities",
		"Created", "Updated", "Unchanged", "Deleted", "Held", "AwsCalls", "PortCalls", "EstimatedCostUsd")
	s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{seen, ran}}))
	ofAccount := block("PortAwsSync::Account", "coverage", ".Properties.Id", see)
	ofRun := block("PortAwsSync::Run", "run", runs, ranWith)
	for _, b := range []object{ofAccount, ofRun} {
		delete(b["port"].(object)["entity"].(object)["mappings"].(object), "relations")
	}
	return config(accounts(), instances(), buckets(), clusters(), topics(), ofAccount, ofRun)
}

// having returns the entities of a blueprint.
func (s *scene) having(blueprint string) map[string]object {
	all := map[string]object{}
	for key, e := range s.catalog() {
		if id, ok := strings.CutPrefix(key, blueprint+"/"); ok {
			all[id] = e.Properties
		}
	}
	return all
}

func TestTheCatalogSaysWhatCouldBeSeenOfEachAccount(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(covered(s, `"the last"`))
		s.run()
		first := s.having("coverage")
		want := object{"Name": `"account 111111111111"`, "Verdict": `"complete"`, "Reason": "null", "Message": "null",
			"RoleReachable": "true", "Entities": "12", "Holds": "0", "RegionsRead": `["eu-west-1","us-east-2"]`, "RegionsDenied": "[]",
			"RegionsNotEnabled": "[]", "KindsAsked": "5", "KindsComplete": "5", "Since": first[prod]["Since"]}
		if diff := cmp.Diff(want, first[prod]); diff != "" || len(first) != 3 {
			t.Errorf("%d accounts, prod (-want +got):\n%s", len(first), diff)
		}
		s.run()
		s.wrote(writes{Updated: 1}) // the last run
		if diff := cmp.Diff(first, s.having("coverage")); diff != "" {
			t.Errorf("what has not changed (-before +after):\n%s", diff)
		}
		lift := s.world.Fault(rule{Account: prod, Region: ohio, Fail: awstest.SCP})
		s.runWith(ledger.Options{Accounts: []string{dev}})
		if diff := cmp.Diff(first, s.having("coverage")); diff != "" {
			t.Errorf("what was not asked about (-before +after):\n%s", diff)
		}
		s.run()
		got := s.having("coverage")[prod]
		maps.Copy(want, object{"Verdict": `"denied"`, "Reason": `"SCP"`, "RegionsRead": `["eu-west-1"]`, "RegionsDenied": `["us-east-2"]`,
			"KindsComplete": "1", "Since": got["Since"], "Message": got["Message"]})
		if diff := cmp.Diff(want, got); diff != "" || got["Since"] == first[prod]["Since"] || got["Message"] == "null" {
			t.Errorf("where a policy forbids a region (-want +got):\n%s", diff)
		}
		s.run()
		s.wrote(writes{Updated: 1})
		lift()
		s.world.Fault(rule{Account: prod, Operation: "sts:AssumeRole", Fail: awstest.Deny})
		s.run()
		if got := s.having("coverage")[prod]; got["Reason"] != `"RoleDenied"` || got["RoleReachable"] != "false" || got["KindsComplete"] != "1" {
			t.Errorf("where no role lets us in: %v", got)
		}
	})
}

func TestTheCatalogHasTheLastRuns(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(covered(s, ".Properties.Id"))
		s.run()
		s.world.Remove(dev, "s3", ireland, "bare-22")
		s.run()
		two := s.having("run")["run-2"]
		for key, want := range map[string]string{"Trigger": `"manual"`, "Verdict": `"complete"`, "Accounts": "3", "AccountsComplete": "3",
			"Entities": "24", "Created": "0", "Unchanged": "24", "Deleted": "1", "Held": "0"} {
			if two[key] != want {
				t.Errorf("%s is %v, want %s", key, two[key], want)
			}
		}
		for range 12 {
			s.run()
		}
		have := slices.Sorted(maps.Keys(s.having("run")))
		if len(have) < 10 || len(have) > 12 || slices.Contains(have, "run-2") || !slices.Contains(have, "run-14") {
			t.Errorf("there is %q", have)
		}
		s.wrote(writes{Created: 1, Deleted: 1})
	})
}

func TestOurOwnKindsComeAndGoWithTheMapping(t *testing.T) {
	play(t, func(s *scene) {
		with := covered(s, ".Properties.Id")
		s.run()
		s.wrote(writes{Created: 25}) // a mapping may leave them out
		s.remap(with)
		before := s.catalog()
		s.nothingWritten(func() string { return s.runWith(ledger.Options{DryRun: true}).Run })
		s.run()
		if n := len(s.catalog()) - len(before); n != 4 {
			t.Errorf("%d new entities", n)
		}
		s.world.SetState(lab, "")
		s.run()
		time.Sleep(8 * day)
		s.run() // what lab had goes, and is all that there was of it
		s.run()
		s.run()
		if have := s.having("coverage"); have[lab] != nil || len(have) != 2 {
			t.Errorf("there is coverage of %v", slices.Sorted(maps.Keys(have)))
		}
		s.remap(mapping())
		s.run()
		if left := len(s.having("coverage")) + len(s.having("run")); left > 0 {
			t.Errorf("%d are left", left)
		}
		s.run()
		s.wrote(writes{})
	})
}
