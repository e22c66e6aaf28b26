package doctor

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
)

// set is the StackSet that puts the roles into the accounts.
type set struct {
	name, region string // "" = there is none, or it cannot be seen
	as           types.CallAs
	parameters   map[string]string
	version      string // of the template
	units        []string
	instances    map[string]types.StackInstanceSummary
}

// stackSet looks at the StackSet of the stack, if the accounts are those of an organization.
func (x *examination) stackSet(ctx context.Context) {
	if x.Machine == "" || len(x.Org.RoleARNs) > 0 {
		return
	}
	name, region := x.stackName()+"-member-roles", regionOf(x.Machine)
	client := cloudformation.NewFromConfig(x.Hub, func(o *cloudformation.Options) { o.Region = region })
	as := types.CallAsSelf
	out, err := client.DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: &name, CallAs: as})
	var none *types.StackSetNotFoundException
	if errors.As(err, &none) {
		as = types.CallAsDelegatedAdmin
		if out, err = client.DescribeStackSet(ctx, &cloudformation.DescribeStackSetInput{StackSetName: &name, CallAs: as}); err != nil {
			x.find(stackSetMissing.of("there is no StackSet %s in %s", name, region))
			return
		}
	}
	if err != nil || out.StackSet == nil {
		x.find(x.unseen("cloudformation:DescribeStackSet", err))
		return
	}
	s := set{as: as, parameters: map[string]string{}, units: out.StackSet.OrganizationalUnitIds,
		version: versionOf(aws.ToString(out.StackSet.TemplateBody)), instances: map[string]types.StackInstanceSummary{}}
	for _, p := range out.StackSet.Parameters {
		s.parameters[aws.ToString(p.ParameterKey)] = aws.ToString(p.ParameterValue)
	}
	pages := cloudformation.NewListStackInstancesPaginator(client, &cloudformation.ListStackInstancesInput{StackSetName: &name, CallAs: as})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			x.find(x.unseen("cloudformation:ListStackInstances", err))
			return
		}
		for _, i := range page.Summaries {
			s.instances[aws.ToString(i.Account)] = i
		}
	}
	s.name, s.region = name, region
	x.set = s
	x.trustedAccess(ctx, client)
	if have := s.parameters["RoleName"]; have != x.Org.MemberRoleName {
		x.find(roleNameDiffers.of("the StackSet %s makes %s, the functions enter %s", name, have, x.Org.MemberRoleName).
			next("sam build && sam deploy"))
	}
}

func (x *examination) trustedAccess(ctx context.Context, client *cloudformation.Client) {
	out, err := client.DescribeOrganizationsAccess(ctx, &cloudformation.DescribeOrganizationsAccessInput{CallAs: x.set.as})
	switch {
	case err != nil:
		x.find(x.unseen("cloudformation:DescribeOrganizationsAccess", err))
	case out.Status != types.OrganizationStatusEnabled:
		x.find(trustedAccessOff.of("CloudFormation says %s", out.Status).
			next("aws cloudformation activate-organizations-access --region %s", x.set.region))
	}
}

var versionTag = regexp.MustCompile(`Key: ` + access.VersionTag + `, Value: ([\w.+-]+)`)

// versionOf is the version that a member role's template gives its role.
func versionOf(template string) string {
	if m := versionTag.FindStringSubmatch(template); m != nil {
		return m[1]
	}
	return ""
}

// reach is the command that lets the StackSet make the role in an account.
func (s set) reach(account string) string {
	unit := "<its unit>"
	if len(s.units) > 0 {
		unit = strings.Join(s.units, ",")
	}
	return "aws cloudformation create-stack-instances --stack-set-name " + s.name + " --call-as " + string(s.as) + " --region " + s.region +
		" --regions " + s.region + " --deployment-targets OrganizationalUnitIds=" + unit + ",Accounts=" + account + ",AccountFilterType=INTERSECTION"
}
