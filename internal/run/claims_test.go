package run_test

import (
	"fmt"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func (s *scene) relatesTo(entity, account string) {
	s.Helper()
	if got := s.catalog()[entity].Relations["account"]; got != account {
		s.Errorf("%s is of account %v, want %s", entity, got, account)
	}
}

func TestAResourceThatMovesToAnotherAccountIsNotDeleted(t *testing.T) {
	for _, way := range [][2]string{{prod, dev}, {dev, prod}} {
		t.Run(way[0]+" to "+way[1], func(t *testing.T) {
			play(t, func(s *scene) {
				s.world.Put(way[0], "s3", ireland, "moving", "team=core")
				s.run()
				s.world.Remove(way[0], "s3", ireland, "moving")
				s.world.Put(way[1], "s3", ireland, "moving", "team=core")
				r := s.run()
				s.swept(r, swept{})
				s.converged()
				s.run()
				s.converged() // with the value of its new account, whoever wrote last
				s.run()
				s.wrote(writes{})
				s.world.Remove(way[1], "s3", ireland, "moving")
				r = s.run() // the claim that is left has inherited that we made it
				s.swept(r, swept{Deleted: []string{"bucket/moving: gone"}})
				s.converged()
			})
		})
	}
}

func TestAnEntityGoesWithItsLastClaim(t *testing.T) {
	both := func(s *scene) {
		s.world.Put(prod, "s3", ireland, "shared", "team=core")
		s.world.Put(dev, "s3", ireland, "shared", "team=core")
		s.run()
	}
	gone := []string{"bucket/shared: gone"}
	t.Run("two accounts let it go at once: it is deleted once", func(t *testing.T) {
		play(t, func(s *scene) {
			both(s)
			s.world.Remove(prod, "s3", ireland, "shared")
			s.world.Remove(dev, "s3", ireland, "shared")
			s.swept(s.run(), swept{Deleted: gone})
			s.converged()
			s.swept(s.run(), swept{})
			s.wrote(writes{})
		})
	})
	t.Run("one lets it go: the other's value is written", func(t *testing.T) {
		play(t, func(s *scene) {
			both(s)
			s.world.Remove(prod, "s3", ireland, "shared")
			s.swept(s.run(), swept{})
			s.run()
			s.converged()
			s.relatesTo("bucket/shared", dev)
			s.world.Remove(dev, "s3", ireland, "shared")
			s.swept(s.run(), swept{Deleted: gone})
			s.converged()
		})
	})
	for _, asked := range []string{prod, dev} { // one of them has made it
		t.Run("it is no longer mapped, and only one was asked: it stays until both were, "+asked, func(t *testing.T) {
			play(t, func(s *scene) {
				both(s)
				s.remap(config(accounts(), instances(), clusters(), topics()))
				s.runWith(ledger.Options{Accounts: []string{asked}})
				if _, there := s.catalog()["bucket/shared"]; !there {
					t.Error("it is gone")
				}
				s.run()
				if _, there := s.catalog()["bucket/shared"]; there {
					t.Error("it is still there")
				}
			})
		})
	}
	for name, hide := range map[string]func(*scene) (show func()){
		"that cannot be read": func(s *scene) func() {
			return s.world.Fault(rule{Account: dev, Operation: "sts:AssumeRole", Fail: awstest.Deny})
		},
		"whose list fails": func(s *scene) func() {
			return s.world.Fault(rule{Account: dev, Operation: "s3:ListBuckets", Fail: awstest.Broken})
		},
		"that is suspended": func(s *scene) func() {
			s.world.SetState(dev, "SUSPENDED")
			return func() { s.world.SetState(dev, "ACTIVE") }
		},
		"that has left": func(s *scene) func() {
			s.world.SetState(dev, "")
			return func() { s.world.SetState(dev, "ACTIVE") }
		},
	} {
		t.Run("the claim of an account "+name+" keeps it", func(t *testing.T) {
			play(t, func(s *scene) {
				both(s)
				s.world.Remove(prod, "s3", ireland, "shared")
				s.world.Remove(dev, "s3", ireland, "shared")
				kept := s.catalog()["bucket/shared"]
				show := hide(s)
				for range 2 {
					s.swept(s.run(), swept{})
					s.converged(map[string]*entity{"bucket/shared": &kept})
				}
				show()
				s.swept(s.run(), swept{Deleted: gone})
				s.converged()
			})
		})
	}
	t.Run("the claim of an account that is not asked keeps it", func(t *testing.T) {
		play(t, func(s *scene) {
			both(s)
			s.world.Remove(prod, "s3", ireland, "shared")
			s.world.Remove(dev, "s3", ireland, "shared")
			s.swept(s.runWith(ledger.Options{Accounts: []string{prod}}), swept{})
			s.swept(s.run(), swept{Deleted: gone})
			s.converged()
		})
	})
	t.Run("the claim of another kind keeps it", func(t *testing.T) {
		play(t, func(s *scene) {
			named := func(b object) object {
				b = change(change(b, "identifier", `"one"`), "blueprint", `"topic"`)
				return change(b, "properties", object{})
			}
			s.remap(object{"entityDeletionThreshold": 1, "resources": []any{
				named(selecting(buckets(), `.Properties.BucketName == "bare-11"`)),
				named(selecting(clusters(), `.Properties.ClusterName == "main-22"`)),
			}})
			s.run()
			s.world.Remove(prod, "s3", ireland, "bare-11")
			s.swept(s.run(), swept{})
			s.world.Remove(dev, "ecs", ireland, "main-22")
			s.swept(s.run(), swept{Deleted: []string{"topic/one: gone"}})
		})
	})
}

func TestAnEntityPassesFromOneResourceToAnother(t *testing.T) {
	play(t, func(s *scene) {
		named := change(instances(), "identifier", `first(.Properties.Tags[]? | select(.Key == "Name") | .Value)`)
		change(named, "properties", object{"owner": ".Properties.InstanceId"})
		s.remap(config(accounts(), selecting(named, `any(.Properties.Tags[]?; .Key == "Name")`)))
		s.world.Put(prod, "ec2", ireland, "i-11-0", "Name=web")
		s.world.Put(prod, "ec2", ireland, "i-11-1", "Name=spare")
		s.run()
		s.world.Remove(prod, "ec2", ireland, "i-11-0")
		s.world.Put(prod, "ec2", ireland, "i-11-1", "Name=web")
		r := s.run()
		s.swept(r, swept{Deleted: []string{"instance/spare: identifier changed"}})
		s.run()
		if owner := s.catalog()["instance/web"].Properties["owner"]; owner != "i-11-1" {
			t.Errorf("web is %v", owner)
		}
		s.run()
		s.wrote(writes{})
	})
}

func TestBlocksThatYieldOneEntityFromOneResourceAreMerged(t *testing.T) {
	play(t, func(s *scene) {
		owner, region := instances(), instances()
		delete(owner["port"].(object)["entity"].(object)["mappings"].(object)["properties"].(object), "region")
		change(region, "properties", object{"region": `"elsewhere"`})
		second := selecting(instances(), "true # again")
		delete(second["port"].(object)["entity"].(object)["mappings"].(object)["properties"].(object), "owner")
		s.remap(config(accounts(), owner, region, second, buckets(), clusters(), topics()))
		r := s.run()
		s.converged() // the last block's region counts
		s.wrote(writes{Created: 25})
		want := []string{"BlocksDiffer: instance/i-11-0i-11-0", "BlocksDiffer: instance/i-11-1i-11-1"}
		if got := problems(r); len(got) != 8 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("problems %q", got)
		}
		s.run()
		s.wrote(writes{})
		s.remap(config(accounts(), owner, second, buckets(), clusters(), topics()))
		s.swept(s.run(), swept{}) // another block yields it still
		s.wrote(writes{})
	})
}

