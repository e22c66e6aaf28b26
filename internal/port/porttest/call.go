package porttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

type obj = map[string]any

// call is a request that was let in.
type call struct {
	r          *http.Request
	in         obj // the body, never nil
	now        time.Time
	client     string
	datasource string // of an entity write
}

type answer struct {
	status int
	body   any
}

type handler func(*call) (answer, error)

func ok(body obj) (answer, error) {
	body["ok"] = true
	return answer{200, body}, nil
}

// refusal is an error that Port answers.
type refusal struct {
	status        int
	code, message string
	misuse        bool // no correct client ever meets it
}

func (e *refusal) Error() string { return e.message }

func refuse(status int, code, format string, args ...any) *refusal {
	return &refusal{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

func misuse(status int, code, format string, args ...any) *refusal {
	e := refuse(status, code, format, args...)
	e.misuse = true
	return e
}

// malformed is a request that is wrong whatever its data.
func malformed(format string, args ...any) *refusal {
	return misuse(422, "invalid_request", format, args...)
}

// invalid is data that the catalog cannot take.
func invalid(format string, args ...any) *refusal {
	return refuse(422, "invalid_request", format, args...)
}

func notFound(what, identifier string) *refusal {
	return refuse(404, "not_found", "%s with identifier %q was not found", what, identifier)
}

// serve wraps a handler with what every route has: hook, faults, latency, limits, stats.
func (s *Server) serve(pattern string, rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Far over the limit, so that the caller reads its 413 instead of a broken pipe.
		body, err := io.ReadAll(io.LimitReader(r.Body, 16*maxBody))
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if s.opts.OnRequest != nil {
			s.opts.OnRequest(pattern, r)
		}
		f := s.fate(pattern, r)
		if s.opts.Latency != nil {
			f.delay += s.opts.Latency(pattern)
		}
		if !pause(r.Context(), f.delay) || f.dropBefore {
			s.abort(pattern)
		}
		a := s.handle(w.Header(), pattern, rt, r, body, f)
		if f.loseAnswer {
			s.abort(pattern)
		}
		s.count(pattern, a.status)
		write(w, a, f.cutBody)
	})
}

// pause reports whether it waited to the end.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// abort counts the request as one without an answer and closes its connection.
func (s *Server) abort(pattern string) {
	s.count(pattern, 0)
	panic(http.ErrAbortHandler)
}

func write(w http.ResponseWriter, a answer, cut bool) {
	b, err := json.Marshal(a.body)
	if err != nil {
		panic(err) // every value stored came out of JSON
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(a.status)
	if !cut {
		_, _ = w.Write(b) // a caller that left needs no answer
		return
	}
	_, _ = w.Write(b[:len(b)/2])
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// handle lets a request in and runs it, all in one step of the catalog's history.
func (s *Server) handle(h http.Header, pattern string, rt route, r *http.Request, in []byte, f fate) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{r: r, now: s.now()}
	s.traces++
	h.Set("X-Trace-Id", "porttest-"+strconv.Itoa(s.traces))
	h.Set("Date", c.now.Format(http.TimeFormat))
	err := s.window.take(c.now, h)
	if err == nil && f.fail != nil {
		err = f.fail.refuse(h)
	}
	if err == nil {
		err = s.admit(c, rt, in)
	}
	var a answer
	if err == nil && f.say != nil {
		return answer{http.StatusOK, f.say}
	}
	if err == nil {
		a, err = rt.handle(c)
	}
	if err == nil {
		return a
	}
	var e *refusal
	if !errors.As(err, &e) {
		panic(err) // a handler refuses with a refusal only
	}
	if e.misuse {
		s.blame(pattern, e.message)
	}
	return answer{e.status, obj{"ok": false, "error": e.code, "message": e.message}}
}

// owner is the User-Agent that marks the owner of what is written.
var owner = regexp.MustCompile(`^port-ocean/[^/\s]+/[^/\s]+/[^/\s]+/(exporter|gitops)$`)

// admit checks what every route of a sort needs, and reads the body.
func (s *Server) admit(c *call, rt route, body []byte) error {
	if !rt.public {
		client, err := s.tokens.check(c.r.Header.Get("Authorization"), c.now)
		if err != nil {
			return err
		}
		c.client = client
	}
	if rt.write {
		c.datasource = c.r.UserAgent()
		if !owner.MatchString(c.datasource) {
			return misuse(400, "invalid_request",
				"User-Agent %q marks no owner: want port-ocean/<type>/<version>/<identifier>/exporter", c.datasource)
		}
	}
	if len(body) > maxBody {
		return misuse(413, "payload_too_large", "body of %d bytes is over %d", len(body), maxBody)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		c.in = obj{}
		return nil
	}
	sent := c.r.Header.Get("Content-Type")
	if t, _, err := mime.ParseMediaType(sent); err != nil || t != "application/json" {
		return misuse(415, "unsupported_media_type", "Content-Type %q is not JSON", sent)
	}
	if err := json.Unmarshal(body, &c.in); err != nil || c.in == nil {
		return misuse(400, "invalid_request", "body is not a JSON object")
	}
	return nil
}

// flag reads a boolean query parameter.
func (c *call) flag(name string, required bool) (bool, error) {
	q := c.r.URL.Query()
	if !q.Has(name) && !required {
		return false, nil
	}
	switch q.Get(name) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, malformed("query parameter %s must be true or false", name)
}
