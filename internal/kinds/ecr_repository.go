package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var ecrRepository = kind.Kind{
	Name:    "AWS::ECR::Repository",
	Scope:   kind.Regional,
	Actions: []string{"ecr:DescribeRepositories"},
	List: pages(
		func(ctx context.Context, cfg aws.Config, token *string) (*ecr.DescribeRepositoriesOutput, error) {
			return ecr.NewFromConfig(cfg).DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{
				MaxResults: aws.Int32(1000), NextToken: token,
			})
		},
		func(out *ecr.DescribeRepositoriesOutput) ([]types.Repository, *string) {
			return out.Repositories, out.NextToken
		},
		func(_ kind.Site, r *types.Repository) kind.Item {
			p := only(kind.Members(r, kind.Lower), ecrRepositoryKeys)
			return kind.Item{Key: aws.ToString(r.RepositoryArn), Properties: p}
		},
	),
	Enrich: []kind.Enrich{{
		Option:  "GetRepositoryPolicyAction",
		Actions: []string{"ecr:GetRepositoryPolicy"},
		Keys:    []string{"RepositoryPolicyText"},
		Absent:  []string{"RepositoryPolicyNotFoundException"},
		Gone:    repositoryGone,
		Call:    kind.Each(repositoryPolicy),
	}, {
		Option:  "GetLifecyclePolicyAction",
		Actions: []string{"ecr:GetLifecyclePolicy"},
		Keys:    []string{"LifecyclePolicy"},
		Absent:  []string{"LifecyclePolicyNotFoundException"},
		Gone:    repositoryGone,
		Call:    kind.Each(lifecyclePolicy),
	}, {
		Option:  "ListTagsForResourceAction",
		Actions: []string{"ecr:ListTagsForResource"},
		Keys:    []string{"Tags"},
		Gone:    repositoryGone,
		Bulk:    tagsOf("ecr:repository", "Tags", upperTags),
		Saves:   saves,
		Call:    kind.Each(repositoryTags),
	}},
	Defaults: []string{"DescribeRepositoriesAction"},
}

var repositoryGone = []string{"RepositoryNotFoundException"}

var ecrRepositoryKeys = []string{
	"CreatedAt", "EncryptionConfiguration", "ImageScanningConfiguration", "ImageTagMutability",
	"RegistryId", "RepositoryArn", "RepositoryName", "RepositoryUri",
}

func repositoryPolicy(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := ecr.NewFromConfig(cfg).GetRepositoryPolicy(ctx, &ecr.GetRepositoryPolicyInput{
		RepositoryName: member(it, "RepositoryName"),
	})
	if err != nil {
		return nil, err
	}
	if out.PolicyText == nil {
		return nil, without("policyText")
	}
	return map[string]any{"RepositoryPolicyText": *out.PolicyText}, nil
}

func lifecyclePolicy(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := ecr.NewFromConfig(cfg).GetLifecyclePolicy(ctx, &ecr.GetLifecyclePolicyInput{
		RepositoryName: member(it, "RepositoryName"),
	})
	if err != nil {
		return nil, err
	}
	if out.LifecyclePolicyText == nil {
		return nil, without("lifecyclePolicyText")
	}
	return map[string]any{"LifecyclePolicy": kind.Plain(out, kind.Lower)}, nil
}

func repositoryTags(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
	out, err := ecr.NewFromConfig(cfg).ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: &it.Key})
	if err != nil {
		return nil, err
	}
	if out.Tags == nil {
		return nil, without("tags")
	}
	return map[string]any{"Tags": kind.Plain(out.Tags, kind.Upper)}, nil
}
