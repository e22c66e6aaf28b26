package access

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// VersionTag is the tag of a member role that says which version of this program its policy is of.
const VersionTag = "port-aws-sync"

// VersionAction is the IAM action that RoleVersion takes, on the role itself.
const VersionAction = "iam:ListRoleTags"

// RoleName is the name of a role in its ARN, without its path.
func RoleName(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// RoleVersion is what the VersionTag of a role says; "" if it has none. cfg is of the role itself. An error
// is for Judge.
func RoleVersion(ctx context.Context, cfg aws.Config, role string) (string, error) {
	name := RoleName(role)
	in := &iam.ListRoleTagsInput{RoleName: &name}
	for {
		out, err := iam.NewFromConfig(cfg).ListRoleTags(ctx, in)
		if err != nil {
			return "", fmt.Errorf("read the tags of %s: %w", role, err)
		}
		for _, t := range out.Tags {
			if aws.ToString(t.Key) == VersionTag {
				return aws.ToString(t.Value), nil
			}
		}
		if in.Marker = out.Marker; !out.IsTruncated {
			return "", nil
		}
	}
}
