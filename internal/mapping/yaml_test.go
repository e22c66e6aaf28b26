package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

func TestAConfigIsReadFromYAMLAsPeopleWriteIt(t *testing.T) {
	doc, err := mapping.ReadYAML([]byte(`# ours
deleteDependentEntities: true
shared: &tags
  env: .Properties.Env
resources:
- kind: AWS::S3::Bucket
  selector:
    query: true
  port:
    entity:
      mappings:
        identifier: .Properties.Arn
        blueprint: '"store"'
        properties: {<<: *tags, number: 5, account: 0123, day: 2026-01-02, off: no, none: ~,
          env: '"prod"'}
        title: >-
          .Properties.Name
          + "!"
`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"deleteDependentEntities":true,"resources":[{"kind":"AWS::S3::Bucket","port":{"entity":` +
		`{"mappings":{"blueprint":"\"store\"","identifier":".Properties.Arn","properties":{"account":"0123",` +
		`"day":"2026-01-02","env":"\"prod\"","none":null,"number":5,"off":"no"},"title":".Properties.Name + \"!\""}}},` +
		`"selector":{"query":true}}],"shared":{"env":".Properties.Env"}}`
	if string(doc.Config) != want {
		t.Errorf("%s\nwant\n%s", doc.Config, want)
	}
	for path, line := range map[string]int{"resources[0].port.entity.mappings.identifier": 12,
		"resources[0].port.entity.mappings.properties.missing": 14, "nowhere": 0} {
		if got := doc.Line(path); got != line {
			t.Errorf("%s is said to be in line %d, not %d", path, got, line)
		}
	}
}

func TestAFileThatIsNoConfigSaysWhereItGoesWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "empty",
		"a: [":                         "line 1",
		"a: 1\nb: 2\na: 3":             "line 3: the key a stands here a second time",
		"? [1]\n: 2":                   "line 1: a key is not a name",
		"a: &x [*x]":                   "too deep",
		"a: b: c":                      "mapping values",
		"x: 1\n<<: 3":                  "line 2: << merges",
		strings.Repeat("[", 400) + "1": "",
	} {
		if _, err := mapping.ReadYAML([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
	doc, err := mapping.ReadYAML([]byte("resources: 5"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := mapping.Compile(doc.Config); !errors.As(err, new(*mapping.InvalidError)) {
		t.Error(err)
	}
}
