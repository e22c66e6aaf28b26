package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var ec2Instance = kind.Kind{
	Name:    "AWS::EC2::Instance",
	Scope:   kind.Regional,
	Actions: []string{"ec2:DescribeInstances"},
	List: func(ctx context.Context, cfg aws.Config, _ kind.Site, cursor string) (kind.Page, error) {
		out, err := ec2.NewFromConfig(cfg).DescribeInstances(ctx, &ec2.DescribeInstancesInput{
			MaxResults: aws.Int32(1000), NextToken: kind.Token(cursor),
		})
		if err != nil {
			return kind.Page{}, err
		}
		if out.Reservations == nil {
			return kind.Page{}, without("reservationSet")
		}
		page := kind.Page{Next: aws.ToString(out.NextToken)}
		for _, r := range out.Reservations {
			instances := r.Instances
			r.Instances = nil
			reservation := kind.Members(&r, kind.Upper)
			for i := range instances {
				page.Items = append(page.Items, kind.Item{
					Key:        aws.ToString(instances[i].InstanceId),
					Properties: kind.Members(&instances[i], kind.Upper),
					Context:    reservation,
				})
			}
		}
		return page, nil
	},
	Enrich: []kind.Enrich{{
		Option:  "DescribeInstanceStatusAction",
		Actions: []string{"ec2:DescribeInstanceStatus"},
		Keys: []string{
			"ApplicationStatus", "AttachedEbsStatus", "AvailabilityZone", "AvailabilityZoneId", "Events",
			"InstanceState", "InstanceStatus", "Operator", "OutpostArn", "PerformanceStatus", "SystemStatus",
		},
		Gone: []string{"InvalidInstanceID.NotFound"},
		Size: 100,
		Bulk: func(ctx context.Context, cfg aws.Config, _ kind.Site) (map[string]kind.Answer, error) {
			return instanceStatus(ctx, cfg, &ec2.DescribeInstanceStatusInput{MaxResults: aws.Int32(1000)})
		},
		Call: func(
			ctx context.Context, cfg aws.Config, _ kind.Site, items []kind.Item,
		) (map[string]kind.Answer, error) {
			return instanceStatus(ctx, cfg, &ec2.DescribeInstanceStatusInput{InstanceIds: keys(items)})
		},
	}},
	Defaults: []string{"DescribeInstancesAction"},
}

func instanceStatus(
	ctx context.Context, cfg aws.Config, in *ec2.DescribeInstanceStatusInput,
) (map[string]kind.Answer, error) {
	in.IncludeAllInstances = aws.Bool(true) // else running ones only
	answers := map[string]kind.Answer{}
	pages := ec2.NewDescribeInstanceStatusPaginator(ec2.NewFromConfig(cfg), in,
		func(o *ec2.DescribeInstanceStatusPaginatorOptions) { o.StopOnDuplicateToken = true })
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		if out.InstanceStatuses == nil {
			return nil, without("instanceStatusSet")
		}
		for _, s := range out.InstanceStatuses {
			id := aws.ToString(s.InstanceId)
			s.InstanceId = nil
			answers[id] = kind.Answer{Properties: kind.Members(&s, kind.Upper)}
		}
	}
	return answers, nil
}
