package kinds

import (
	"github.com/aws/aws-sdk-go-v2/service/kafka/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var mskServerlessCluster = kind.Kind{
	Name:     "AWS::MSK::ServerlessCluster",
	Scope:    kind.Regional,
	Actions:  []string{"kafka:ListClustersV2"},
	List:     mskClusters(types.ClusterTypeServerless, func(map[string]any) {}),
	Defaults: []string{"ListMskServerlessClustersAction"},
}
