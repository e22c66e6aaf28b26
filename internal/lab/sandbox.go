package lab

import (
	"cmp"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sandbox is a process that serves invocations of a function, one at a time, by Lambda's Runtime API.
type sandbox struct {
	id       string // first part of the paths that it asks for
	function *function
	process  *process
	inbox    chan *invocation
	ready    chan struct{} // gets a token when the process asks for its next invocation

	mu      sync.Mutex
	current *invocation
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	done     chan outcome
}

// outcome is how an invocation of a function ended.
type outcome struct {
	body   []byte
	failed bool
}

// failure is the body of an error that the function did not return itself.
func failure(kind, format string, args ...any) outcome {
	body, err := json.Marshal(map[string]string{"errorType": kind, "errorMessage": fmt.Sprintf(format, args...)})
	if err != nil {
		panic(err) // strings encode
	}
	return outcome{body, true}
}

// open starts a process for a function, with the credentials of the function's role.
func (h *Host) open(f *function) (*sandbox, error) {
	c := f.Configuration
	s := &sandbox{id: rand.Text(), function: f, inbox: make(chan *invocation, 1), ready: make(chan struct{}, 1)}
	key, err := h.desk.assume(h.ctx, "lambda.amazonaws.com", c.Role, c.FunctionName)
	if err != nil {
		return nil, err
	}
	run := exec.Command(filepath.Join(f.folder, "bootstrap"))
	run.Dir = f.folder
	run.Env = []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=en_US.UTF-8", "TZ=:UTC", "HOME=" + f.folder,
		"LAMBDA_TASK_ROOT=" + f.folder, "_HANDLER=bootstrap", "AWS_LAMBDA_RUNTIME_API=" + h.runtime + "/" + s.id,
		"AWS_LAMBDA_FUNCTION_NAME=" + c.FunctionName, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(c.MemorySize), "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_FORMAT=" + c.LoggingConfig.LogFormat, "AWS_LAMBDA_LOG_LEVEL=" + c.LoggingConfig.ApplicationLogLevel,
		"AWS_REGION=" + strings.Split(c.FunctionArn, ":")[3], "AWS_ENDPOINT_URL=" + h.public,
		"AWS_ACCESS_KEY_ID=" + key.AccessKeyId, "AWS_SECRET_ACCESS_KEY=" + key.SecretAccessKey, "AWS_SESSION_TOKEN=" + key.SessionToken,
	}
	for k, v := range c.Environment.Variables {
		run.Env = append(run.Env, k+"="+v)
	}
	journal := h.journal(c.FunctionName)
	run.Stdout, run.Stderr = journal, journal
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return nil, h.ctx.Err()
	}
	if s.process, err = start(run); err != nil {
		return nil, err
	}
	h.sandboxes[s.id] = s
	h.proxy.know(key.AccessKeyId, caller{role: c.Role, account: hub, function: c.FunctionName, sandbox: s})
	return s, nil
}

// serve has the process serve an invocation. It returns when the process is ready for the next one, or has
// ended: a crash must not meet the next invocation.
func (s *sandbox) serve(inv *invocation) outcome {
	s.mu.Lock()
	s.current = inv
	s.mu.Unlock()
	s.inbox <- inv
	var got outcome
	select {
	case got = <-inv.done:
	case <-s.process.ended:
		select {
		case got = <-inv.done: // it answered before it ended
		default:
			got = failure("Runtime.ExitError", "RequestId: %s Error: Runtime exited with error: %v",
				inv.id, cmp.Or(s.process.err, errors.New("exit status 0")))
		}
	case <-time.After(time.Until(inv.deadline)):
		s.process.kill()
		got = failure("Sandbox.Timedout", "RequestId: %s Error: Task timed out after %d.00 seconds",
			inv.id, s.function.Configuration.Timeout)
	}
	s.mu.Lock()
	s.current = nil
	s.mu.Unlock()
	select {
	case <-s.ready:
	case <-s.process.ended:
	case <-time.After(grace):
		s.process.kill()
	}
	return got
}

// alive says that the process can take another invocation.
func (s *sandbox) alive() bool {
	select {
	case <-s.process.ended:
		return false
	default:
		return true
	}
}

// serveRuntime is Lambda's Runtime API.
func (h *Host) serveRuntime(w http.ResponseWriter, r *http.Request) {
	id, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/2018-06-01/runtime/")
	h.mu.Lock()
	s := h.sandboxes[id]
	h.mu.Unlock()
	switch {
	case s == nil:
		http.NotFound(w, r)
	case path == "invocation/next":
		s.next(w, r)
	default:
		s.take(w, r, path)
	}
}

func (s *sandbox) next(w http.ResponseWriter, r *http.Request) {
	select {
	case s.ready <- struct{}{}:
	default:
	}
	select {
	case inv := <-s.inbox:
		select {
		case <-s.ready: // that it was ready for this one is no news any more
		default:
		}
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", s.function.Configuration.FunctionArn)
		_, _ = w.Write(inv.payload)
	case <-s.process.ended:
	case <-r.Context().Done():
	}
}

// take takes an answer or an error of the current invocation, or of the start.
func (s *sandbox) take(w http.ResponseWriter, r *http.Request, path string) {
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	inv := s.current
	s.mu.Unlock()
	if err != nil || inv == nil || path != "init/error" && !strings.HasPrefix(path, "invocation/"+inv.id+"/") {
		http.Error(w, `{"errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	}
	got := outcome{body, !strings.HasSuffix(path, "/response")}
	if len(body) > maxAnswer {
		got = failure("Function.ResponseSizeTooLarge",
			"Response payload size exceeded maximum allowed payload size (%d bytes).", maxAnswer)
	}
	select {
	case inv.done <- got:
	default: // it has answered already
	}
	w.WriteHeader(http.StatusAccepted)
}
