package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// stamps are when each entity was last written.
func (s *scene) stamps() map[string]time.Time {
	all := map[string]time.Time{}
	for _, blueprint := range []string{"account", "instance", "bucket", "cluster", "topic"} {
		for id, e := range s.port.Entities(blueprint) {
			all[blueprint+"/"+id] = e.UpdatedAt
		}
	}
	return all
}

func TestWhatADryRunForetellsIsWhatTheRunDoes(t *testing.T) {
	for _, c := range []struct {
		name    string
		options ledger.Options
		change  func(*scene)
		says    []string
	}{
		{"new, changed and gone", ledger.Options{}, func(s *scene) {
			s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
			s.world.Put(dev, "sns", ohio, "more-22")
			s.world.Remove(dev, "ec2", ohio, "i-22-far")
		}, []string{"Would be created (1)", "new", "Would be updated (1)", "logs-11", "changed", "Would be deleted (1)", "i-22-far"}},
		{"drift", refresh, func(s *scene) { s.drift() }, []string{"differs in Port", "i-22-far", "logs-11"}},
		{"what somebody else has made", ledger.Options{}, func(s *scene) {
			s.must(s.port.Create(porttest.Entity{Blueprint: "bucket", Identifier: "theirs", Relations: object{"account": prod}}))
			s.world.Put(prod, "s3", ireland, "theirs", "team=x")
		}, []string{"Would be updated (1)", "theirs"}},
		{"what is denied", ledger.Options{Kinds: []string{"AWS::S3::Bucket"}}, func(s *scene) {
			s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
			s.world.Put(prod, "s3", ireland, "bare-11", "team=other")
			s.world.Fault(rule{Operation: "s3:GetBucketTagging", Item: "logs-11", Fail: awstest.Deny})
		}, []string{"Would be updated (1)", "bare-11"}}, // of the other it is not known
		{"the mapping", ledger.Options{}, func(s *scene) {
			s.remap(config(accounts(), change(instances(), "properties", object{"region": `"here"`}), buckets(), clusters()))
		}, []string{"Would be updated (8)", "Would be deleted (4)", "kind no longer mapped"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				c.change(s)
				dry := c.options
				dry.DryRun = true
				var said, did []string
				s.nothingWritten(func() string {
					r := s.runWith(dry)
					for _, d := range slices.Concat(r.Written, r.Deleted) {
						said = append(said, d.Outcome+" "+d.Blueprint+"/"+d.Identifier)
						if d.Reason == "" || d.Account == "" || d.Kind == "" {
							t.Errorf("it does not say why or where: %+v", d)
						}
					}
					for _, part := range c.says {
						if !strings.Contains(r.Text(), part) {
							t.Errorf("it does not say %q:\n%s", part, r.Text())
						}
					}
					return r.Run
				})
				before := s.stamps()
				s.runWith(c.options)
				after := s.stamps()
				for key, at := range after {
					if old, known := before[key]; !known {
						did = append(did, "WouldCreate "+key)
					} else if !at.Equal(old) {
						did = append(did, "WouldUpdate "+key)
					}
				}
				for key := range before {
					if _, there := after[key]; !there {
						did = append(did, "WouldDelete "+key)
					}
				}
				slices.Sort(said)
				slices.Sort(did)
				if diff := cmp.Diff(did, said); diff != "" {
					t.Errorf("-done +foretold:\n%s", diff)
				}
			})
		})
	}
}
