package edge_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/port-aws-sync/port-aws-sync/internal/edge"
)

type event struct {
	Run string `json:"run"`
}

type busy struct{}

func (busy) Error() string { return "another run holds the lock" }
func (busy) Code() string  { return "RunBusy" }

// answer is what a function that fails with err answers to an event.
func answer(t *testing.T, text string, err error) (any, error) {
	t.Helper()
	h := edge.Handler(slog.New(slog.DiscardHandler), func(_ context.Context, e event) (string, error) {
		return "did " + e.Run, err
	})
	return h(t.Context(), json.RawMessage(text))
}

func TestErrorsCrossByName(t *testing.T) {
	tests := []struct {
		name, event string
		err         error
		want        string
	}{
		{"one with a name", `{}`, busy{}, "RunBusy"},
		{"one that is wrapped", `{}`, fmt.Errorf("discover: %w", errors.Join(errors.New("and"), busy{})), "RunBusy"},
		{"any other", `{}`, errors.New("broken"), "Unexpected"},
		{"a field that nobody knows", `{"run": "a", "dryrun": true}`, nil, "EventInvalid"},
		{"a field of another type", `{"run": 1}`, nil, "EventInvalid"},
		{"no JSON", `run`, nil, "EventInvalid"},
		{"two events", `{"run": "a"} {"run": "b"}`, nil, "EventInvalid"},
	}
	for _, tt := range tests {
		got, err := answer(t, tt.event, tt.err)
		// The runtime knows the name only of this type by value.
		failure, ok := err.(messages.InvokeResponse_Error)
		if !ok || failure.Type != tt.want || got != nil {
			t.Errorf("%s: got %v and %#v, want %s", tt.name, got, err, tt.want)
		}
		if tt.err != nil && failure.Message != tt.err.Error() {
			t.Errorf("%s: the message is %q", tt.name, failure.Message)
		}
	}
	if _, err := answer(t, `{"dryrun": true}`, nil); !strings.Contains(err.Error(), "dryrun") {
		t.Errorf("%v does not name the field", err)
	}
	if got, err := answer(t, `{"run": "a"}`, nil); got != "did a" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAFunctionAnswersBeforeLambdaEndsIt(t *testing.T) {
	for _, tt := range []struct{ given, atLeast, atMost time.Duration }{
		{10 * time.Second, 8 * time.Second, 9 * time.Second},
		{15 * time.Minute, 15*time.Minute - 6*time.Second, 15*time.Minute - 5*time.Second},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), tt.given)
		defer cancel()
		var left time.Duration
		h := edge.Handler(slog.New(slog.DiscardHandler), func(ctx context.Context, _ event) (string, error) {
			end, _ := ctx.Deadline()
			left = time.Until(end)
			return "", nil
		})
		if _, err := h(ctx, json.RawMessage(`{}`)); err != nil {
			t.Fatal(err)
		}
		if left < tt.atLeast || left > tt.atMost {
			t.Errorf("of %s it has %s", tt.given, left)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	h := edge.Handler(slog.New(slog.DiscardHandler), func(ctx context.Context, _ event) (string, error) {
		<-ctx.Done()
		return "", fmt.Errorf("list accounts: %w", ctx.Err())
	})
	_, err := h(ctx, json.RawMessage(`{}`))
	if failure, ok := err.(messages.InvokeResponse_Error); !ok || failure.Type != "OutOfTime" {
		t.Errorf("got %#v", err)
	}
}

func TestLogLinesAreAsLambdaFiltersThem(t *testing.T) {
	var out bytes.Buffer
	log := edge.Logger(&out, func(string) string { return "WARN" })
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	log.InfoContext(ctx, "not this")
	log.With("run", "r").WarnContext(ctx, "cell frozen", "account", "111122223333")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, out.Bytes())
	}
	if _, err := time.Parse(time.RFC3339, fmt.Sprint(line["timestamp"])); err != nil {
		t.Error(err)
	}
	delete(line, "timestamp")
	want := map[string]any{"level": "WARN", "message": "cell frozen", "run": "r", "account": "111122223333", "requestId": "request-1"}
	if fmt.Sprint(line) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", line, want)
	}
	for name, want := range map[string]bool{"TRACE": true, "DEBUG": true, "INFO": true, "": true, "WARN": false, "FATAL": false} {
		log := edge.Logger(&out, func(string) string { return name })
		if got := log.Enabled(ctx, slog.LevelInfo); got != want {
			t.Errorf("%q logs INFO: %v", name, got)
		}
	}
}
