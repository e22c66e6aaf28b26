package access

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// SecretError says that a secret cannot be read, or is not what it should be.
type SecretError struct {
	ARN string
	Err error
}

func (e *SecretError) Error() string { return "read secret " + e.ARN + ": " + e.Err.Error() }

func (e *SecretError) Unwrap() error { return e.Err }

// Secret reads a secret of Secrets Manager that is a JSON object into v. Neither its text nor an
// error of parsing it, which may quote it, leaves this function. Its error is a *SecretError.
func Secret(ctx context.Context, cfg aws.Config, arn string, v any) error {
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &arn})
	if err != nil {
		return &SecretError{arn, err}
	}
	if json.Unmarshal([]byte(aws.ToString(out.SecretString)), v) != nil {
		return &SecretError{arn, errors.New("it is not a JSON object")}
	}
	return nil
}
