package run_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// demanding is the blueprint of topics, which Port does not take without something.
func demanding(property string) map[string]any {
	b := blueprint("topic", relations("account"), "display string", property+" string")
	b["schema"].(object)["required"] = []string{property}
	return b
}

func TestABlockThatPortWouldRefuseIsLeftAloneAndTheOthersGoOn(t *testing.T) {
	property := func(name, program string) object {
		return change(topics(), "properties", object{"display": ".Properties.DisplayName", name: program})
	}
	for _, c := range []struct {
		name   string
		broken object
		adds   map[string]any // blueprint
		reason string
		says   []string
	}{
		{"a blueprint that is missing", block("AWS::SNS::Topic", "topics", ".Properties.TopicArn", object{}), nil,
			"BlueprintMissing", []string{"no blueprint topics", "perhaps topic"}},
		{"a property that is unknown", property("displayy", ".Properties.DisplayName"), nil,
			"PropertyUnknown", []string{"resources[4].port.entity.mappings.properties.displayy", "has no property displayy", "perhaps display"}},
		{"a value of another type", property("display", ".Properties.DisplayName | length"), nil,
			"PropertyType", []string{"gives number", "takes string"}},
		{"a constant that is not allowed", property("display", `"C"`), strictTopic("A", "B"),
			"PropertyType", []string{"C is not among the values"}},
		{"a required property that nothing fills", topics(), demanding("arn"),
			"PropertyRequired", []string{"demands property arn"}},
		{"a relation that is unknown", change(topics(), "relations", object{"acount": `"x"`}), nil,
			"RelationUnknown", []string{"has no relation acount", "perhaps account"}},
		{"a list for one", change(topics(), "relations", object{"account": []any{`"x"`}}), nil,
			"RelationType", []string{"takes one entity"}},
		{"several at once", property("other", "true"), demanding("arn"),
			"PropertyUnknown", []string{"has no property other", "demands property arn"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				before := s.catalog()
				s.world.Put(prod, "s3", ireland, "another-11")
				s.world.Remove(prod, "sns", ireland, "alerts-11")
				if c.adds != nil {
					s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{c.adds}}))
				}
				s.remap(config(accounts(), instances(), buckets(), clusters(), c.broken))
				r := s.run()
				if len(r.Blocks) != 1 || r.Blocks[0].Block != 4 || r.Blocks[0].Reason != c.reason {
					t.Fatalf("frozen %+v", r.Blocks)
				}
				for _, words := range c.says {
					if !strings.Contains(r.Blocks[0].Message, words) {
						t.Errorf("%q does not say %q", r.Blocks[0].Message, words)
					}
				}
				if !strings.Contains(s.logs.String(), "block left alone") {
					t.Error("the log does not have it when the run is planned")
				}
				after := s.catalog()
				if _, made := after["bucket/another-11"]; !made || len(after) != len(before)+1 {
					t.Errorf("%d entities after %d", len(after), len(before))
				}
				s.wrote(writes{Created: 1})
			})
		})
	}
}

func TestWhatPreflightCannotKnowIsNotJudged(t *testing.T) {
	for name, fine := range map[string]object{
		"a program of unknown type": change(topics(), "properties", object{"display": ".Properties.DisplayName"}),
		"null":                      change(topics(), "properties", object{"display": "null"}),
		"a value or null":           change(topics(), "properties", object{"display": `if .Properties.DisplayName then "x" else null end`}),
		"a blueprint of a program":  change(topics(), "blueprint", `"to" + "pic"`),
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.remap(config(accounts(), fine))
				if r := s.run(); len(r.Blocks) > 0 {
					t.Errorf("frozen %+v", r.Blocks)
				}
			})
		})
	}
}

func TestRelationsThatPortCannotCompleteAreWarnedOf(t *testing.T) {
	play(t, func(s *scene) {
		account := blueprint("account", nil, "owner string")
		account["schema"].(object)["required"] = []string{"owner"}
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{account}}))
		s.remap(config(change(accounts(), "properties", object{"owner": `"me"`}), topics()))
		r := s.run()
		if len(r.Blocks) > 0 || !slices.ContainsFunc(r.Warnings, func(w string) bool {
			return strings.Contains(w, "resources[1].port.entity.mappings.relations.account") && strings.Contains(w, "demands owner")
		}) {
			t.Errorf("frozen %+v, warnings %q", r.Blocks, r.Warnings)
		}
	})
}

// Port's numbers are those of JSON, a program's may be whole ones.
func TestANumberIsAmongThoseThatABlueprintTakes(t *testing.T) {
	play(t, func(s *scene) {
		b := blueprint("topic", relations("account"), "display string")
		b["schema"].(object)["properties"].(object)["rank"] = object{"type": "number", "enum": []any{1, 2}}
		s.must(s.port.Seed(porttest.Seed{Blueprints: []map[string]any{b}}))
		s.remap(config(accounts(), change(topics(), "properties", object{"rank": "1"})))
		if r := s.run(); len(r.Blocks) > 0 {
			t.Errorf("left alone: %+v", r.Blocks)
		}
	})
}
