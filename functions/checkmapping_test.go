package functions_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/functions"
)

const bucketMapping = `resources:
- kind: AWS::S3::Bucket
  selector:
    query: true
    includeActions: [GetBucketEncryptionAction, GetBucketMoodAction]
  port:
    entity:
      mappings:
        identifier: .Properties.Arn
        blueprint: '"store"'
        properties:
          name: .Properties.BucketName
          key: .Properties.BucketEncryption.Rules[0].BucketKeyEnabled
          wrong: .Properties.Arn.x
`

func TestAMappingIsCheckedOffline(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.yml", bucketMapping)
	bad := write("bad.yml", strings.NewReplacer(".Properties.BucketName", "prod", "true", "maybe").Replace(bucketMapping))
	unknown := write("unknown.yml", strings.Replace(bucketMapping, "AWS::S3::Bucket", "buckets", 1))
	near := write("near.yml", strings.Replace(bucketMapping, "S3::Bucket", "S3::Bucked", 1))
	sample := write("raw.json", `[{"Type": "AWS::S3::Bucket", "Properties": {"Arn": "arn:a", "BucketName": "a"}},
		{"Type": "AWS::S3::Bucket", "Properties": {}}, {"Type": "AWS::X::Y"}]`)
	for _, c := range []struct {
		name, file, sample string
		says, fails        []string
	}{
		{"what it reads and needs", good, "", []string{
			"resources[0]: AWS::S3::Bucket becomes store",
			"reads: Arn, BucketEncryption, BucketName",
			"asked for each item: BucketEncryption (s3:GetEncryptionConfiguration)",
			"not asked: Tags (s3:GetBucketTagging); no program reads it",
			"AWS::S3::Bucket has no action GetBucketMoodAction, so it changes nothing; perhaps",
			"needs in the accounts: s3:GetEncryptionConfiguration,s3:ListAllMyBuckets",
		}, nil},
		{"every problem with its line", bad, "", nil, []string{
			"bad.yml:4: resources[0].selector.query: function not defined: maybe",
			"bad.yml:12: resources[0].port.entity.mappings.properties.name: function not defined: prod",
		}},
		{"a kind that is no type", unknown, "", nil, []string{"unknown.yml:2: resources[0].kind: buckets is not the name of a CloudFormation type"}},
		{"a type that Cloud Control reads", near, "", []string{
			"read by Cloud Control", "warning: resources[0].kind: AWS::S3::Bucked", "perhaps `AWS::S3::Bucket`",
			"needs in the accounts: cloudformation:GetResource,cloudformation:ListResources",
		}, nil},
		{"the entities of a sample", good, sample, []string{
			`"identifier": "arn:a"`, `"wrong": null`, "note: properties.wrong a string cannot be indexed",
			"raw.json[1] by resources[0]:\n  not mapped: resources[0].port.entity.mappings.identifier: null",
			"raw.json[2]: no block is of its kind, AWS::X::Y",
		}, []string{"1 of the sample could not be mapped"}},
		{"no file", "", "", nil, []string{"FILE="}},
	} {
		var out strings.Builder
		err := functions.CheckMapping(&out, c.file, c.sample)
		if (err != nil) != (c.fails != nil) {
			t.Errorf("%s: %v", c.name, err)
		}
		for _, want := range c.says {
			if !strings.Contains(strings.ReplaceAll(out.String(), dir+"/", ""), want) {
				t.Errorf("%s does not say %s:\n%s", c.name, want, out.String())
			}
		}
		for _, want := range c.fails {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", c.name, err, want)
			}
		}
	}
}
