package lab

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// call is what an AWS request asks, and by whom.
type call struct {
	service, region, key string // of the signature; "" in unsigned requests
	operation            string
	form                 bool   // it came as a form, so the answer is XML
	role                 string // of AssumeRole: its ARN
	stackSet             string // that it is about
	account              string // the one whose role calls, or is to be entered
	by                   caller
}

// caller is whoever an access key belongs to.
type caller struct {
	role     string // the ARN of the session; "" is a person of the hub
	account  string
	function string // whose process has the key; "" is none
	sandbox  *sandbox
}

// read reads what a request asks; the request can still be sent on.
func read(r *http.Request) (c call, err error) {
	c.key, c.region, c.service = signature(r)
	target := r.Header.Get("X-Amz-Target")
	c.operation = target[strings.LastIndex(target, ".")+1:]
	switch kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); {
	case kind == "application/x-www-form-urlencoded":
		return c, c.readForm(r)
	case c.service == "s3":
		c.operation = s3Operation(r)
	case c.operation == "":
		c.operation = restOperation(c.service, r)
	}
	return c, nil
}

// signature is what the signature of a request says.
func signature(r *http.Request) (key, region, service string) {
	// AWS4-HMAC-SHA256 Credential=ASIADEMO/20261124/eu-west-1/ec2/aws4_request, SignedHeaders=…
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if part := strings.Split(scope, "/"); len(part) > 4 {
		return part[0], part[2], part[3]
	}
	return "", "", ""
}

// peek reads a body that is still to be read by somebody else.
func peek(body *io.ReadCloser) ([]byte, error) {
	read, err := io.ReadAll(*body)
	*body = io.NopCloser(bytes.NewReader(read))
	return read, err
}

func (c *call) readForm(r *http.Request) error {
	body, err := peek(&r.Body)
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	c.form, c.operation, c.role, c.stackSet = true, form.Get("Action"), form.Get("RoleArn"), form.Get("StackSetName")
	if part := strings.Split(c.role, ":"); len(part) > 4 {
		c.account = part[4]
	}
	return nil
}

// s3Operation is the name of what is asked of a bucket or object whose name is in the path. Calls for
// parts of them, such as their tags, have none.
func s3Operation(r *http.Request) string {
	_, object, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	query := r.URL.Query()
	switch {
	case r.URL.Path == "/":
		return "ListBuckets"
	case query.Has("list-type"):
		return "ListObjectsV2"
	case query.Has("delete"):
		return "DeleteObjects"
	case object == "":
		return ""
	case len(query) > 0 && !query.Has("x-id") && !query.Has("versionId"):
		return ""
	}
	return map[string]string{
		"DELETE": "DeleteObject", "GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject",
	}[r.Method]
}
