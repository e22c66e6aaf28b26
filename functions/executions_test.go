package functions

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

const machineARN = "arn:aws-us-gov:states:us-gov-west-1:111122223333:stateMachine:hub"

// stepFunctions answers every call alike, and keeps the last one.
type stepFunctions struct {
	status     int
	body       string
	call, sent string
	scope      string // of the signature
}

func (s *stepFunctions) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.call, s.sent, s.scope = r.Header.Get("X-Amz-Target"), string(body), r.Header.Get("Authorization")
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.body)
}

func (s *stepFunctions) executions(t *testing.T) executions {
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return executions{machine: machineARN, client: sfn.New(sfn.Options{
		BaseEndpoint: &server.URL, Region: "eu-west-1", RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "key", SecretAccessKey: "secret"}, nil
		}),
	})}
}

func TestExecutionsAreNamedAfterRuns(t *testing.T) {
	s := &stepFunctions{status: 200, body: `{"executionArn": "x", "startDate": 1}`}
	x := s.executions(t)
	arn := x.ARN("20261124T220000Z")
	if want := "arn:aws-us-gov:states:us-gov-west-1:111122223333:execution:hub:20261124T220000Z"; arn != want || nameOf(arn) != "20261124T220000Z" {
		t.Errorf("got %s, want %s", arn, want)
	}
	if err := x.Start(t.Context(), arn); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{machineARN, `"name":"20261124T220000Z"`, `"input":"{\"run\":\"20261124T220000Z\"}"`} {
		if !strings.Contains(s.sent, want) {
			t.Errorf("%s is missing in %s", want, s.sent)
		}
	}
	if !strings.Contains(s.scope, "/us-gov-west-1/states/") {
		t.Errorf("asked where the execution is not: %s", s.scope)
	}
}

func TestWhatStepFunctionsSaysOfAnExecution(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   run.ExecutionStatus // "" = an error
	}{
		{200, `{"status": "RUNNING"}`, run.Running},
		{200, `{"status": "PENDING_REDRIVE"}`, run.Running},
		{200, `{"status": "SUCCEEDED"}`, run.Ended},
		{200, `{"status": "FAILED"}`, run.Ended},
		{200, `{"status": "TIMED_OUT"}`, run.Ended},
		{200, `{"status": "ABORTED"}`, run.Ended},
		{400, `{"__type": "ExecutionDoesNotExist", "message": "it does not"}`, run.Absent},
		{400, `{"__type": "AccessDeniedException", "message": "not authorized"}`, ""},
	}
	for _, tt := range tests {
		x := (&stepFunctions{status: tt.status, body: tt.body}).executions(t)
		got, err := x.Status(t.Context(), x.ARN("r"))
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s: got %q, %v", tt.body, got, err)
		}
	}
}

func TestAnExecutionThatIsThereIsStarted(t *testing.T) {
	for code, fine := range map[string]bool{"ExecutionAlreadyExists": true, "AccessDeniedException": false} {
		x := (&stepFunctions{status: 400, body: `{"__type": "` + code + `"}`}).executions(t)
		if err := x.Start(t.Context(), x.ARN("r")); (err == nil) != fine {
			t.Errorf("%s: %v", code, err)
		}
	}
}
