package awstest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"golang.org/x/tools/txtar"
)

// Replay is a Config that answers each call from the first unused section of the recording that
// matches it. A call that no section matches fails the test, as does a section that no call used.
//
// A section's name is the call and the status of its answer, its text is the answer:
//
//	-- POST / DescribeInstances 200 region=eu-west-1 body=NextToken=t1 --
//	<DescribeInstancesResponse>…
//	-- GET /?tagging 404 host=b.s3.eu-west-1.amazonaws.com repeat --
//	x-amz-bucket-region: eu-west-1
//
//	<Error><Code>NoSuchTagSet</Code></Error>
//
// that is: method, path with query (x-id left out), operation (may be left out), status, and any of
// these words: region= of the signature, host=, body= a part of the body (decoded where it is a
// form; may be given several times), without= what must not be in it, repeat (answers any number of
// calls, at least one). An answer that starts with a letter starts with header lines, up to a blank
// line. Sections without a space in their name are no calls.
func Replay(t testing.TB, recording *txtar.Archive, region string) aws.Config {
	t.Helper()
	r := &replay{t: t}
	for _, f := range recording.Files {
		if !strings.Contains(f.Name, " ") {
			continue
		}
		s, err := parseSection(f)
		if err != nil {
			t.Fatalf("section %q: %v", f.Name, err)
		}
		r.sections = append(r.sections, s)
	}
	t.Cleanup(r.finish)
	return Config(r, region)
}

type replay struct {
	t        testing.TB
	mu       sync.Mutex
	sections []*section
}

func (r *replay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := Read(req)
	if err != nil {
		r.t.Errorf("read %s %s: %v", req.Method, req.URL, err)
	}
	for _, s := range r.sections {
		if (!s.used || s.repeat) && s.matches(c) {
			s.used = true
			maps.Copy(w.Header(), s.header)
			w.WriteHeader(s.status)
			w.Write(s.answer)
			return
		}
	}
	r.t.Errorf("call not recorded: %s", c)
	w.WriteHeader(http.StatusNotImplemented)
}

func (r *replay) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sections {
		if !s.used {
			r.t.Errorf("recorded call not made: %s", s.name)
		}
	}
}

// section is one call and its answer.
type section struct {
	name         string
	method, path string
	query        url.Values
	operation    string
	region, host string
	body         []string
	without      string
	repeat, used bool
	status       int
	header       http.Header
	answer       []byte
}

func parseSection(f txtar.File) (*section, error) {
	word := strings.Fields(f.Name)
	s := &section{name: f.Name, method: word[0]}
	u, err := url.Parse(word[1])
	if err != nil {
		return nil, err
	}
	s.path, s.query = u.Path, u.Query()
	word = word[2:]
	if len(word) > 0 && !isNumber(word[0]) {
		s.operation, word = word[0], word[1:]
	}
	if len(word) == 0 || !isNumber(word[0]) {
		return nil, fmt.Errorf("no status")
	}
	s.status, _ = strconv.Atoi(word[0])
	for _, w := range word[1:] {
		k, v, _ := strings.Cut(w, "=")
		switch k {
		case "region":
			s.region = v
		case "host":
			s.host = v
		case "body":
			s.body = append(s.body, v)
		case "without":
			s.without = v
		case "repeat":
			s.repeat = true
		default:
			return nil, fmt.Errorf("unknown word %q", w)
		}
	}
	s.header, s.answer = splitAnswer(f.Data)
	return s, nil
}

func isNumber(s string) bool {
	_, err := strconv.Atoi(s)
	return err == nil
}

func splitAnswer(data []byte) (http.Header, []byte) {
	h := http.Header{}
	text := strings.TrimSuffix(string(data), "\n")
	if text == "" || strings.ContainsRune("<{[", rune(text[0])) {
		return h, []byte(text)
	}
	head, answer, _ := strings.Cut(text, "\n\n")
	for line := range strings.Lines(head) {
		k, v, _ := strings.Cut(line, ":")
		h.Set(strings.TrimSpace(k), strings.TrimSpace(v))
	}
	return h, []byte(answer)
}

func (s *section) matches(c Call) bool {
	has := func(part string) bool { return strings.Contains(c.text(), part) }
	return s.method == c.Method && s.path == c.Path && s.query.Encode() == c.Query.Encode() &&
		(s.operation == "" || s.operation == c.Operation) &&
		(s.without == "" || !has(s.without)) &&
		(s.region == "" || s.region == c.Region) && (s.host == "" || s.host == c.Host) &&
		!slices.ContainsFunc(s.body, func(part string) bool { return !has(part) })
}
