package kinds

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

var accountInfo = kind.Kind{
	Name:  "AWS::Account::Info",
	Scope: kind.Hub,
	List: func(_ context.Context, _ aws.Config, at kind.Site, _ string) (kind.Page, error) {
		return kind.Page{Items: []kind.Item{{
			Key:        at.Account,
			Properties: map[string]any{"Id": at.Account, "Name": at.AccountName},
		}}}, nil
	},
}
