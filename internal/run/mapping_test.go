package run_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestAnEntityGoesWhenItsResourceYieldsItNoMore(t *testing.T) {
	all := func(id ...string) (lines []string) {
		for _, i := range id {
			lines = append(lines, "instance/"+i)
		}
		return lines
	}
	prodAndDev := all("i-11-0", "i-11-1", "i-11-2", "i-11-far", "i-22-0", "i-22-1", "i-22-2", "i-22-far")
	far := func() object { return selecting(instances(), `.__ExtraContext.Region == "us-east-2"`) }
	near := func() object { return selecting(instances(), `.__ExtraContext.Region == "eu-west-1"`) }
	owned := config(accounts(),
		selecting(instances(), `.Properties.Tags | map(.Key) | index("hidden") == null`))
	bySuffix := config(accounts(), change(instances(), "identifier",
		`.Properties.InstanceId + (first(.Properties.Tags[]? | select(.Key == "suffix") | .Value) // "")`))
	byKind := config(accounts(), change(change(instances(), "properties", object{}), "blueprint",
		`if (.Properties.Tags | map(.Key) | index("hidden")) == null then "instance" else "topic" end`))
	for _, c := range []struct {
		name        string
		before      object
		after       object // nil: the mapping stays
		change      func(*scene)
		reason      string
		gone        []string
		alsoCreated string
	}{
		{"the resource's own change: its selector stops matching", owned, nil,
			func(s *scene) { s.world.Put(prod, "ec2", ireland, "i-11-0", "hidden=1") },
			"no longer selected", all("i-11-0"), ""},
		{"the resource's own change: another identifier", bySuffix, nil,
			func(s *scene) { s.world.Put(prod, "ec2", ireland, "i-11-0", "suffix=-b") },
			"identifier changed", all("i-11-0"), "instance/i-11-0-b"},
		{"the resource's own change: another blueprint", byKind, nil,
			func(s *scene) { s.world.Put(prod, "ec2", ireland, "i-11-0", "hidden=1") },
			"blueprint changed", all("i-11-0"), "topic/i-11-0"},
		{"the mapping's change: another selector", owned,
			config(accounts(), far()), nil,
			"mapping changed", all("i-11-0", "i-11-1", "i-11-2", "i-22-0", "i-22-1", "i-22-2"), ""},
		{"the mapping's change: another identifier", owned,
			config(accounts(), change(instances(), "identifier", `"x-" + .Properties.InstanceId`)), nil,
			"mapping changed", prodAndDev, "instance/x-i-11-0"},
		{"the mapping's change: one of two blocks is removed",
			config(accounts(), far(), near()),
			config(accounts(), far()), nil,
			"mapping changed", all("i-11-0", "i-11-1", "i-11-2", "i-22-0", "i-22-1", "i-22-2"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				unbound := func(config object) { // cases share theirs
					config = maps.Clone(config)
					config["entityDeletionThreshold"] = 1
					s.remap(config)
				}
				unbound(c.before)
				s.run()
				if c.after != nil {
					unbound(c.after)
				}
				if c.change != nil {
					c.change(s)
				}
				r := s.run()
				var want []string
				for _, e := range c.gone {
					want = append(want, e+": "+c.reason)
				}
				s.swept(r, swept{Deleted: want})
				s.frozen(r)
				have := s.catalog()
				for _, e := range c.gone {
					if _, still := have[e]; still {
						t.Errorf("%s is still there", e)
					}
				}
				if _, made := have[c.alsoCreated]; c.alsoCreated != "" && !made {
					t.Errorf("%s is not there", c.alsoCreated)
				}
				s.run()
				s.wrote(writes{})
			})
		})
	}
}

func TestAMappingThatOnlyGrowsOrMovesDeletesNothing(t *testing.T) {
	for name, after := range map[string]object{
		"a block inserted before the others": config(
			selecting(topics(), "false"), accounts(), instances(), buckets(), clusters(), topics()),
		"blocks in another order": config(topics(), clusters(), buckets(), instances(), accounts()),
		"a selector that takes the same": config(
			accounts(), selecting(instances(), ".Type != null"), buckets(), clusters(), topics()),
		"a block said twice": config(
			accounts(), instances(), buckets(), buckets(), clusters(), topics()),
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.remap(after)
				r := s.run()
				s.converged()
				s.swept(r, swept{})
				s.wrote(writes{})
			})
		})
	}
}

func TestAKindThatLeavesTheMappingGoesByConfigurationWhereWeWereLetIn(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.remap(config(accounts(), instances(), buckets(), clusters()))
		before := s.catalog()
		lift := s.world.Fault(rule{Account: prod, Operation: "sts:AssumeRole", Fail: awstest.Deny})
		r := s.run()
		theirs := []string{"topic/arn:aws:sns:eu-west-1:222222222222:alerts-22", "topic/arn:aws:sns:us-east-2:222222222222:news-22"}
		s.swept(r, swept{Deleted: with(theirs, ": kind no longer mapped")})
		for _, one := range theirs {
			delete(before, one)
		}
		s.equal(before)
		lift()
		s.swept(s.runWith(ledger.Options{Kinds: []string{"AWS::EC2::Instance"}}), swept{}) // topics are not asked about
		s.run()
		if have := s.catalog(); len(have) != 25-4 {
			t.Errorf("%d entities", len(have))
		}
		s.remap(mapping())
		s.run()
		s.converged()
	})
}

