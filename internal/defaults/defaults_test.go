package defaults_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/defaults"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// all are the kinds we list.
func all() (names []string) {
	for _, k := range slices.Concat(kinds.All, run.OwnKinds()) {
		names = append(names, k.Name)
	}
	return names
}

func set(t *testing.T, teamTag string) (defaults.Set, *mapping.Mapping) {
	t.Helper()
	s, err := defaults.For(all(), teamTag)
	if err != nil {
		t.Fatal(err)
	}
	text, err := s.Mapping()
	if err != nil {
		t.Fatal(err)
	}
	m, err := mapping.Compile(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range m.Warnings {
		t.Errorf("warning: %s", w)
	}
	return s, m
}

func TestEveryKindHasABlock(t *testing.T) {
	_, m := set(t, "")
	for _, name := range all() {
		if !slices.ContainsFunc(m.Blocks, func(b *mapping.Block) bool { return b.Kind == name }) {
			t.Errorf("%s has none", name)
		}
	}
	for _, b := range m.Blocks {
		k, known := kinds.All[0], false
		for _, each := range slices.Concat(kinds.All, run.OwnKinds()) {
			if each.Name == b.Kind {
				k, known = each, true
			}
		}
		if !known {
			t.Errorf("%s is no kind", b.Kind)
		}
		for _, w := range run.Misfits(kinds.All, k, b) {
			t.Error(w)
		}
	}
}

// recorded are the resources of a recording of AWS's answers.
func recorded(t *testing.T, path string) (all []map[string]any) {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		if f.Name != "want.json" {
			continue
		}
		var results []struct{ Resource map[string]any }
		if err := json.Unmarshal(f.Data, &results); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, r := range results {
			if r.Resource != nil {
				all = append(all, r.Resource)
			}
		}
	}
	return all
}

// TestPortTakesWhatTheDefaultMappingMakesOfAWSsAnswers writes all that is recorded of AWS into a Port that has the
// default blueprints.
func TestPortTakesWhatTheDefaultMappingMakesOfAWSsAnswers(t *testing.T) {
	s, m := set(t, "Team")
	server := porttest.New(porttest.Options{})
	var definitions []map[string]any
	for _, b := range s.Blueprints {
		definitions = append(definitions, b.Definition)
	}
	if err := server.Seed(porttest.Seed{Blueprints: definitions}); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	defer web.Close()
	c := port.New(port.Config{BaseURL: web.URL, Type: "aws-v3", Version: "1", Identifier: "x",
		Credentials: func(context.Context) (port.Credentials, error) {
			return port.Credentials{ClientID: porttest.ClientID, ClientSecret: porttest.ClientSecret}, nil
		}})
	paths, err := filepath.Glob("../kinds/testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no recordings")
	}
	filled, made := map[string]bool{}, map[string]bool{}
	for _, path := range paths {
		for _, resource := range recorded(t, path) {
			for _, b := range m.Blocks {
				if b.Kind != resource["Type"] {
					continue
				}
				out := b.Map(t.Context(), resource, nil)
				if out.Err != nil {
					t.Errorf("%s: %v", path, out.Err)
				}
				for _, e := range out.Entities {
					body, err := json.Marshal(e.Body)
					if err != nil {
						t.Fatal(err)
					}
					result := c.Upsert(t.Context(), e.Blueprint, []json.RawMessage{body},
						port.UpsertOptions{Merge: true, CreateMissing: true})[0]
					if result.Err != nil {
						t.Errorf("%s: %s: %v", path, e.Identifier, result.Err)
					}
					made[b.Kind] = true
					note(filled, e.Blueprint, e.Body)
				}
			}
		}
	}
	for _, b := range m.Blocks {
		if strings.HasPrefix(b.Kind, "AWS::") && !made[b.Kind] {
			t.Errorf("%s: nothing is recorded of it", b.Kind)
		}
	}
	unproved(t, s, filled)
	for form, blueprint := range map[string]string{
		"a map": "lambdaFunction", "a list": "snsTopic", "a list in lower case": "ecsCluster", "a list of that name": "elastiCacheCluster",
	} {
		if !filled[blueprint+".team"] {
			t.Errorf("tags as %s name no team", form)
		}
	}
}

// note remembers which properties and relations have got a value.
func note(filled map[string]bool, blueprint string, body map[string]any) {
	for _, part := range []string{"properties", "relations"} {
		values, _ := body[part].(map[string]any)
		for name, v := range values {
			if list, is := v.([]any); v != nil && (!is || len(list) > 0) {
				filled[blueprint+"."+name] = true
			}
		}
	}
	if body["team"] != nil {
		filled[blueprint+".team"] = true
	}
}

// unproved complains of what no recording fills: a misspelled path is null for ever.
func unproved(t *testing.T, s defaults.Set, filled map[string]bool) {
	t.Helper()
	ours, err := defaults.For([]string{run.AccountCoverage, run.RunCoverage}, "") // whose values come of runs
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range ours.Blueprints {
		for name := range b.Definition["schema"].(map[string]any)["properties"].(map[string]any) {
			filled[b.Identifier+"."+name] = true
		}
	}
	var never []string
	for _, b := range s.Blueprints {
		names := []string{}
		schema := b.Definition["schema"].(map[string]any)["properties"].(map[string]any)
		for name := range schema {
			names = append(names, name)
		}
		for name := range b.Definition["relations"].(map[string]any) {
			names = append(names, name)
		}
		for _, name := range names {
			if !filled[b.Identifier+"."+name] {
				never = append(never, b.Identifier+"."+name)
			}
		}
	}
	slices.Sort(never)
	if diff := cmp.Diff(notRecorded, never, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("never filled (-known +got):\n%s", diff)
	}
}

