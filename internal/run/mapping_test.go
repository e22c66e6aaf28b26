package run_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
)

func TestAnEntityGoesWhenItsResourceYieldsItNoMore(t *testing.T) {
	all := func(id ...string) (lines []string) {
		for _, i := range id {
			lines = append(lines, "instance/"+i)
		}
		return lines
	}
	prodAndDev := all("i-11-0", "i-11-1", "i-11-2", "i-11-far", "i-22-0", "i-22-1", "i-22-2", "i-22-far")
	owned := object{"resources": []any{accounts(),
		selecting(instances(), `.Properties.Tags | map(.Key) | index("hidden") == null`)}}
	byOwner := object{"resources": []any{accounts(),
		maps(instances(), "identifier", `.Properties.InstanceId + (first(.Properties.Tags[]? | select(.Key == "suffix") | .Value) // "")`)}}
	byKind := object{"resources": []any{accounts(), maps(maps(instances(), "properties", object{}), "blueprint",
		`if (.Properties.Tags | map(.Key) | index("hidden")) == null then "instance" else "topic" end`)}}
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
		{"the resource's own change: another identifier", byOwner, nil,
			func(s *scene) { s.world.Put(prod, "ec2", ireland, "i-11-0", "suffix=-b") },
			"identifier changed", all("i-11-0"), "instance/i-11-0-b"},
		{"the resource's own change: another blueprint", byKind, nil,
			func(s *scene) { s.world.Put(prod, "ec2", ireland, "i-11-0", "hidden=1") },
			"blueprint changed", all("i-11-0"), "topic/i-11-0"},
		{"the mapping's change: another selector", owned,
			object{"resources": []any{accounts(), selecting(instances(), `.__ExtraContext.Region == "us-east-2"`)}}, nil,
			"mapping changed", all("i-11-0", "i-11-1", "i-11-2", "i-22-0", "i-22-1", "i-22-2"), ""},
		{"the mapping's change: another identifier", owned,
			object{"resources": []any{accounts(), maps(instances(), "identifier", `"x-" + .Properties.InstanceId`)}}, nil,
			"mapping changed", prodAndDev, "instance/x-i-11-0"},
		{"the mapping's change: one of two blocks is removed",
			object{"resources": []any{accounts(), selecting(instances(), `.__ExtraContext.Region == "us-east-2"`),
				selecting(instances(), `.__ExtraContext.Region == "eu-west-1"`)}},
			object{"resources": []any{accounts(), selecting(instances(), `.__ExtraContext.Region == "us-east-2"`)}}, nil,
			"mapping changed", all("i-11-0", "i-11-1", "i-11-2", "i-22-0", "i-22-1", "i-22-2"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				c.before["entityDeletionThreshold"] = 1
				s.remap(c.before)
				s.run()
				if c.after != nil {
					c.after["entityDeletionThreshold"] = 1
					s.remap(c.after)
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
		"a block inserted before the others": {"resources": []any{selecting(topics(), "false"), accounts(), instances(), buckets(), clusters(), topics()}},
		"blocks in another order":            {"resources": []any{topics(), clusters(), buckets(), instances(), accounts()}},
		"a selector that takes the same":     {"resources": []any{accounts(), selecting(instances(), ".Type != null"), buckets(), clusters(), topics()}},
		"a block said twice":                 {"resources": []any{accounts(), instances(), buckets(), buckets(), clusters(), topics()}},
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

func TestAKindThatLeavesTheMappingIsNotProvedGone(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.remap(object{"resources": []any{accounts(), instances(), buckets(), clusters()}})
		s.world.Remove(prod, "sns", ireland, "alerts-11")
		before := s.catalog()
		r := s.run()
		s.equal(before)
		s.swept(r, swept{})
		s.remap(mapping())
		s.run()
		s.converged()
	})
}

func TestTheRegionPolicyDecidesWhatIsAsked(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		far := instances()
		far["selector"] = object{"query": "true", "regionPolicy": object{"deny": []any{ohio}}}
		s.remap(object{"resources": []any{accounts(), far, buckets(), clusters(), topics()}})
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		before := s.catalog()
		asked := s.world.Count(awstest.Rule{Region: ohio, Operation: "ec2:DescribeInstances"})
		r := s.run()
		s.equal(before) // not asked is not gone
		s.swept(r, swept{})
		if n := s.world.Count(awstest.Rule{Region: ohio, Operation: "ec2:DescribeInstances"}); n != asked {
			t.Errorf("asked %d times in a denied region", n-asked)
		}
	})
}

