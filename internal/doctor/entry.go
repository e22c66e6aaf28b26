package doctor

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/org"
)

// refused says why an account could not be entered, as far as it can be known: STS gives the same answer
// for a missing role, a refused trust, another external id and an account that is suspended.
func (x *examination) refused(ctx context.Context, a org.Account, err error) Finding {
	var denied *access.DeniedError
	if !errors.As(err, &denied) {
		return entryFailed.of("%s: %s", a.Role, access.Judge(err).Message).in(a.ID)
	}
	switch denied.Reason {
	case access.HubNotAllowed:
		return hubNotAllowed.of("%s", denied.Message).in(a.ID).
			next("aws iam simulate-principal-policy --policy-source-arn %s --action-names sts:AssumeRole --resource-arns %s", x.trusted(), a.Role)
	case access.SCP:
		return entryForbidden.of("%s", denied.Message).in(a.ID).next("%s", policyOf(denied.Message, x.report.Account))
	}
	if f, known := x.elsewhere(ctx, a); known {
		return f
	}
	if x.set.name == "" {
		return roleRefused.of("%s (it has to trust %s)", denied.Message, x.trusted()).in(a.ID).
			next("aws iam get-role --role-name %s --query Role.AssumeRolePolicyDocument  # with credentials of account %s", access.RoleName(a.Role), a.ID)
	}
	return x.refusedThere(a)
}

// elsewhere asks Organizations of an account that is only known by its role.
func (x *examination) elsewhere(ctx context.Context, a org.Account) (Finding, bool) {
	if len(x.Org.RoleARNs) == 0 {
		return Finding{}, false // its state is known
	}
	where, err := x.Org.Whereabouts(ctx, []string{a.ID}, nil)
	if err != nil || where[a.ID].State == "" || where[a.ID].State == org.Active {
		return Finding{}, false
	}
	return notActive(a.ID, where[a.ID].State), true
}

// refusedThere reads in the StackSet why a role cannot be entered.
func (x *examination) refusedThere(a org.Account) Finding {
	instance, there := x.set.instances[a.ID]
	switch {
	case !there && manages(a):
		return roleMissing.of("the management account, which StackSets skip, has no role %s that trusts %s; the stack makes it "+
			"where it is deployed there", access.RoleName(a.Role), x.trusted()).in(a.ID).next("%s", x.makeRole(a))
	case !there:
		return roleMissing.of("the StackSet %s has no instance in it", x.set.name).in(a.ID).next("%s", x.set.reach(a.ID))
	case instance.Status != types.StackInstanceStatusCurrent:
		state := string(instance.Status)
		if instance.StackInstanceStatus != nil {
			state += ", " + string(instance.StackInstanceStatus.DetailedStatus)
		}
		return stackInstanceFailed.of("the instance of %s is %s: %s", x.set.name, state, aws.ToString(instance.StatusReason)).in(a.ID).
			next("%s", x.set.reach(a.ID))
	case x.set.parameters["ExternalId"] != x.ExternalID:
		return externalIDWrong.of("the StackSet %s has another ExternalId than the functions", x.set.name).in(a.ID).next("sam build && sam deploy")
	case x.set.parameters["TrustedPrincipalARN"] != x.trusted():
		return trustRefused.of("the role trusts %s, and %s enters it", x.set.parameters["TrustedPrincipalARN"], x.trusted()).in(a.ID).
			next("sam build && sam deploy")
	}
	return trustRefused.of("the StackSet %s made the role as it should be, so somebody has changed or deleted it since", x.set.name).in(a.ID).
		next("aws cloudformation detect-stack-set-drift --stack-set-name %s --call-as %s --region %s", x.set.name, x.set.as, x.set.region)
}

// makeRole is the command that makes the role in an account by hand.
func (x *examination) makeRole(a org.Account) string {
	return "aws cloudformation deploy --stack-name port-aws-sync-member-role --template-file stacksets/member-role.yaml " +
		"--capabilities CAPABILITY_NAMED_IAM --parameter-overrides RoleName=" + access.RoleName(a.Role) + " TrustedPrincipalARN=" + x.trusted() +
		` ExternalId="$EXTERNAL_ID"  # with credentials of account ` + a.ID
}

// trusted is the principal that enters accounts: of a session, the role behind it.
func (x *examination) trusted() string {
	part := strings.Split(x.report.Identity, ":")
	if len(part) < 6 || part[2] != "sts" {
		return x.report.Identity
	}
	if name := strings.Split(part[5], "/"); name[0] == "assumed-role" {
		return access.RoleARN(part[1], part[4], name[1])
	}
	return x.report.Identity
}

var policyID = regexp.MustCompile(`/service_control_policy/(p-[0-9a-z]+)`)

// policyOf is the command that shows the service control policy that a text names, or those of an account.
func policyOf(text, account string) string {
	if m := policyID.FindStringSubmatch(text); m != nil {
		return "aws organizations describe-policy --policy-id " + m[1]
	}
	return "aws organizations list-policies-for-target --filter SERVICE_CONTROL_POLICY --target-id " + account
}
