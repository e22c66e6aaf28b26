package kinds

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudcontrol"
	"github.com/aws/smithy-go"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// Other is the kind of a CloudFormation type that is not among All, as Cloud Control reads it, and
// whether name is that of a type.
func Other(name string) (kind.Kind, bool) {
	if !typeName.MatchString(name) {
		return kind.Kind{}, false
	}
	scope := kind.Regional
	if slices.ContainsFunc(globalTypes, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
		scope = kind.Global
	}
	get := kind.Each(func(ctx context.Context, cfg aws.Config, _ kind.Site, it kind.Item) (map[string]any, error) {
		return getResource(ctx, cfg, name, it.Key)
	})
	return kind.Kind{
		Name: name, Scope: scope, Actions: []string{"cloudformation:ListResources"},
		List: func(ctx context.Context, cfg aws.Config, _ kind.Site, cursor string) (kind.Page, error) {
			return listResources(ctx, cfg, name, cursor)
		},
		Enrich: []kind.Enrich{{
			Actions: []string{"cloudformation:GetResource"}, Keys: []string{kind.Any}, Whole: true,
			Gone: resourceGone, Call: onlyIf(thin, get),
		}, {
			// For types whose listing gives more than the identifier and less than all.
			Option:  "GetResourceAction",
			Actions: []string{"cloudformation:GetResource"}, Keys: []string{kind.Any}, Whole: true,
			Gone: resourceGone, Call: onlyIf(func(it kind.Item) bool { return !thin(it) }, get),
		}},
		Secrets: []string{
			"ContainerDefinitions[].Environment[].Value", "ContainerProperties.Environment[].Value",
			"Environment.Variables.*", "EnvironmentVariables.*", "EnvironmentVariables[].Value",
		},
	}, true
}

var typeName = regexp.MustCompile(`^[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}::[A-Za-z0-9]{2,64}$`)

// globalTypes have one copy for all regions: whichever region answers, knows them all.
var globalTypes = []string{
	"AWS::BCMDataExports::", "AWS::Budgets::", "AWS::CE::", "AWS::CUR::", "AWS::CloudFront::",
	"AWS::ECR::PublicRepository", "AWS::GlobalAccelerator::", "AWS::IAM::", "AWS::NetworkManager::",
	"AWS::Organizations::", "AWS::Route53::", "AWS::Route53RecoveryControl::", "AWS::Route53RecoveryReadiness::",
	"AWS::Shield::",
}

var resourceGone = []string{"ResourceNotFoundException"}

func listResources(ctx context.Context, cfg aws.Config, name, cursor string) (kind.Page, error) {
	out, err := cloudcontrol.NewFromConfig(cfg).ListResources(ctx, &cloudcontrol.ListResourcesInput{
		TypeName: &name, MaxResults: aws.Int32(100), NextToken: kind.Token(cursor),
	})
	if err != nil {
		return kind.Page{}, err
	}
	if out.ResourceDescriptions == nil {
		return kind.Page{}, without("ResourceDescriptions")
	}
	page := kind.Page{Next: aws.ToString(out.NextToken)}
	for _, r := range out.ResourceDescriptions {
		p, err := kind.JSON(aws.ToString(r.Properties))
		if err != nil {
			return kind.Page{}, &smithy.DeserializationError{Err: fmt.Errorf("read the properties: %w", err)}
		}
		id := aws.ToString(r.Identifier)
		page.Items = append(page.Items, kind.Item{
			Key: id, Properties: p, Context: map[string]any{"Identifier": id},
		})
	}
	return page, nil
}

func getResource(ctx context.Context, cfg aws.Config, name, id string) (map[string]any, error) {
	out, err := cloudcontrol.NewFromConfig(cfg).GetResource(ctx, &cloudcontrol.GetResourceInput{
		TypeName: &name, Identifier: &id,
	})
	if err != nil {
		return nil, err
	}
	if out.ResourceDescription == nil {
		return nil, without("ResourceDescription")
	}
	p, err := kind.JSON(aws.ToString(out.ResourceDescription.Properties))
	if err != nil {
		return nil, &smithy.DeserializationError{Err: fmt.Errorf("read the properties: %w", err)}
	}
	return p, nil
}

// thin says that the listing gave nothing but the parts of the identifier: all that a type has to
// give there.
func thin(it kind.Item) bool {
	parts := strings.Split(it.Key, "|")
	for _, v := range it.Properties {
		if !slices.Contains(parts, fmt.Sprint(v)) {
			return false
		}
	}
	return true
}

// onlyIf makes call for some items, and none for the others.
func onlyIf(needed func(kind.Item) bool, call kind.Call) kind.Call {
	return func(ctx context.Context, cfg aws.Config, at kind.Site, items []kind.Item) (map[string]kind.Answer, error) {
		if !needed(items[0]) {
			return map[string]kind.Answer{items[0].Key: {}}, nil
		}
		return call(ctx, cfg, at, items)
	}
}
