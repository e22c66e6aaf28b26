package lab

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

type event map[string]any

// kind is the name of the error that a function, or Lambda, has answered with.
func kind(err error) string {
	var failed *FunctionError
	var no *refusal
	switch {
	case errors.As(err, &failed):
		return failed.Type
	case errors.As(err, &no):
		return no.code
	case err != nil:
		return err.Error()
	}
	return ""
}

func TestFunctionsFailAsOnAWSAndTheNextInvocationIsServed(t *testing.T) {
	l := open(t)
	big := strings.Repeat("x", maxPayload)
	for _, c := range []struct {
		name, function string
		event          event
		want           string
	}{
		{"an error with a name", faulty, event{"do": "fail"}, "Busy"},
		{"an error without one", faulty, event{"do": "fail without a name"}, "errorString"},
		{"a panic", faulty, event{"do": "panic"}, "string"},
		{"a crash", faulty, event{"do": "exit"}, "Runtime.ExitError"},
		{"a time-out", faulty, event{"do": "sleep", "milliseconds": 60_000}, "Sandbox.Timedout"},
		{"an answer that is too large", faulty, event{"do": "answer", "bytes": maxAnswer}, "Function.ResponseSizeTooLarge"},
		{"a payload that is too large", faulty, event{"item": big}, "RequestTooLargeException"},
		{"a start that fails", broken, nil, "Runtime.ExitError"},
		{"a function that does not exist", tiny + "-none", nil, "ResourceNotFoundException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := l.Invoke(t.Context(), c.function, c.event); kind(err) != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			got, err := l.Invoke(t.Context(), faulty, event{"item": "fine"})
			if err != nil || string(got) != `"fine"` {
				t.Errorf("afterwards got %s, %v", got, err)
			}
		})
	}
}

func TestAFunctionHasItsRoleAndItsSettings(t *testing.T) {
	l := open(t)
	got, err := l.Invoke(t.Context(), faulty, event{"do": "environment"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"TIMEOUT=1", "AWS_REGION=eu-west-1", "AWS_LAMBDA_LOG_LEVEL=DEBUG", "AWS_LAMBDA_FUNCTION_NAME=" + faulty, "AWS_SESSION_TOKEN=",
	} {
		if !strings.Contains(string(got), `"`+want) {
			t.Errorf("%s is missing in %s", want, got)
		}
	}
}

func TestTooManyAtOnceAreRefused(t *testing.T) {
	l := open(t)
	for _, c := range []struct {
		name, function string
		limit, calls   int
		want           []string
	}{
		{"of a function", single, 1000, 2, []string{"", "TooManyRequestsException"}},
		{"of the account", faulty, 2, 3, []string{"", "", "TooManyRequestsException"}},
		{"within the limit", faulty, 3, 3, []string{"", "", ""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l.Lambda.Limit(c.limit)
			defer l.Lambda.Limit(1000)
			var all sync.WaitGroup
			got := make([]string, c.calls)
			for i := range got {
				all.Go(func() {
					_, err := l.Invoke(t.Context(), c.function, event{"do": "sleep", "milliseconds": 600})
					got[i] = kind(err)
				})
			}
			all.Wait()
			if slices.Sort(got); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAsynchronousInvocationsAreTriedAgain(t *testing.T) {
	l := open(t)
	for _, c := range []struct {
		name  string
		event event
		limit int
		want  []string // of the journal, in order
	}{
		{"none that succeeds", event{"item": "async 1"}, 1000, []string{"START", "END"}},
		{"twice where it fails", event{"do": "fail", "item": "async 2"}, 1000,
			[]string{"START", "FAILED", "START", "FAILED", "START", "FAILED", "DROPPED"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := len(l.Lambda.Logs(faulty))
			if err := l.InvokeAsync(t.Context(), faulty, c.event); err != nil {
				t.Fatal(err)
			}
			if err := l.Lambda.Settle(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got []string
			for line := range strings.Lines(l.Lambda.Logs(faulty)[before:]) {
				if word, _, _ := strings.Cut(line, " RequestId: "); word != line {
					got = append(got, word)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	big := strings.Repeat("x", maxAsyncPayload)
	if err := l.InvokeAsync(t.Context(), faulty, event{"item": big}); kind(err) != "RequestTooLargeException" {
		t.Errorf("a large event: got %v", err)
	}
}

func TestAnAsynchronousInvocationWaitsForRoom(t *testing.T) {
	l := open(t)
	l.Lambda.Limit(0)
	before := len(l.Lambda.Logs(faulty))
	if err := l.InvokeAsync(t.Context(), faulty, event{"item": "patient"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
	l.Lambda.Limit(1000)
	if err := l.Lambda.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := l.Lambda.Logs(faulty)[before:]; !strings.Contains(got, "patient") || strings.Contains(got, "DROPPED") {
		t.Errorf("got %s", got)
	}
}

func TestAProcessCanBeKilledByWhatItServes(t *testing.T) {
	l := open(t)
	got := make(chan string, 2)
	for _, item := range []string{"victim", "bystander"} {
		go func() {
			_, err := l.Invoke(t.Context(), faulty, event{"do": "sleep", "milliseconds": 700, "item": item})
			got <- item + kind(err)
		}()
	}
	soon(t, "a victim is killed", func() bool {
		return l.Lambda.Kill(faulty, func(p []byte) bool { return strings.Contains(string(p), "victim") }, syscall.SIGKILL) == 1
	})
	all := []string{<-got, <-got}
	slices.Sort(all)
	if want := []string{"bystander", "victimRuntime.ExitError"}; !slices.Equal(all, want) {
		t.Errorf("got %q, want %q", all, want)
	}
}

func TestAProcessCanBeKilledAtACallOfAWS(t *testing.T) {
	l := open(t)
	lift := l.AWS.Fault(Rule{Function: faulty, Service: "sts", Operation: "GetCallerIdentity", After: 2, Times: 1, Do: Kill{syscall.SIGKILL}})
	defer lift()
	for _, c := range []struct {
		calls int
		want  string
	}{{2, ""}, {1, "Runtime.ExitError"}, {3, ""}} {
		if _, err := l.Invoke(t.Context(), faulty, event{"do": "call", "calls": c.calls}); kind(err) != c.want {
			t.Errorf("%d calls: got %v, want %s", c.calls, err, c.want)
		}
	}
}
