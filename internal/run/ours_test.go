package run_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestOnlyWhatWeMadeIsDeleted(t *testing.T) {
	const id = "logs-11"
	person := porttest.Entity{Blueprint: "bucket", Identifier: id, Title: "a person's",
		Relations: object{"account": prod}}
	others := func(s *scene, agent string) {
		e := s.port.Entities("bucket")[id]
		e.Datasource, e.UpdatedBy = agent, "somebody"
		e.UpdatedAt = time.Now()
		s.must(s.port.Seed(porttest.Seed{Entities: []porttest.Entity{e}}))
	}
	// id's resource goes; what happened before that decides.
	for _, c := range []struct {
		name   string
		before func(*scene) // before our first run
		after  func(*scene) // after it
		want   swept
	}{
		{"we made it", nil, nil, swept{Deleted: []string{"bucket/logs-11: gone"}}},
		{"a person made it before us, and we wrote over it",
			func(s *scene) {
				s.must(s.port.Create(porttest.Entity{Blueprint: "account", Identifier: prod}))
				s.must(s.port.Create(person))
				time.Sleep(time.Minute)
			}, nil, swept{Released: []string{"bucket/logs-11: gone, MadeByOthers"}}},
		{"a person deleted ours and made their own", nil,
			func(s *scene) {
				s.must(s.port.Remove("bucket", id))
				s.must(s.port.Create(person))
			}, swept{Released: []string{"bucket/logs-11: gone, WrittenByOthers"}}},
		{"a person deleted ours and made their own, and we wrote over that", nil,
			func(s *scene) {
				s.must(s.port.Remove("bucket", id))
				s.must(s.port.Create(person))
				s.world.Put(prod, "s3", ireland, id, "team=other")
				s.run()
			}, swept{Released: []string{"bucket/logs-11: gone, MadeByOthers"}}},
		{"a person edited ours", nil,
			func(s *scene) {
				s.must(s.port.Edit("bucket", id, func(e *porttest.Entity) { e.Title = "mine" }))
			}, swept{Released: []string{"bucket/logs-11: gone, WrittenByOthers"}}},
		{"a person edited ours, and we wrote over that", nil,
			func(s *scene) {
				s.must(s.port.Edit("bucket", id, func(e *porttest.Entity) { e.Title = "mine" }))
				s.world.Put(prod, "s3", ireland, id, "team=other")
				s.run()
			}, swept{Deleted: []string{"bucket/logs-11: gone"}}},
		{"another integration of ours wrote it", nil,
			func(s *scene) { others(s, "port-ocean/aws-v3/1.0.0/other/exporter") },
			swept{Released: []string{"bucket/logs-11: gone, WrittenByOthers"}}},
		{"an integration of another type wrote it", nil,
			func(s *scene) { others(s, "port-ocean/aws/1.0.0/"+integration+"/exporter") },
			swept{Released: []string{"bucket/logs-11: gone, WrittenByOthers"}}},
		{"another version of us wrote it", nil,
			func(s *scene) { others(s, "port-ocean/aws-v3/9.9.9/"+integration+"/exporter") },
			swept{Deleted: []string{"bucket/logs-11: gone"}}},
		{"a person deleted it", nil,
			func(s *scene) { s.must(s.port.Remove("bucket", id)) },
			swept{Deleted: []string{"bucket/logs-11: gone, AlreadyGone"}}},
		{"a person deleted its blueprint", nil,
			func(s *scene) {
				s.port.RemoveBlueprint("bucket")
				s.must(s.port.Seed(porttest.Seed{Blueprints: blueprints()}))
			}, swept{Deleted: []string{"bucket/logs-11: gone, AlreadyGone"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				if c.before != nil {
					c.before(s)
				}
				s.run()
				time.Sleep(time.Minute)
				if c.after != nil {
					c.after(s)
					time.Sleep(time.Minute)
				}
				s.world.Remove(prod, "s3", ireland, id)
				r := s.run()
				s.swept(r, c.want)
				_, there := s.catalog()["bucket/"+id]
				if want := len(c.want.Released) > 0; there != want {
					t.Errorf("there: %t, want %t", there, want)
				}
				s.swept(s.run(), swept{}) // what was released is forgotten
				s.wrote(writes{})
			})
		})
	}
}

func TestWhatSomebodyTouchesWhileARunGoesOnStaysForTheNext(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "logs-11")
		logs := s.catalog()["bucket/logs-11"]
		s.world.Fault(rule{Account: dev, Operation: "sns:ListTopics", Times: 1, Hook: func() {
			time.Sleep(10 * time.Second)
			e := s.port.Entities("bucket")["logs-11"] // another installation with our name
			e.UpdatedAt = time.Now()
			s.must(s.port.Seed(porttest.Seed{Entities: []porttest.Entity{e}}))
		}})
		s.swept(s.run(), swept{Stayed: []string{"bucket/logs-11: gone, Touched"}})
		s.converged(map[string]*entity{"bucket/logs-11": &logs})
		s.swept(s.run(), swept{Deleted: []string{"bucket/logs-11: gone"}})
		s.converged()
	})
}

