package functions

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// executions are those of Step Functions.
type executions struct {
	client  *sfn.Client
	machine string // its ARN
}

func (x executions) ARN(run string) string {
	return strings.Replace(x.machine, ":stateMachine:", ":execution:", 1) + ":" + run
}

func (x executions) Status(ctx context.Context, arn string) (run.ExecutionStatus, error) {
	out, err := x.client.DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn}, home(arn))
	var absent *types.ExecutionDoesNotExist
	switch {
	case errors.As(err, &absent):
		return run.Absent, nil
	case err != nil:
		return "", fmt.Errorf("look for execution %s: %w", nameOf(arn), err)
	case out.Status == types.ExecutionStatusRunning, out.Status == types.ExecutionStatusPendingRedrive:
		return run.Running, nil
	}
	return run.Ended, nil
}

// home is the region of an ARN: a one-process run may be at work in another.
func home(arn string) func(*sfn.Options) {
	return func(o *sfn.Options) { o.Region = strings.Split(arn, ":")[3] }
}

func (x executions) Start(ctx context.Context, arn string) error {
	name := nameOf(arn)
	input, err := json.Marshal(map[string]string{"run": name})
	if err != nil {
		return err
	}
	machine := strings.Replace(strings.TrimSuffix(arn, ":"+name), ":execution:", ":stateMachine:", 1)
	_, err = x.client.StartExecution(ctx, &sfn.StartExecutionInput{
		StateMachineArn: &machine, Name: &name, Input: aws.String(string(input)),
	}, home(arn))
	var there *types.ExecutionAlreadyExists
	if err != nil && !errors.As(err, &there) {
		return fmt.Errorf("start execution %s: %w", name, err)
	}
	return nil
}
