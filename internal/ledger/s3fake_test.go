package ledger_test

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

const bucket = "state-bucket"

// fakeS3 is one bucket that answers over HTTP as S3 does: conditional puts, pages, partial deletes.
type fakeS3 struct {
	url    string
	bucket string // another name than bucket is a bucket that is not there
	page   int    // keys in a page of a list

	mu      sync.Mutex
	objects map[string]fakeObject
	writes  int
	calls   []string
	// fault says what goes wrong with the nth call (from 1) of an operation.
	fault func(operation string, nth int) fault
}

type fakeObject struct{ data, etag string }

type fault struct {
	code   string // S3's error code; the call has no effect
	status int
	lost   bool // the call has its effect, and the connection breaks before its answer
	cut    bool // the connection breaks in the middle of the answer
}

func newFakeS3(t *testing.T) *fakeS3 {
	f := &fakeS3{bucket: bucket, page: 2, objects: map[string]fakeObject{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fakeS3) store() *ledger.S3 {
	return ledger.NewS3(aws.Config{
		Region:       "eu-west-1",
		BaseEndpoint: &f.url,
		Credentials:  credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}, bucket)
}

func (f *fakeS3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller went away
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	operation := operationOf(r)
	f.calls = append(f.calls, operation)
	var bad fault
	if f.fault != nil {
		bad = f.fault(operation, f.count(operation))
	}
	var a answer
	switch {
	case name != f.bucket:
		a = refusal(404, "NoSuchBucket")
	case bad.code != "":
		a = refusal(bad.status, bad.code)
	default:
		a = f.carryOut(operation, r, key, body)
	}
	if bad.lost {
		panic(http.ErrAbortHandler)
	}
	if a.etag != "" {
		w.Header().Set("ETag", a.etag)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if bad.cut {
		io.WriteString(w, a.body[:len(a.body)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	io.WriteString(w, a.body)
}

// count says how many calls of an operation there were.
func (f *fakeS3) count(operation string) int {
	return len(slices.DeleteFunc(slices.Clone(f.calls), func(c string) bool { return c != operation }))
}

type answer struct {
	status     int
	etag, body string
}

func refusal(status int, code string) answer {
	return answer{status: status, body: "<Error><Code>" + code + "</Code><Message>as asked</Message></Error>"}
}

func operationOf(r *http.Request) string {
	switch {
	case r.URL.Query().Get("list-type") == "2":
		return "ListObjectsV2"
	case r.Method == "POST" && r.URL.Query().Has("delete"):
		return "DeleteObjects"
	}
	return map[string]string{"GET": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[r.Method]
}

func (f *fakeS3) carryOut(operation string, r *http.Request, key string, body []byte) answer {
	switch operation {
	case "GetObject":
		o, ok := f.objects[key]
		if !ok {
			return refusal(404, "NoSuchKey")
		}
		return answer{200, o.etag, o.data}
	case "PutObject":
		return f.put(r.Header, key, body)
	case "DeleteObject":
		delete(f.objects, key)
		return answer{status: 204}
	case "DeleteObjects":
		return f.deleteMany(body)
	case "ListObjectsV2":
		return f.list(r.URL.Query())
	}
	return refusal(501, "NotImplemented")
}

func (f *fakeS3) put(h http.Header, key string, body []byte) answer {
	o, exists := f.objects[key]
	match := h.Get("If-Match")
	switch {
	case match != "" && !exists:
		return refusal(404, "NoSuchKey")
	case match != "" && match != o.etag, h.Get("If-None-Match") == "*" && exists:
		return refusal(412, "PreconditionFailed")
	}
	f.writes++
	o = fakeObject{string(body), fmt.Sprintf(`"%d"`, f.writes)}
	f.objects[key] = o
	return answer{status: 200, etag: o.etag}
}

// locked is a key that S3 does not delete, though it answers the call with success.
const locked = "locked"

func (f *fakeS3) deleteMany(body []byte) answer {
	var in struct {
		Object []struct{ Key string }
	}
	if err := xml.Unmarshal(body, &in); err != nil || len(in.Object) == 0 || len(in.Object) > 1000 {
		return refusal(400, "MalformedXML")
	}
	out := "<DeleteResult>"
	for _, o := range in.Object {
		if o.Key == locked {
			out += "<Error><Key>" + locked + "</Key><Code>AccessDenied</Code><Message>no</Message></Error>"
			continue
		}
		delete(f.objects, o.Key)
	}
	return answer{status: 200, body: out + "</DeleteResult>"}
}

func (f *fakeS3) list(q url.Values) answer {
	var out struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []struct{ Key string }
	}
	for _, key := range slices.Sorted(maps.Keys(f.objects)) {
		if !strings.HasPrefix(key, q.Get("prefix")) || key <= q.Get("continuation-token") {
			continue
		}
		if len(out.Contents) == f.page {
			out.IsTruncated = true
			out.NextContinuationToken = out.Contents[f.page-1].Key
			break
		}
		out.Contents = append(out.Contents, struct{ Key string }{key})
	}
	body, err := xml.Marshal(out)
	if err != nil {
		return refusal(500, "InternalError")
	}
	return answer{status: 200, body: string(body)}
}
