package access_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/account"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
)

// TestEachPartitionIsAskedAtItsOwnEndpoints: STS in our region, the global services where the partition has them.
func TestEachPartitionIsAskedAtItsOwnEndpoints(t *testing.T) {
	for region, want := range map[string][]string{
		"eu-west-1": {"sts.eu-west-1.amazonaws.com", "organizations.us-east-1.amazonaws.com", "iam.amazonaws.com",
			"account.us-east-1.amazonaws.com"},
		"us-gov-east-1": {"sts.us-gov-east-1.amazonaws.com", "organizations.us-gov-west-1.amazonaws.com", "iam.us-gov.amazonaws.com", ""},
		"cn-north-1": {"sts.cn-north-1.amazonaws.com.cn", "organizations.cn-northwest-1.amazonaws.com.cn",
			"iam.cn-north-1.amazonaws.com.cn", "account.cn-northwest-1.amazonaws.com.cn"},
	} {
		var hosts []string
		cfg := awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			hosts = append(hosts, r.Host)
			w.WriteHeader(http.StatusTeapot)
		}), region)
		_, _ = access.Assume(t.Context(), cfg, access.Role{ARN: reader})
		_, _ = organizations.NewFromConfig(cfg).ListAccounts(t.Context(), nil)
		_, _ = iam.NewFromConfig(cfg).ListRoleTags(t.Context(), &iam.ListRoleTagsInput{RoleName: &region})
		_, _ = account.NewFromConfig(cfg).ListRegions(t.Context(), nil)
		for i, host := range want {
			if i >= len(hosts) || host != "" && hosts[i] != host {
				t.Errorf("%s: asked %q, want %q", region, hosts, want)
				break
			}
		}
	}
}
