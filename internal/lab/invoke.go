package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// FunctionError is an error that a function has answered with, or that ended it.
type FunctionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

// Invoke calls a function as a person does, and gives its answer. What the function answers with an error
// is a *FunctionError.
func (l *Lab) Invoke(ctx context.Context, function string, event any) (json.RawMessage, error) {
	return l.invoke(ctx, function, event, "RequestResponse")
}

// InvokeAsync calls a function as services of AWS do, without waiting for its answer.
func (l *Lab) InvokeAsync(ctx context.Context, function string, event any) error {
	_, err := l.invoke(ctx, function, event, "Event")
	return err
}

func (l *Lab) invoke(ctx context.Context, function string, event any, kind string) (json.RawMessage, error) {
	ctx, done := l.during(ctx)
	defer done()
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	path := "/2015-03-31/functions/" + function + "/invocations"
	answer, body, err := desk{url: l.awsURL}.send(ctx, "lambda", "POST", path, http.Header{"X-Amz-Invocation-Type": {kind}}, payload)
	if err != nil {
		return nil, err
	}
	if answer.Header.Get("X-Amz-Function-Error") == "" {
		return body, nil
	}
	failed := &FunctionError{}
	if err := json.Unmarshal(body, failed); err != nil {
		return nil, fmt.Errorf("error of %s: %w", function, err)
	}
	return nil, failed
}
