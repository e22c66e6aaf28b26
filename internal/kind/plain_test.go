package kind_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

type object = map[string]any

func TestPlain(t *testing.T) {
	tests := []struct {
		name string
		v    any
		c    kind.Case
		want any
	}{
		{"nothing", nil, kind.Upper, nil},
		{"a nil pointer", (*string)(nil), kind.Upper, nil},
		{"a nil list", []ec2types.Tag(nil), kind.Upper, nil},
		{"an empty list", []ec2types.Tag{}, kind.Upper, []any{}},
		{"a list of structs", []ec2types.Tag{{Key: aws.String("a"), Value: aws.String("")}}, kind.Upper,
			[]any{object{"Key": "a", "Value": ""}}},
		{"the same in lower case", []ecstypes.Tag{{Key: aws.String("a")}}, kind.Lower, []any{object{"key": "a"}}},
		{"a list of enumeration values", []ecstypes.Compatibility{"EC2", ""}, kind.Upper, []any{"EC2", ""}},
		{"keys of a map stay as they are", map[string]string{"Team": "core"}, kind.Lower, object{"Team": "core"}},
		{"an empty map", map[string]string{}, kind.Upper, object{}},
		{"members that AWS did not send are left out", ec2types.InstanceState{}, kind.Upper, object{}},
		{"numbers and booleans without a pointer are kept", ecstypes.CapacityProviderStrategyItem{}, kind.Lower,
			object{"base": 0, "weight": 0}},
		{"numbers are int", aws.Int64(math.MaxInt64), kind.Upper, math.MaxInt64},
		{"a float", aws.Float64(0.5), kind.Upper, 0.5},
		{"a short float stays what it was on the wire", aws.Float32(0.1), kind.Upper, 0.1},
		{"bytes", snstypes.MessageAttributeValue{BinaryValue: []byte{0xff}}, kind.Upper,
			object{"BinaryValue": "/w=="}},
		{"a response without its metadata", ecs.ListClustersOutput{ClusterArns: []string{"a"}}, kind.Lower,
			object{"clusterArns": []any{"a"}}},
		{"a nested struct of a response, the members of its own in lower case too",
			&ecstypes.Cluster{Settings: []ecstypes.ClusterSetting{{Name: "containerInsights"}}}, kind.Lower,
			object{"activeServicesCount": 0, "pendingTasksCount": 0, "runningTasksCount": 0,
				"registeredContainerInstancesCount": 0, "settings": []any{object{"name": "containerInsights"}}}},
		{"a union by the name of its member", holder{Filter: &s3types.AnalyticsFilterMemberPrefix{Value: "a/"}},
			kind.Upper, object{"Filter": object{"Prefix": "a/"}}},
		{"a union of a struct, in lower case",
			holder{Filter: &s3types.AnalyticsFilterMemberTag{Value: s3types.Tag{Key: aws.String("a")}}},
			kind.Lower, object{"filter": object{"tag": object{"key": "a"}}}},
		{"a union with a member that the SDK does not know", holder{Filter: &s3types.UnknownUnionMember{Tag: "X"}},
			kind.Upper, object{}},
		{"a name that is a word of Go", holder{String_: aws.String("a")}, kind.Lower, object{"string": "a"}},
		{"a type that contains itself", holder{More: []holder{{String_: aws.String("a")}}}, kind.Lower,
			object{"more": []any{object{"string": "a"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, kind.Plain(tt.v, tt.c)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// holder has what SDK structs have, in few members.
type holder struct {
	Filter  s3types.AnalyticsFilter
	String_ *string
	More    []holder
}

func TestPlainWritesTimesInUTC(t *testing.T) {
	paris := time.FixedZone("", 3600)
	tests := []struct {
		t    time.Time
		want string
	}{
		{time.Date(2024, 6, 16, 13, 16, 16, 0, time.UTC), "2024-06-16T13:16:16Z"},
		{time.Date(2024, 6, 16, 13, 16, 16, 0, paris), "2024-06-16T12:16:16Z"},
		{time.Date(2024, 6, 16, 13, 16, 16, 162e6, time.UTC), "2024-06-16T13:16:16.162000Z"},
		{time.Date(2024, 6, 16, 13, 16, 16, 1000, time.UTC), "2024-06-16T13:16:16.000001Z"},
		{time.Date(2024, 6, 16, 13, 16, 16, 999, time.UTC), "2024-06-16T13:16:16Z"},
	}
	for _, tt := range tests {
		if got := kind.Plain(&tt.t, kind.Upper); got != tt.want {
			t.Errorf("%v: got %v, want %s", tt.t, got, tt.want)
		}
	}
}

func TestMembersNamesItsOwnAsGoDoes(t *testing.T) {
	got := kind.Members(&ecstypes.Attachment{
		Id: aws.String("a"), Details: []ecstypes.KeyValuePair{{Name: aws.String("n")}},
	}, kind.Lower)
	want := object{"Id": "a", "Details": []any{object{"name": "n"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestPlainReadsADocumentFromTheWire(t *testing.T) {
	cfg := awstest.Replay(t, txtar.Parse([]byte(`
-- POST / DescribeServices 200 --
{"services":[{"deploymentConfiguration":{"lifecycleHooks":[{"hookDetails":
{"Count":1,"Rate":2.5,"Big":12345678901234567890123,"Null":null,"List":["a",true]}},{}]}}]}
`)), "eu-west-1")
	in := ecs.DescribeServicesInput{Services: []string{"a"}}
	out, err := ecs.NewFromConfig(cfg).DescribeServices(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	got := kind.Plain(out.Services[0].DeploymentConfiguration.LifecycleHooks, kind.Lower)
	want := []any{object{"hookDetails": object{
		"Count": 1, "Rate": 2.5, "Big": 12345678901234567890123.0, "Null": nil, "List": []any{"a", true},
	}}, object{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

const wholeInstance = `
{"AmiLaunchIndex":0,"Architecture":"x86_64","BlockDeviceMappings":[{"DeviceName":"/dev/xvda",
"Ebs":{"AttachTime":"2026-03-01T10:00:00Z","DeleteOnTermination":true,"Status":"attached",
"VolumeId":"vol-0a"}}],"ClientToken":"token-1","EbsOptimized":false,
"HibernationOptions":{"Configured":false},"Hypervisor":"xen","ImageId":"ami-0a","InstanceId":"i-01",
"InstanceType":"t3.micro","LaunchTime":"2026-03-01T10:00:00.162Z","MetadataOptions":{"State":"applied",
"HttpTokens":"required","HttpPutResponseHopLimit":1,"HttpEndpoint":"enabled"},
"Monitoring":{"State":"disabled"},
"NetworkInterfaces":[{"Attachment":{"AttachTime":"2026-03-01T10:00:00Z","AttachmentId":"eni-attach-0a",
"DeviceIndex":0,"Status":"attached"},"Groups":[{"GroupId":"sg-0a","GroupName":"web"}],
"MacAddress":"02:00:00:00:00:01","NetworkInterfaceId":"eni-0a","OwnerId":"123456789012",
"PrivateIpAddress":"10.0.0.1","PrivateIpAddresses":[{"Primary":true,"PrivateIpAddress":"10.0.0.1"}],
"SourceDestCheck":true,"Status":"in-use","SubnetId":"subnet-0a","VpcId":"vpc-0a",
"InterfaceType":"interface"}],"Placement":{"GroupName":"","Tenancy":"default",
"AvailabilityZone":"eu-west-1a"},"PrivateIpAddress":"10.0.0.1","RootDeviceName":"/dev/xvda",
"RootDeviceType":"ebs","SecurityGroups":[{"GroupId":"sg-0a","GroupName":"web"}],"SourceDestCheck":true,
"State":{"Code":16,"Name":"running"},"SubnetId":"subnet-0a","VpcId":"vpc-0a","Tags":[{"Key":"Name",
"Value":"web"}],"VirtualizationType":"hvm"}`

func BenchmarkMembersOfAnEC2Instance(b *testing.B) {
	var i ec2types.Instance
	if err := json.Unmarshal([]byte(wholeInstance), &i); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		kind.Members(&i, kind.Upper)
	}
}

// FuzzPlain requires that whatever AWS sends becomes something that JSON and jq can hold.
func FuzzPlain(f *testing.F) {
	f.Add([]byte(wholeInstance))
	f.Fuzz(func(t *testing.T, data []byte) {
		var out ec2.DescribeInstancesOutput
		var i ec2types.Instance
		if json.Unmarshal(data, &i) != nil {
			return
		}
		out.Reservations = []ec2types.Reservation{{Instances: []ec2types.Instance{i}}}
		for _, c := range []kind.Case{kind.Upper, kind.Lower} {
			if _, err := json.Marshal(kind.Plain(out, c)); err != nil {
				t.Error(err)
			}
		}
	})
}
