package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

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
				r = s.run() // an hour after the first
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
	elsewhere := instances()
	elsewhere["selector"] = object{"query": "true", "regionPolicy": object{"deny": []any{ireland}}}
	for reason, left := range map[string][]any{
		"mapping changed":         {selecting(instances(), `.Properties.InstanceId | startswith("i-")`)},
		"kind no longer mapped":   {},
		"region no longer mapped": {elsewhere},
	} {
		t.Run(reason, func(t *testing.T) {
			play(t, func(s *scene) {
				s.crowd(40)
				s.run()
				s.remap(config(append(left, accounts(), buckets(), clusters(), topics())...))
				for range 3 {
					held := 0
					for _, d := range s.run().Held {
						if strings.HasPrefix(d.Identifier, "c-") && d.Reason == reason {
							held++
						}
					}
					if held != 40 {
						t.Errorf("%d held", held)
					}
					time.Sleep(2 * time.Hour)
				}
			})
		})
	}
}

func TestWhatAWSProvedOnceIsNotProvedTwiceByAChangeOfTheMapping(t *testing.T) {
	play(t, func(s *scene) {
		s.crowd(40)
		s.run()
		lost := s.disperse(40)
		s.swept(s.run(), swept{Held: with(lost, ", Guard")})
		time.Sleep(2 * time.Hour)
		s.remap(config(accounts(), buckets(), clusters(), topics()))
		held := 0
		for _, d := range s.run().Held {
			if strings.HasPrefix(d.Identifier, "c-") {
				held++
			}
		}
		if held != 40 {
			t.Errorf("%d held", held)
		}
	})
}

func TestOnlyWhatTheGuardHeldIsProvedTwice(t *testing.T) {
	play(t, func(s *scene) {
		s.crowd(40)
		s.remap(mapping("entityDeletionThreshold", 0.1))
		s.run()
		lost := s.disperse(40)
		s.swept(s.run(), swept{Held: with(lost, ", EntityDeletionThreshold")})
		time.Sleep(2 * time.Hour)
		s.remap(unbound())
		s.swept(s.run(), swept{Held: with(lost, ", Guard")})
		time.Sleep(2 * time.Hour)
		s.swept(s.run(), swept{Deleted: lost})
	})
}

func TestWhatAMappingLostIsProvedByAWSLater(t *testing.T) {
	play(t, func(s *scene) {
		s.crowd(40)
		s.remap(unbound())
		s.run()
		s.remap(config(accounts(), buckets(), clusters(), topics()))
		s.run()
		lost := s.disperse(40)
		s.remap(unbound())
		s.swept(s.run(), swept{Held: with(lost, ", Guard")})
		time.Sleep(2 * time.Hour)
		s.swept(s.run(), swept{Deleted: lost})
	})
}

func TestAnApprovalIsNoProofWhereTheListShifted(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "ec2", ireland, "i-11-2")
		held := swept{Held: []string{"instance/i-11-2: gone, ListShifted"}}
		shift := func(newest string) {
			s.world.Put(prod, "ec2", ireland, newest+"-last")
			s.world.Fault(rule{Account: prod, Region: ireland, Operation: "ec2:DescribeInstances", Page: 2,
				Times: 1, Hook: func() { s.world.PutFirst(prod, "ec2", ireland, newest) }})
		}
		shift("i-11-new")
		first := s.run()
		s.swept(first, held)
		shift("i-11-newer")
		s.swept(s.runWith(ledger.Options{Approve: first.Run}), held)
		s.swept(s.run(), swept{Deleted: []string{"instance/i-11-2: gone"}})
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

func TestWhatARunAddsDoesNotWidenTheThreshold(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(mapping("entityDeletionThreshold", 0.118)) // between 3 of 26 and 3 of 25
		s.run()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		s.world.Remove(prod, "ec2", ohio, "i-11-far")
		s.world.Remove(dev, "ec2", ohio, "i-22-far")
		s.world.Put(dev, "ec2", ohio, "i-22-new")
		if r := s.run(); len(r.Held) != 3 || r.Recorded != 25 {
			t.Errorf("%d are held, of %d", len(r.Held), r.Recorded)
		}
	})
}