func TestWhatARunLeavesOutStaysThoughItIsNoLongerMapped(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.remap(config(accounts(), instances(), buckets(), clusters()))
		s.runWith(ledger.Options{Regions: []string{ireland}})
		for topic, want := range map[string]bool{"eu-west-1:222222222222:alerts-22": false, "us-east-2:222222222222:news-22": true} {
			if _, there := s.catalog()["topic/arn:aws:sns:"+topic]; there != want {
				t.Errorf("%s is there: %t", topic, there)
			}
		}
	})
}

// The regions of a block say nothing of a kind that has none.
func TestAFrozenBlockWithRegionsKeepsWhatItsGlobalKindYielded(t *testing.T) {
	play(t, func(s *scene) {
		first, second := buckets(), block("AWS::S3::Bucket", "topic", ".Properties.BucketName", object{})
		for _, b := range []object{first, second} {
			b["selector"] = object{"query": "true", "regionPolicy": object{"allow": []any{ireland}}}
		}
		s.remap(config(accounts(), first, second))
		s.run()
		before := len(s.catalog())
		s.port.RemoveBlueprint("topic")
		s.swept(s.run(), swept{})
		s.must(s.port.Seed(porttest.Seed{Blueprints: blueprints()}))
		s.run()
		if have := len(s.catalog()); have != before {
			t.Errorf("%d entities, and there were %d", have, before)
		}
	})
}

func TestTheRegionPolicyDecidesWhatIsAsked(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		far := instances()
		far["selector"] = object{"query": "true", "regionPolicy": object{"deny": []any{ohio}}}
		s.remap(config(accounts(), far, buckets(), clusters(), topics()))
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		before := s.catalog()
		asked := s.world.Count(rule{Region: ohio, Operation: "ec2:DescribeInstances"})
		r := s.run()
		s.swept(r, swept{Deleted: []string{"instance/i-11-far: region no longer mapped", "instance/i-22-far: region no longer mapped"}})
		delete(before, "instance/i-11-far")
		delete(before, "instance/i-22-far")
		s.equal(before)
		if n := s.world.Count(rule{Region: ohio, Operation: "ec2:DescribeInstances"}); n != asked {
			t.Errorf("asked %d times in a denied region", n-asked)
		}
	})
}

func TestReasonsAreSaidInTheReportForPeople(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		text := s.run().Text()
		said := func(l string) bool { return strings.Contains(l, "bare-11") && strings.Contains(l, "gone") }
		if !slices.ContainsFunc(strings.Split(text, "\n"), said) {
			t.Errorf("the report does not say why bare-11 went:\n%s", text)
		}
	})
}

func TestAResourceThatCannotBeMappedProtectsItsOwnEntityOnly(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(config(accounts(), change(instances(), "identifier",
			`if any(.Properties.Tags[]?; .Key == "broken") then error("no") else .Properties.InstanceId end`)))
		s.run()
		s.world.Put(prod, "ec2", ireland, "i-11-0", "broken=1")
		s.world.Put(prod, "ec2", ireland, "i-11-new", "broken=1")
		s.world.Remove(prod, "ec2", ireland, "i-11-1")
		before := s.catalog()
		delete(before, "instance/i-11-1")
		r := s.run()
		s.equal(before)
		s.swept(r, swept{Deleted: []string{"instance/i-11-1: gone"}})
		s.frozen(r, prod+" listed NotMapped 1")
		if diff := cmp.Diff([]string{"NotMapped: i-11-0", "NotMapped: i-11-new"}, problems(r)); diff != "" {
			t.Errorf("problems (-want +got):\n%s", diff)
		}
		s.world.Remove(prod, "ec2", ireland, "i-11-0")
		s.swept(s.run(), swept{Deleted: []string{"instance/i-11-0: gone"}})
	})
}

func TestAnEntityThatPortFindsByASearchIsNeverDeleted(t *testing.T) {
	play(t, func(s *scene) {
		s.must(s.port.Create(porttest.Entity{Blueprint: "service", Identifier: "shop", Title: "logs-11"}))
		found := block("AWS::S3::Bucket", "service", "", object{"note": ".Properties.BucketName"})
		change(found, "identifier", object{"combinator": `"and"`, "rules": []any{
			object{"property": `"$title"`, "operator": `"="`, "value": ".Properties.BucketName"}}})
		delete(found["port"].(object)["entity"].(object)["mappings"].(object), "relations")
		found = selecting(found, `.Properties.BucketName == "logs-11"`)
		s.remap(object{"entityDeletionThreshold": 1, "resources": []any{accounts(), found}})
		s.run()
		if note := s.catalog()["service/shop"].Properties["note"]; note != "logs-11" {
			t.Errorf("note %v", note)
		}
		s.run()
		s.wrote(writes{})
		s.world.Remove(prod, "s3", ireland, "logs-11")
		r := s.run()
		s.swept(r, swept{})
		if _, there := s.catalog()["service/shop"]; !there || r.Candidates != 0 {
			t.Errorf("there: %t, candidates: %d", there, r.Candidates)
		}
	})
}
