// Package awstest answers the real AWS SDK in tests: from hand-written handlers, or from recordings.
package awstest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Config is an SDK configuration whose calls, to whatever host, are all answered by h, in the
// caller's goroutine and without a socket. Requests are signed with the access key "AKIDTEST" and
// not retried: set Retryer to change that. A handler that panics with http.ErrAbortHandler breaks
// the connection; one that hangs returns when the request's context ends. Answers have a request id,
// as AWS's have, unless the handler deletes the header RequestID.
func Config(h http.Handler, region string) aws.Config {
	return aws.Config{
		Region: region,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDTEST", SecretAccessKey: "secret"}, nil
		}),
		Retryer:    func() aws.Retryer { return aws.NopRetryer{} },
		HTTPClient: client{h},
	}
}

// RequestID is the header in which most services give their answer's request id.
const RequestID = "X-Amzn-Requestid"

// Call is what an AWS request asks, whichever protocol it is written in.
type Call struct {
	Method    string
	Host      string
	Path      string // decoded
	Query     url.Values
	Operation string // of X-Amz-Target, the form's Action or the query's x-id; "" in other REST calls
	Region    string // of the signature; "" in unsigned requests
	AccessKey string // of the signature
	Body      string // as sent
	Form      url.Values
}

// Read reads r to its end.
func Read(r *http.Request) (Call, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return Call{}, err
	}
	c := Call{Method: r.Method, Host: r.Host, Path: r.URL.Path, Query: r.URL.Query(), Body: string(body)}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		if c.Form, err = url.ParseQuery(c.Body); err != nil {
			return Call{}, err
		}
	}
	target := r.Header.Get("X-Amz-Target")
	c.Operation = cmp.Or(target[strings.LastIndex(target, ".")+1:], c.Form.Get("Action"), c.Query.Get("x-id"))
	c.Query.Del("x-id")
	// AWS4-HMAC-SHA256 Credential=AKIDTEST/20261124/eu-west-1/ec2/aws4_request, SignedHeaders=…
	if _, scope, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		if part := strings.Split(scope, "/"); len(part) > 2 {
			c.AccessKey, c.Region = part[0], part[2]
		}
	}
	return c, nil
}

// String is the call in the words of a recording's section.
func (c Call) String() string {
	u := url.URL{Path: c.Path, RawQuery: c.Query.Encode()}
	return fmt.Sprintf("%s %s %s (host=%s region=%s body=%s)",
		c.Method, u.RequestURI(), c.Operation, c.Host, c.Region, c.text())
}

// text is the body as conditions see it.
func (c Call) text() string {
	if c.Form == nil {
		return c.Body
	}
	s, err := url.QueryUnescape(c.Body)
	if err != nil {
		return c.Body
	}
	return s
}

type client struct{ handler http.Handler }

func (c client) Do(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	in := r.Clone(r.Context())
	in.Host, in.RequestURI = cmp.Or(r.Host, r.URL.Host), r.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	defer func() {
		if p := recover(); p == http.ErrAbortHandler {
			resp, err = nil, &url.Error{Op: r.Method, URL: r.URL.String(), Err: io.ErrUnexpectedEOF}
		} else if p != nil {
			panic(p)
		}
	}()
	w := httptest.NewRecorder()
	w.Header().Set(RequestID, "request-1")
	c.handler.ServeHTTP(w, in)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp = w.Result()
	resp.Request = r
	return resp, nil
}
