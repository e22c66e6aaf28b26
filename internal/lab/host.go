package lab

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Lambda's limits in bytes.
const (
	maxPayload      = 6291456
	maxAsyncPayload = 256 << 10
	maxAnswer       = 6291556
)

// Host is Lambda: it runs deployed functions as processes of this machine, within AWS's limits. It is safe
// for concurrent use.
type Host struct {
	desk            desk
	proxy           *Proxy
	public, runtime string // where functions find AWS, and Lambda's Runtime API
	folder          string
	ctx             context.Context
	cancel          context.CancelFunc
	work            sync.WaitGroup // asynchronous invocations
	deploying       sync.Mutex     // one function is unpacked at a time

	mu        sync.Mutex
	functions map[string]*function // by name, as deployed last
	sandboxes map[string]*sandbox  // by id
	journals  map[string]*journal  // by name of the function
	busy      int
	limit     int
	pause     time.Duration
	pending   int // asynchronous invocations that are not through
}

func newHost(ctx context.Context, p *Proxy, d desk, public, folder string) *Host {
	h := &Host{
		desk: d, proxy: p, public: public, folder: folder, limit: 1000, pause: 100 * time.Millisecond,
		functions: map[string]*function{}, sandboxes: map[string]*sandbox{}, journals: map[string]*journal{},
	}
	h.ctx, h.cancel = context.WithCancel(ctx)
	return h
}

// Limit sets how many invocations the account may have at once; it is 1000 unless set.
func (h *Host) Limit(atOnce int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.limit = atOnce
}

// RetryAfter sets how long the host waits before the second attempt of an asynchronous invocation, and
// twice as long before the third. AWS waits a minute, the host a tenth of a second unless set.
func (h *Host) RetryAfter(pause time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pause = pause
}

// Kill sends a signal to the processes that serve an invocation of a function now whose payload a test
// admits; nil admits all. It returns how many there were.
func (h *Host) Kill(function string, admits func(payload []byte) bool, with syscall.Signal) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, s := range h.sandboxes {
		s.mu.Lock()
		inv := s.current
		s.mu.Unlock()
		if s.function.name() == function && inv != nil && (admits == nil || admits(inv.payload)) {
			s.process.signal(with)
			n++
		}
	}
	return n
}

// refused is an invocation that Lambda does not carry out.
type refused struct {
	status       int
	code, reason string
	message      string
}

func (r *refused) Error() string { return r.code + ": " + r.message }

// invoke carries out an invocation. The error is a refused, or says what is wrong with the lab.
func (h *Host) invoke(ctx context.Context, name, id string, payload []byte) (outcome, error) {
	f, err := h.lookup(ctx, name)
	if err != nil {
		return outcome{}, err
	}
	s, err := h.enter(f)
	if err != nil {
		return outcome{}, err
	}
	if s == nil {
		if s, err = h.open(f); err != nil {
			h.leave(f, nil)
			return failure("Runtime.InvalidEntrypoint", "RequestId: %s Error: %v", id, err), nil
		}
	}
	h.journal(name).note("START RequestId: %s %.2000s", id, payload)
	inv := &invocation{id: id, payload: payload, deadline: time.Now().Add(f.timeout()), done: make(chan outcome, 1)}
	began := time.Now()
	got := s.serve(inv)
	h.leave(f, s)
	word := "END"
	if got.failed {
		word = "FAILED"
	}
	h.journal(name).note("%s RequestId: %s after %d ms: %.2000s", word, id, time.Since(began).Milliseconds(), got.body)
	return got, nil
}

// enter finds an idle process, or nil where one has to be started, unless there are too many invocations.
func (h *Host) enter(f *function) (*sandbox, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	reserved := f.Concurrency.ReservedConcurrentExecutions
	switch {
	case reserved != nil && f.busy >= *reserved:
		return nil, tooMany("ReservedFunctionConcurrentInvocationLimitExceeded")
	case h.busy >= h.limit:
		return nil, tooMany("ConcurrentInvocationLimitExceeded")
	}
	f.busy++
	h.busy++
	for len(f.idle) > 0 {
		last := len(f.idle) - 1
		s := f.idle[last]
		f.idle = f.idle[:last]
		if s.alive() {
			return s, nil
		}
		delete(h.sandboxes, s.id)
	}
	return nil, nil
}

func tooMany(reason string) *refused {
	return &refused{http.StatusTooManyRequests, "TooManyRequestsException", reason, "Rate Exceeded."}
}

func (h *Host) leave(f *function, s *sandbox) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f.busy--
	h.busy--
	switch {
	case s == nil:
	case s.alive() && !f.retired:
		f.idle = append(f.idle, s)
	default:
		go s.process.stop()
		delete(h.sandboxes, s.id)
	}
}

// ServeHTTP answers Lambda's Invoke.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet { // the account's settings
		h.mu.Lock()
		defer h.mu.Unlock()
		_, _ = fmt.Fprintf(w, `{"AccountLimit": {"ConcurrentExecutions": %d, "UnreservedConcurrentExecutions": %[1]d}}`, h.limit)
		return
	}
	name, err := url.PathUnescape(strings.Split(r.URL.EscapedPath(), "/")[3])
	if part := strings.Split(name, ":"); len(part) > 6 {
		name = part[6]
	}
	payload, read := io.ReadAll(r.Body)
	if err = cmp.Or(err, read); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	async := r.Header.Get("X-Amz-Invocation-Type") == "Event"
	id := rand.Text()
	var got outcome
	switch most := map[bool]int{true: maxAsyncPayload, false: maxPayload}[async]; {
	case len(payload) > most:
		err = &refused{http.StatusRequestEntityTooLarge, "RequestTooLargeException", "",
			"Request must be smaller than the limit for the InvokeFunction operation"}
	case len(payload) > 0 && !json.Valid(payload):
		err = &refused{http.StatusBadRequest, "InvalidRequestContentException", "", "Could not parse request body into json"}
	case async:
		err = h.accept(r.Context(), name, id, payload)
	default:
		got, err = h.invoke(h.ctx, name, id, payload)
	}
	w.Header().Set("X-Amzn-Requestid", id)
	switch {
	case err != nil:
		writeRefusal(w, err)
	case async:
		w.WriteHeader(http.StatusAccepted)
	default:
		if got.failed {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
		}
		_, _ = w.Write(got.body)
	}
}

func writeRefusal(w http.ResponseWriter, err error) {
	no := &refused{http.StatusInternalServerError, "ServiceException", "", err.Error()}
	var asked *refusal
	if !errors.As(err, &no) && errors.As(err, &asked) && asked.status == http.StatusNotFound {
		no = &refused{asked.status, "ResourceNotFoundException", "", asked.body}
	}
	w.Header().Set("X-Amzn-Errortype", no.code)
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Reason": no.reason, "message": no.message})
}

// close ends all processes.
func (h *Host) close() {
	h.cancel()
	h.mu.Lock()
	var all []*sandbox
	for _, s := range h.sandboxes {
		all = append(all, s)
	}
	h.mu.Unlock()
	for _, s := range all {
		s.process.kill()
	}
	h.work.Wait()
}
