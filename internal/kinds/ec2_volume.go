package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var ec2Volume = kind.Kind{
	Name:    "AWS::EC2::Volume",
	Scope:   kind.Regional,
	Actions: []string{"ec2:DescribeVolumes"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*ec2.DescribeVolumesOutput, error) {
			return ec2.NewFromConfig(cfg).DescribeVolumes(ctx, &ec2.DescribeVolumesInput{
				MaxResults: aws.Int32(1000), NextToken: token,
			})
		},
		func(out *ec2.DescribeVolumesOutput) ([]types.Volume, *string) { return out.Volumes, out.NextToken },
		func(_ kind.Site, v *types.Volume) kind.Item {
			return kind.Item{Key: aws.ToString(v.VolumeId), Properties: kind.Members(v, kind.Upper)}
		},
	),
	Enrich: []kind.Enrich{{
		Option:  "DescribeVolumeAttributeAction",
		Actions: []string{"ec2:DescribeVolumeAttribute"},
		Keys:    []string{"AutoEnableIO"},
		Gone:    []string{"InvalidVolume.NotFound"},
		Call: kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
			out, err := ec2.NewFromConfig(cfg).DescribeVolumeAttribute(ctx, &ec2.DescribeVolumeAttributeInput{
				VolumeId: &it.Key, Attribute: types.VolumeAttributeNameAutoEnableIO,
			})
			if err != nil {
				return nil, err
			}
			if out.AutoEnableIO == nil || out.AutoEnableIO.Value == nil {
				return nil, without("autoEnableIO")
			}
			return map[string]any{"AutoEnableIO": *out.AutoEnableIO.Value}, nil
		}),
	}},
	Defaults: []string{"DescribeVolumesAction"},
}
