package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// call is what an AWS request asks.
type call struct {
	service, region, key string // of the signature; "" in unsigned requests
	operation            string
	role                 string // of AssumeRole: its ARN
	account              string // of the role
}

// read reads what a request asks; the request can still be sent on.
func read(r *http.Request) (c call, err error) {
	// AWS4-HMAC-SHA256 Credential=ASIADEMO/20261124/eu-west-1/ec2/aws4_request, SignedHeaders=…
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if part := strings.Split(scope, "/"); len(part) > 4 {
		c.key, c.region, c.service = part[0], part[2], part[3]
	}
	target := r.Header.Get("X-Amz-Target")
	c.operation = target[strings.LastIndex(target, ".")+1:]
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" {
		return c, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return c, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return c, err
	}
	c.operation, c.role = form.Get("Action"), form.Get("RoleArn")
	if part := strings.Split(c.role, ":"); len(part) > 4 {
		c.account = part[4]
	}
	return c, nil
}

// refusals are how services that write XML say that a right is missing: code and body.
var refusals = map[string]struct{ code, body string }{
	"ec2": {"UnauthorizedOperation", `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error>` +
		`</Errors><RequestID>demo</RequestID></Response>`},
	"s3":  {"AccessDenied", `<Error><Code>%s</Code><Message>%s</Message><RequestId>demo</RequestId></Error>`},
	"sns": {"AuthorizationError", errorResponse},
	"sts": {"AccessDenied", errorResponse},
}

const errorResponse = `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message>` +
	`</Error><RequestId>demo</RequestId></ErrorResponse>`

// refuse answers as the service does where a right is missing.
func (c call) refuse(w http.ResponseWriter, because string) {
	who, what := "arn:aws:sts::"+c.account+":assumed-role/"+memberRole+"/run", c.service+":"+c.operation
	if c.role != "" {
		who, what = "arn:aws:iam::"+hub+":user/hub", what+" on resource: "+c.role
	}
	message := strings.TrimSpace("User: " + who + " is not authorized to perform: " + what + " " + because)
	if r, ok := refusals[c.service]; ok {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, r.body, r.code, html.EscapeString(message))
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "AccessDeniedException", "message": message})
}
