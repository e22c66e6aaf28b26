package kinds

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kafka"
	"github.com/aws/aws-sdk-go-v2/service/kafka/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var mskCluster = kind.Kind{
	Name:    "AWS::MSK::Cluster",
	Scope:   kind.Regional,
	Actions: []string{"kafka:ListClustersV2"},
	// ListClusters, which Ocean asks, has the same members without the level "Provisioned".
	List: mskClusters(types.ClusterTypeProvisioned, func(p map[string]any) {
		provisioned, _ := p["Provisioned"].(map[string]any)
		maps.Copy(p, provisioned)
		delete(p, "Provisioned")
		delete(p, "ClusterType")
	}),
	Defaults: []string{"ListClustersAction"},
}

// mskClusters lists the clusters of a type. Both types are asked for, so that both kinds ask once.
func mskClusters(of types.ClusterType, shape func(properties map[string]any)) kind.List {
	return func(ctx context.Context, cfg aws.Config, _ kind.Site, cursor string) (kind.Page, error) {
		out, err := kafka.NewFromConfig(cfg).ListClustersV2(kind.Shared(ctx), &kafka.ListClustersV2Input{
			MaxResults: aws.Int32(100), NextToken: kind.Token(cursor),
		})
		if err != nil {
			return kind.Page{}, err
		}
		if out.ClusterInfoList == nil {
			return kind.Page{}, without("clusterInfoList")
		}
		page := kind.Page{Next: aws.ToString(out.NextToken)}
		for i := range out.ClusterInfoList {
			c := &out.ClusterInfoList[i]
			if c.ClusterType != of {
				continue
			}
			p := kind.Members(c, kind.Upper)
			shape(p)
			page.Items = append(page.Items, kind.Item{Key: aws.ToString(c.ClusterArn), Properties: p})
		}
		return page, nil
	}
}
