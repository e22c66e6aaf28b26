package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
	"github.com/port-aws-sync/port-aws-sync/internal/report"
)

// Execution is an execution of the state machine.
type Execution struct {
	ARN, Status, Error, Cause, Output string
}

// Execute starts the state machine as a person does, with the options of a run as JSON. It gives the ARN of
// the execution.
func (l *Lab) Execute(ctx context.Context, options string) (string, error) {
	machine, err := l.Output(ctx, "StateMachineArn")
	if err != nil {
		return "", err
	}
	return l.execute(ctx, machine, "", options)
}

func (l *Lab) execute(ctx context.Context, machine, name, input string) (string, error) {
	in := map[string]string{"stateMachineArn": machine, "input": input}
	if name != "" {
		in["name"] = name
	}
	var out struct{ ExecutionArn string }
	err := l.desk.call(ctx, "states", "AWSStepFunctions.StartExecution", in, &out)
	return out.ExecutionArn, err
}

// Executions are the ARNs of all executions of the state machine so far.
func (l *Lab) Executions(ctx context.Context) ([]string, error) {
	machine, err := l.Output(ctx, "StateMachineArn")
	if err != nil {
		return nil, err
	}
	var out struct {
		Executions []struct{ ExecutionArn string }
	}
	err = l.desk.call(ctx, "states", "AWSStepFunctions.ListExecutions", map[string]string{"stateMachineArn": machine}, &out)
	var all []string
	for _, x := range out.Executions {
		all = append(all, x.ExecutionArn)
	}
	return all, err
}

// Abort ends an execution as a person does.
func (l *Lab) Abort(ctx context.Context, execution string) error {
	var out struct{}
	return l.desk.call(ctx, "states", "AWSStepFunctions.StopExecution", map[string]string{"executionArn": execution}, &out)
}

// Wait waits for the end of an execution, also for its beginning.
func (l *Lab) Wait(ctx context.Context, execution string) (Execution, error) {
	ctx, done := l.during(ctx)
	defer done()
	for {
		x := Execution{}
		err := l.desk.call(ctx, "states", "AWSStepFunctions.DescribeExecution", map[string]string{"executionArn": execution}, &x)
		var none *refusal
		absent := errors.As(err, &none) && strings.Contains(none.body, "ExecutionDoesNotExist")
		switch {
		case err != nil && !absent:
			return x, err
		case err == nil && x.Status != "RUNNING":
			x.ARN = execution
			return x, nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return x, fmt.Errorf("wait for %s: %w", execution, context.Cause(ctx))
		}
	}
}

// ExecutionOf is the ARN of the execution of a run that a tick has started.
func (l *Lab) ExecutionOf(run string) string {
	return "arn:aws:states:" + region + ":" + hub + ":execution:" + Stack + ":" + run
}

// RunOf is the run of an execution.
func RunOf(execution string) string { return execution[strings.LastIndex(execution, ":")+1:] }

// ReadReport reads the report of a run.
func (l *Lab) ReadReport(ctx context.Context, run string) (*report.Report, error) {
	bucket, err := l.Output(ctx, "StateBucketName")
	if err != nil {
		return nil, err
	}
	key := strings.Join([]string{bucket, "runs", porttest.OrgID, appType, integration, run, "report.json"}, "/")
	_, body, err := l.desk.send(ctx, "s3", "GET", "/"+key, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("report of run %s: %w", run, err)
	}
	r := &report.Report{}
	return r, json.Unmarshal(body, r)
}
