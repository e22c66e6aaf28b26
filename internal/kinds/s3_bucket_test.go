package kinds_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

func TestBucketsAtACustomEndpointAreNamedInThePath(t *testing.T) {
	cfg := awstest.Replay(t, txtar.Parse([]byte(`
-- GET /?max-buckets=1000 200 host=localhost:5000 --
<ListAllMyBucketsResult><Buckets><Bucket><Name>wires</Name></Bucket></Buckets></ListAllMyBucketsResult>
-- GET /wires?tagging 200 host=localhost:5000 region=cn-north-1 --
<Tagging><TagSet/></Tagging>
`)), "cn-north-1")
	cfg.BaseEndpoint = aws.String("http://localhost:5000")
	at := kind.Site{Partition: "aws-cn", Account: "123456789012", Region: "cn-north-1"}
	i := 0
	for kinds.All[i].Name != "AWS::S3::Bucket" {
		i++
	}
	d := driver{t: t, kind: kinds.All[i], cfg: cfg, at: at, options: []string{}}
	got, _ := d.run("")
	want := []result{{Key: "wires", Resource: map[string]any{
		"Type":           "AWS::S3::Bucket",
		"Properties":     map[string]any{"BucketName": "wires", "Arn": "arn:aws-cn:s3:::wires", "Tags": []any{}},
		"__ExtraContext": map[string]any{"AccountId": "123456789012"},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
