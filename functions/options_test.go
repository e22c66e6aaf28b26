package functions_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/functions"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func TestTheEnvironmentOfALocalRunNamesItsOptions(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want ledger.Options
		err  string
	}{
		{nil, ledger.Options{DryRun: true}, ""},
		{map[string]string{"APPLY": "1", "ACCOUNTS": " "}, ledger.Options{}, ""},
		{map[string]string{"APPLY": "yes"}, ledger.Options{DryRun: true}, ""},
		{
			map[string]string{"ACCOUNTS": "111111111111, 222222222222", "REGIONS": "eu-west-1 global", "KINDS": "AWS::S3::Bucket", "REFRESH": "1"},
			ledger.Options{
				Accounts: []string{"111111111111", "222222222222"}, Kinds: []string{"AWS::S3::Bucket"},
				Regions: []string{"eu-west-1", "global"}, DryRun: true, Refresh: true,
			}, "",
		},
		{map[string]string{"SETUP": "1", "ADOPT": "1"}, ledger.Options{DryRun: true, Setup: true, Adopt: true}, ""},
		{map[string]string{"RETRY": "a", "APPLY": "1"}, ledger.Options{Retry: "a"}, ""},
		{map[string]string{"APPROVE": "a", "APPLY": "1"}, ledger.Options{Approve: "a"}, ""},
		{map[string]string{"PURGE": "mine", "APPROVE": "a", "APPLY": "1"}, ledger.Options{Purge: "mine", Approve: "a"}, ""},
		{map[string]string{"ACCOUNTS": "prod"}, ledger.Options{}, "accounts[0]"},
	} {
		got, err := functions.Options(func(name string) string { return c.env[name] }, kinds.All)
		switch {
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)), c.err == "" && err != nil:
			t.Errorf("%v: %v", c.env, err)
		case c.err == "" && !cmp.Equal(got, c.want):
			t.Errorf("%v: %s", c.env, cmp.Diff(c.want, got))
		}
	}
}
