package lab

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func machine(t *testing.T, l *Lab) string {
	t.Helper()
	arn, err := l.output(t.Context(), tiny, "StateMachineArn")
	if err != nil {
		t.Fatal(err)
	}
	return arn
}

// carryOut starts the state machine with an input and waits for its end.
func carryOut(t *testing.T, l *Lab, input string) Execution {
	t.Helper()
	arn, err := l.execute(t.Context(), machine(t, l), "", input)
	if err != nil {
		t.Fatal(err)
	}
	x, err := l.Wait(t.Context(), arn)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func putItems(t *testing.T, l *Lab, key, items string) {
	t.Helper()
	if _, _, err := l.desk.send(t.Context(), "s3", http.MethodPut, "/tiny-state/"+key, nil, []byte(items)); err != nil {
		t.Fatal(err)
	}
}

func TestExecutionsEndAsOnAWS(t *testing.T) {
	l := open(t)
	putItems(t, l, "fine.json", `[{"Do": ""}, {"Do": ""}, {"Do": "fail"}]`)
	putItems(t, l, "bad.json", `[{"Do": "fail"}, {"Do": ""}, {"Do": "fail"}]`)
	putItems(t, l, "none.json", `[]`)
	for _, c := range []struct{ name, input, status, error string }{
		{"a task that succeeds", `{"do": ""}`, "SUCCEEDED", ""},
		{"an error that is final", `{"do": "fail"}`, "FAILED", "Busy"},
		{"a crash", `{"do": "exit"}`, "FAILED", "Runtime.ExitError"},
		{"a function's time-out", `{"do": "sleep"}`, "FAILED", "Sandbox.Timedout"},
		{"a path that is not there", `{}`, "FAILED", "States.Runtime"},
		{"a map within its tolerance", `{"items": "fine.json", "bucket": "tiny-state", "width": 2}`, "SUCCEEDED", ""},
		{"a map beyond it", `{"items": "bad.json", "bucket": "tiny-state", "width": 2}`, "FAILED", "States.ExceedToleratedFailureThreshold"},
		{"a map of nothing", `{"items": "none.json", "bucket": "tiny-state", "width": 2}`, "SUCCEEDED", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if x := carryOut(t, l, c.input); x.Status != c.status || x.Error != c.error {
				t.Errorf("got %+v, want %s %s", x, c.status, c.error)
			}
		})
	}
}

func TestThrottledTasksAreTriedAgain(t *testing.T) {
	l := open(t)
	lift := l.AWS.Fault(Rule{Service: "lambda", Operation: "Invoke", Times: 2, Do: Throttle{}})
	defer lift()
	if x := carryOut(t, l, `{"do": ""}`); x.Status != "SUCCEEDED" {
		t.Errorf("got %+v", x)
	}
}

func TestAWaitEndsAtItsTime(t *testing.T) {
	l := open(t)
	until := time.Now().Add(3 * time.Second).UTC().Truncate(time.Second)
	if x := carryOut(t, l, fmt.Sprintf(`{"until": %q}`, until.Format(time.RFC3339))); x.Status != "SUCCEEDED" {
		t.Errorf("got %+v", x)
	}
	if early := time.Until(until); early > 100*time.Millisecond {
		t.Errorf("it ended %s early", early)
	}
}

func TestAMapHasSoManyChildrenAtOnceAsItsPathSays(t *testing.T) {
	l := open(t)
	putItems(t, l, "slow.json", `[{"Do": "sleep"}, {"Do": "sleep"}, {"Do": "sleep"}, {"Do": "sleep"}]`)
	began := time.Now()
	if x := carryOut(t, l, `{"items": "slow.json", "bucket": "tiny-state", "width": 4}`); x.Status != "SUCCEEDED" {
		t.Fatalf("got %+v", x)
	}
	wide := time.Since(began)
	began = time.Now()
	if x := carryOut(t, l, `{"items": "slow.json", "bucket": "tiny-state", "width": 1}`); x.Status != "SUCCEEDED" {
		t.Fatalf("got %+v", x)
	}
	if narrow := time.Since(began); wide > narrow-time.Second || narrow < 2*time.Second {
		t.Errorf("four children of half a second took %s with width 4 and %s with width 1", wide, narrow)
	}
}