func TestAnAccountsValueDoesNotWanderBetweenRuns(t *testing.T) {
	// Two accounts that yield one entity with differing values: either will do, if it stays.
	play(t, func(s *scene) {
		s.world.Put(prod, "s3", ireland, "shared", "team=core")
		s.world.Put(dev, "s3", ireland, "shared", "team=core")
		s.run()
		first := s.catalog()
		for n := range 3 {
			s.run()
			s.wrote(writes{})
			s.equal(first)
			if t.Failed() {
				t.Fatal(fmt.Sprint("run ", n))
			}
		}
	})
}

func TestTheValueOfAClaimThatStaysIsWrittenWhenTheLastWritersGoes(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(object{"resources": []any{accounts(), change(instances(), "identifier",
			`first(.Properties.Tags[]? | select(.Key == "e") | .Value) // .Properties.InstanceId`)}})
		s.world.Put(prod, "ec2", ireland, "i-one", "e=shared", "owner=prod's")
		s.run()
		s.world.Put(dev, "ec2", ireland, "i-two", "e=shared", "owner=dev's") // the last writer
		s.run()
		s.world.Remove(dev, "ec2", ireland, "i-two")
		s.run()
		s.run()
		if got := s.catalog()["instance/shared"].Properties["owner"]; got != "prod's" {
			t.Errorf("its owner is %v", got)
		}
	})
}
