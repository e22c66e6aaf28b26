package access

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Secret reads a secret of Secrets Manager that is a JSON object into v. Neither its text nor an
// error of parsing it, which may quote it, leaves this function.
func Secret(ctx context.Context, cfg aws.Config, arn string, v any) error {
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		return fmt.Errorf("read secret %s: %w", arn, err)
	}
	if json.Unmarshal([]byte(aws.ToString(out.SecretString)), v) != nil {
		return fmt.Errorf("read secret %s: it is not a JSON object", arn)
	}
	return nil
}