// crowd gives prod n more instances, c-0 … c-n.
func (s *scene) crowd(n int) {
	s.world.PageSize = 50
	for i := range n {
		s.world.Put(prod, "ec2", ireland, fmt.Sprintf("c-%02d", i))
	}
}

func (s *scene) disperse(n int) (lines []string) {
	for i := range n {
		s.world.Remove(prod, "ec2", ireland, fmt.Sprintf("c-%02d", i))
		lines = append(lines, fmt.Sprintf("instance/c-%02d: gone", i))
	}
	return lines
}

func with(lines []string, suffix string) (all []string) {
	for _, l := range lines {
		all = append(all, l+suffix)
	}
	return all
}

func TestTheGuardHoldsAGreatLossUntilALaterRunProvesItAgain(t *testing.T) {
	for _, c := range []struct {
		name       string
		have, lose int
		held       bool
	}{
		{"twenty of twenty-four are few enough", 20, 20, false},
		{"twenty-one of twenty-five are too many", 21, 21, true},
		{"twenty-one of seventy are no great share", 66, 21, false},
		{"twenty-two of seventy are one", 66, 22, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.crowd(c.have)
				s.run()
				lost := s.disperse(c.lose)
				s.world.Remove(dev, "ec2", ohio, "i-22-far") // another account's, and not held
				lines := []string{"instance/i-22-far: gone"}
				r := s.run()
				if !c.held {
					s.swept(r, swept{Deleted: append(lost, lines...)})
					s.converged()
					return
				}
				s.swept(r, swept{Deleted: lines, Held: with(lost, ", Guard")})
				r = s.run() // half an hour later
				s.swept(r, swept{Held: with(lost, ", Guard")})
				time.Sleep(30 * time.Minute)
				r = s.run()
				s.swept(r, swept{Deleted: lost})
				s.converged()
			})
		})
	}
}

func TestAHeldEntityThatComesBackIsAsIfNothingHadBeen(t *testing.T) {
	play(t, func(s *scene) {
		s.crowd(21)
		s.run()
		lost := s.disperse(21)
		s.run()
		s.crowd(21)
		r := s.run()
		s.swept(r, swept{})
		s.wrote(writes{})
		time.Sleep(2 * time.Hour)
		s.disperse(21)
		r = s.run() // what was proved before it came back proves nothing now
		s.swept(r, swept{Held: with(lost, ", Guard")})
	})
}

func TestWhatAMappingLosesIsNeverDeletedForBeingProvedTwice(t *testing.T) {
	play(t, func(s *scene) {
		s.crowd(40)
		s.run()
		s.remap(object{"resources": []any{accounts(), selecting(instances(), `.Properties.InstanceId | startswith("i-")`),
			buckets(), clusters(), topics()}})
		var lost []string
		for i := range 40 {
			lost = append(lost, fmt.Sprintf("instance/c-%02d: mapping changed, Guard", i))
		}
		for range 3 {
			r := s.run()
			s.swept(r, swept{Held: lost})
			time.Sleep(2 * time.Hour)
		}
		s.converged()
	})
}

func TestTheEntityDeletionThresholdBoundsTheWholeRun(t *testing.T) {
	for _, c := range []struct {
		name      string
		threshold any
		held      bool
	}{
		{"0 deletes nothing", 0, true},
		{"three of twenty-five are over a tenth", 0.1, true},
		{"and not over an eighth", 0.125, false},
		{"1 deletes all that is proved", 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.remap(mapping("entityDeletionThreshold", c.threshold))
				s.run()
				s.world.Remove(prod, "s3", ireland, "bare-11")
				s.world.Remove(prod, "ec2", ohio, "i-11-far")
				s.world.Remove(dev, "ec2", ohio, "i-22-far")
				s.world.Put(dev, "ec2", ohio, "i-22-new") // what a run adds does not count
				lost := []string{"bucket/bare-11: gone", "instance/i-11-far: gone", "instance/i-22-far: gone"}
				r := s.run()
				if !c.held {
					s.swept(r, swept{Deleted: lost})
					s.converged()
					return
				}
				s.swept(r, swept{Held: with(lost, ", EntityDeletionThreshold")})
				time.Sleep(24 * time.Hour)
				r = s.run()
				s.swept(r, swept{Held: with(lost, ", EntityDeletionThreshold")})
				s.remap(mapping("entityDeletionThreshold", 1))
				s.run()
				s.converged()
			})
		})
	}
}

func TestReasonsAreSaidInTheReportForPeople(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		text := s.run().Text()
		lines := strings.Split(text, "\n")
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "bare-11") && strings.Contains(l, "gone") }) {
			t.Errorf("the report does not say why bare-11 went:\n%s", text)
		}
	})
}