// notRecorded is what none of the recordings has a value for. Its names are those of AWS's API.
var notRecorded = []string{
	"awsOrganizationalUnit.parent",
	"dynamoDbTable.encryption",
	"elastiCacheCluster.atRestEncryption",
	"rdsDbCluster.deletionProtection", "rdsDbCluster.endpoint", "rdsDbCluster.engineVersion", "rdsDbCluster.storageEncrypted",
	"rdsDbInstance.cluster",
	"sesEmailIdentity.mailFromDomain", "sesEmailIdentity.mailFromDomainStatus",
	"sqsQueue.deadLetterQueue",
}

// TestRelationsThatAreNotRecorded maps what no recording has, in the form that AWS documents.
func TestRelationsThatAreNotRecorded(t *testing.T) {
	_, m := set(t, "")
	context := map[string]any{"AccountId": "123456789012", "Region": "eu-west-1"}
	for _, c := range []struct {
		kind       string
		properties map[string]any
		want       map[string]any // relation: target, of all entities
	}{
		{"AWS::RDS::DBInstance", map[string]any{"DBInstanceArn": "arn:aws:rds:eu-west-1:123456789012:db:a-1", "DBClusterIdentifier": "a"},
			map[string]any{"account": "123456789012", "cluster": "arn:aws:rds:eu-west-1:123456789012:cluster:a"}},
		{"AWS::SQS::Queue", map[string]any{"QueueArn": "arn:aws:sqs:eu-west-1:123456789012:q",
			"RedrivePolicy": `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123456789012:dead","maxReceiveCount":5}`},
			map[string]any{"account": "123456789012", "deadLetterQueue": "arn:aws:sqs:eu-west-1:123456789012:dead"}},
		{"AWS::Organizations::Account", map[string]any{"Id": "123456789012", "Name": "a", "Arn": "arn:aws:organizations::1:account/o-a/123456789012",
			"Paths": []any{"o-a/r-b/ou-b-c/ou-b-d/123456789012/"}},
			map[string]any{"organizationalUnit": "ou-b-d", "parent": "ou-b-c", "organization": "o-a"}},
		{"AWS::CodePipeline::PipelineExecution", map[string]any{"PipelineExecutionId": "e", "PipelineName": "p"},
			map[string]any{"account": "123456789012", "pipeline": "arn:aws:codepipeline:eu-west-1:123456789012:p"}},
	} {
		got := map[string]any{}
		for _, b := range m.Blocks {
			if b.Kind != c.kind {
				continue
			}
			out := b.Map(t.Context(), map[string]any{"Properties": c.properties, "__ExtraContext": context}, nil)
			if out.Err != nil {
				t.Errorf("%s: %v", c.kind, out.Err)
			}
			for _, e := range out.Entities {
				relations, _ := e.Body["relations"].(map[string]any)
				maps.Copy(got, relations)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.kind, diff)
		}
	}
}

// TestWhatAUserHasChangedStays: what is there is never touched, whatever we would have made it.
func TestWhatAUserHasChangedStays(t *testing.T) {
	s, _ := set(t, "")
	i := slices.IndexFunc(s.Blueprints, func(b defaults.Blueprint) bool { return b.Identifier == "snsTopic" })
	topic := s.Blueprints[i]
	live := map[string]any{
		"title": "My Topics", "icon": "Star", "calculationProperties": map[string]any{"x": map[string]any{}},
		"schema": map[string]any{"required": []any{"mine"}, "properties": map[string]any{
			"mine": map[string]any{"type": "number"}, "arn": map[string]any{"type": "string", "title": "Address"},
		}},
		"relations": map[string]any{"account": map[string]any{"target": "mine", "required": true, "many": false}},
	}
	add := topic.Added(live)
	properties := add["schema"].(map[string]any)["properties"].(map[string]any)
	if properties["arn"].(map[string]any)["title"] != "Address" || properties["mine"] == nil || properties["displayName"] == nil ||
		!cmp.Equal(add["schema"].(map[string]any)["required"], []any{"mine"}) || len(add) != 1 {
		t.Errorf("got %v", add)
	}
	if again := topic.Added(joinedWith(live, add)); len(again) > 0 {
		t.Errorf("a second time: %v", again)
	}
	changes := s.Missing(map[string]defaults.Have{"snsTopic": {Properties: []string{"mine", "arn"}, Relations: []string{"account"}}})
	var text []string
	for _, c := range changes {
		text = append(text, c.String())
	}
	if !slices.Contains(text, "add to blueprint snsTopic properties displayName, fifo, kmsKeyId, region, subscriptions, tags") ||
		!slices.Contains(text, "create blueprint awsAccount") || len(text) != len(s.Blueprints) {
		t.Errorf("changes %q", text)
	}
}

func joinedWith(live, change map[string]any) map[string]any {
	all := maps.Clone(live)
	maps.Copy(all, change)
	return all
}