func TestANameIsGivenToOneExecution(t *testing.T) {
	l := open(t)
	arn := machine(t, l)
	until := fmt.Sprintf(`{"until": %q}`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	first, err := l.execute(t.Context(), arn, "one", until)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := l.execute(t.Context(), arn, "one", until); err != nil || again != first {
		t.Errorf("the same once more: got %s, %v", again, err)
	}
	if _, err := l.execute(t.Context(), arn, "one", `{"do": ""}`); err == nil || !strings.Contains(err.Error(), "ExecutionAlreadyExists") {
		t.Errorf("another input: got %v", err)
	}
	if err := l.Abort(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if _, err := l.execute(t.Context(), arn, "one", until); err == nil || !strings.Contains(err.Error(), "ExecutionAlreadyExists") {
		t.Errorf("after its end: got %v", err)
	}
}

func TestAnAbortEndsAnExecutionAtOnceAndNoChildStartsAfterIt(t *testing.T) {
	l := open(t)
	putItems(t, l, "many.json", `[{"Do": "sleep"}, {"Do": "sleep", "mark": "successor"}]`)
	before := len(l.Lambda.Logs(faulty))
	arn, err := l.execute(t.Context(), machine(t, l), "aborted", `{"items": "many.json", "bucket": "tiny-state", "width": 1}`)
	if err != nil {
		t.Fatal(err)
	}
	soon(t, "the first child is at work", func() bool { return strings.Contains(l.Lambda.Logs(faulty)[before:], `"Do": "sleep"`) })
	if err := l.Abort(t.Context(), arn); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	x, err := l.Wait(t.Context(), arn)
	if err != nil || x.Status != "ABORTED" || time.Since(began) > 300*time.Millisecond {
		t.Errorf("after %s got %+v, %v", time.Since(began), x, err)
	}
	soon(t, "the rule has told the function", func() bool {
		return strings.Contains(l.Lambda.Logs(faulty)[before:], `{"item": "aborted has ended", "do": "ABORTED"}`)
	})
	time.Sleep(700 * time.Millisecond) // longer than the first child takes
	if strings.Contains(l.Lambda.Logs(faulty)[before:], "successor") {
		t.Error("the second child was started")
	}
}

func TestTheRuleIsToldOfExecutionsThatFailOnly(t *testing.T) {
	l := open(t)
	before := len(l.Lambda.Logs(faulty))
	fine, failed := carryOut(t, l, `{"do": ""}`), carryOut(t, l, `{"do": "fail"}`)
	name := func(x Execution) string { return RunOf(x.ARN) }
	soon(t, "the rule has told the function", func() bool {
		return strings.Contains(l.Lambda.Logs(faulty)[before:], fmt.Sprintf(`{"item": "%s has ended", "do": "FAILED"}`, name(failed)))
	})
	if strings.Contains(l.Lambda.Logs(faulty)[before:], name(fine)+" has ended") {
		t.Error("it was told of one that succeeded")
	}
}

func TestTheScheduleComesDue(t *testing.T) {
	l := open(t)
	at := time.Date(2026, 11, 24, 22, 0, 0, 0, time.FixedZone("", 3600))
	for range 2 {
		if err := l.Tick(t.Context(), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Lambda.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(l.Lambda.Logs(faulty), `"came due at 2026-11-24T21:00:00Z"`); n < 2 {
		t.Errorf("the function was told %d times", n)
	}
	before := len(l.Lambda.Logs(faulty))
	stop := l.Clock(t.Context(), 60)
	soon(t, "the clock has told it twice", func() bool {
		return strings.Count(l.Lambda.Logs(faulty)[before:], "START") > 1
	})
	stop()
	if err := l.Lambda.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}
