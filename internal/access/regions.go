package access

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/account"
	accounttypes "github.com/aws/aws-sdk-go-v2/service/account/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// RegionActions are the IAM actions that Regions takes in the account of cfg.
var RegionActions = []string{"account:ListRegions", "ec2:DescribeRegions"}

// Regions are the names of the regions that are enabled in the account of cfg, sorted, at least one.
// It asks account:ListRegions and, where that is refused or not there, ec2:DescribeRegions in the
// region of cfg. An error is for Judge, and names both where both were asked.
func Regions(ctx context.Context, cfg aws.Config) ([]string, error) {
	names, err := listRegions(ctx, cfg)
	switch {
	case err != nil && notAnswering(err):
		first := Judge(err)
		if names, err = describeRegions(ctx, cfg); err != nil {
			return nil, fmt.Errorf("list regions: account:ListRegions: %s: %s; ec2:DescribeRegions: %w",
				first.Reason, first.Message, err)
		}
	case err != nil:
		return nil, fmt.Errorf("list regions: account:ListRegions: %w", err)
	}
	if len(names) == 0 {
		return nil, errors.New("list regions: AWS names none that is enabled")
	}
	slices.Sort(names)
	return names, nil
}

func listRegions(ctx context.Context, cfg aws.Config) ([]string, error) {
	client := account.NewFromConfig(cfg)
	in := &account.ListRegionsInput{
		MaxResults: aws.Int32(50),
		RegionOptStatusContains: []accounttypes.RegionOptStatus{
			accounttypes.RegionOptStatusEnabled, accounttypes.RegionOptStatusEnabledByDefault,
		},
	}
	var names []string
	for {
		out, err := client.ListRegions(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, r := range out.Regions {
			names = append(names, aws.ToString(r.RegionName))
		}
		last := aws.ToString(in.NextToken)
		in.NextToken = out.NextToken
		switch aws.ToString(in.NextToken) {
		case "":
			return names, nil
		case last:
			return nil, errors.New("the page token repeats")
		}
	}
}

func describeRegions(ctx context.Context, cfg aws.Config) ([]string, error) {
	in := &ec2.DescribeRegionsInput{AllRegions: aws.Bool(false)}
	out, err := ec2.NewFromConfig(cfg).DescribeRegions(ctx, in)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range out.Regions {
		if aws.ToString(r.OptInStatus) != "not-opted-in" {
			names = append(names, aws.ToString(r.RegionName))
		}
	}
	return names, nil
}