// An answer that names nothing says neither that an entity is gone nor that it is not.
func TestADeleteThatPortDoesNotConfirmIsLookedAt(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "bare-11")
		s.port.Fault(porttest.Rule{Route: deleteRoute, Times: 1, Do: porttest.Say{Body: object{"ok": true, "deletedEntities": []string{}}}})
		s.swept(s.run(), swept{Stayed: []string{"bucket/bare-11: gone, Blocked"}})
		s.swept(s.run(), swept{Deleted: []string{"bucket/bare-11: gone"}})
		s.converged()
	})
}

func TestADeleteThatSomebodysEntityBlocksIsNamedAndTheOthersGo(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.must(s.port.Create(porttest.Entity{Blueprint: "service", Identifier: "shop",
			Relations: object{"bucket": "logs-11"}}))
		service := s.catalog()["service/shop"]
		logs := s.catalog()["bucket/logs-11"]
		for _, name := range []string{"logs-11", "bare-11"} {
			s.world.Remove(prod, "s3", ireland, name)
		}
		s.world.Remove(dev, "s3", ireland, "logs-22")
		r := s.run()
		s.swept(r, swept{Deleted: []string{"bucket/bare-11: gone", "bucket/logs-22: gone"},
			Stayed: []string{"bucket/logs-11: gone, Blocked"}})
		if len(r.Stayed) == 1 && !strings.Contains(r.Stayed[0].Message, "service/shop") {
			t.Errorf("the report does not name what blocks: %q", r.Stayed[0].Message)
		}
		s.converged(map[string]*entity{"service/shop": &service, "bucket/logs-11": &logs})
		s.must(s.port.Remove("service", "shop"))
		s.swept(s.run(), swept{Deleted: []string{"bucket/logs-11: gone"}})
		s.converged()
	})
}

func TestAnEntityOfOursThatCannotGoYetBlocksWhatItRefersTo(t *testing.T) {
	play(t, func(s *scene) {
		s.related()
		s.world.Put(dev, "sns", ireland, "alerts-22", "DisplayName=logs-11")
		s.run()
		s.world.Remove(dev, "sns", ireland, "alerts-22")
		s.world.Remove(prod, "s3", ireland, "logs-11")
		lift := s.world.Fault(rule{Account: dev, Operation: "sns:ListTopics", Fail: awstest.Deny})
		r := s.run()
		s.swept(r, swept{Stayed: []string{"bucket/logs-11: gone, Blocked"}})
		lift()
		r = s.run()
		s.swept(r, swept{Deleted: []string{"bucket/logs-11: gone",
			"topic/arn:aws:sns:eu-west-1:222222222222:alerts-22: gone"}})
	})
}

func TestDependentsGoBeforeWhatTheyReferTo(t *testing.T) {
	play(t, func(s *scene) {
		// topic → instance → bucket, in the order of their names in neither way; instances refer to
		// instances as well.
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{
			blueprint("instance", relations("account", "bucket", "instance"), "owner string", "region string"),
			blueprint("topic", relations("account", "instance"), "display string"),
		}}))
		refer := func(b object, to string, program string) object {
			return change(b, "relations", object{"account": ".__ExtraContext.AccountId", to: program})
		}
		vms := refer(instances(), "bucket", `"hub"`)
		change(vms, "relations", object{"account": ".__ExtraContext.AccountId", "bucket": `"hub"`,
			"instance": `{"i-11-0": "i-11-1", "i-11-1": "i-11-2"}[.Properties.InstanceId]`})
		s.remap(object{"entityDeletionThreshold": 1, "resources": []any{accounts(),
			vms, buckets(), clusters(), refer(topics(), "instance", `"i-11-0"`)}})
		s.world.Put(dev, "s3", ireland, "hub", "team=core") // in another account than those that refer to it
		s.run()
		for n, left := range []string{"i-11-0", "i-11-1", "i-11-2"} {
			s.world.Remove(prod, "ec2", ireland, left)
			if n == 2 {
				s.world.Remove(prod, "ec2", ohio, "i-11-far")
			}
		}
		for _, left := range []string{"i-22-0", "i-22-1", "i-22-2"} {
			s.world.Remove(dev, "ec2", ireland, left)
		}
		s.world.Remove(dev, "ec2", ohio, "i-22-far")
		for _, id := range []string{prod, dev} {
			s.world.Remove(id, "sns", ireland, "alerts-"+id[:2])
			s.world.Remove(id, "sns", ohio, "news-"+id[:2])
		}
		s.world.Remove(dev, "s3", ireland, "hub")
		r := s.run()
		if len(r.Deleted) != 13 || len(r.Stayed) > 0 {
			t.Errorf("deleted %d, stayed %v", len(r.Deleted), r.Stayed)
		}
		last := r.Deleted[len(r.Deleted)-1]
		if !slices.Contains([]string{"hub"}, last.Identifier) {
			t.Errorf("last went %s", last.Identifier)
		}
		s.converged()
		if n := s.port.Stats().Cascades; n > 0 {
			t.Errorf("%d cascades", n)
		}
	})
}
