package kinds_test

import (
	"reflect"
	"slices"
	"testing"

	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

func enrich(t *testing.T, name, option string) kind.Enrich {
	t.Helper()
	for _, k := range kinds.All {
		for _, e := range k.Enrich {
			if k.Name == name && e.Option == option {
				return e
			}
		}
	}
	t.Fatalf("%s has no option %q", name, option)
	return kind.Enrich{}
}

func members(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		if f.IsExported() {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Ocean passes on all that AWS says of an instance's status and of a table.
func TestKeysNameAllThatTheSDKKnowsBeyondTheListing(t *testing.T) {
	for _, tt := range []struct {
		kind, option string
		all          []string
		listed       []string
	}{
		{"AWS::EC2::Instance", "DescribeInstanceStatusAction", members(reflect.TypeFor[ec2types.InstanceStatus]()),
			[]string{"InstanceId"}},
		{"AWS::DynamoDB::Table", "", members(reflect.TypeFor[dynamodbtypes.TableDescription]()),
			[]string{"TableArn", "TableName"}},
	} {
		want := slices.DeleteFunc(tt.all, func(name string) bool { return slices.Contains(tt.listed, name) })
		if diff := cmp.Diff(want, enrich(t, tt.kind, tt.option).Keys); diff != "" {
			t.Errorf("%s: -want +got\n%s", tt.kind, diff)
		}
	}
}

func TestTheKeysOfAClusterAreMembersOfIt(t *testing.T) {
	known := append(members(reflect.TypeFor[ecstypes.Cluster]()), "ClusterSettings")
	for _, key := range enrich(t, "AWS::ECS::Cluster", "").Keys {
		if !slices.Contains(known, key) {
			t.Errorf("a cluster has no %s", key)
		}
	}
}
