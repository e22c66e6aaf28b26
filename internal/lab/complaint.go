package lab

import (
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"strings"
)

// complaint is how a service says no.
type complaint struct {
	status        int
	code, message string
}

// denied is how the service says that a right is missing.
func (c call) denied(because string) complaint {
	who, what := "arn:aws:iam::"+hub+":user/hub", c.service+":"+c.operation
	if part := strings.Split(c.by.role, ":"); len(part) > 5 {
		who = "arn:aws:sts::" + part[4] + ":assumed-role" + c.by.role[strings.LastIndex(c.by.role, "/"):] + "/run"
	}
	if c.role != "" {
		what += " on resource: " + c.role
	}
	message := strings.TrimSpace("User: " + who + " is not authorized to perform: " + what + " " + because)
	switch {
	case c.service == "ec2":
		return complaint{http.StatusForbidden, "UnauthorizedOperation", message}
	case c.service == "sns":
		return complaint{http.StatusForbidden, "AuthorizationError", message}
	case c.service == "s3" || c.form:
		return complaint{http.StatusForbidden, "AccessDenied", message}
	}
	return complaint{http.StatusBadRequest, "AccessDeniedException", message}
}

// throttled is how the service says that there are too many calls.
func (c call) throttled() complaint {
	switch {
	case c.service == "ec2":
		return complaint{http.StatusServiceUnavailable, "RequestLimitExceeded", "Request limit exceeded."}
	case c.service == "s3":
		return complaint{http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate."}
	case c.service == "lambda":
		return complaint{http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded."}
	case c.service == "organizations":
		return complaint{http.StatusBadRequest, "TooManyRequestsException", "You have exceeded the rate of requests."}
	case c.form:
		return complaint{http.StatusBadRequest, "Throttling", "Rate exceeded"}
	}
	return complaint{http.StatusBadRequest, "ThrottlingException", "Rate exceeded"}
}

// failed is how the service says that something is wrong with it.
func (c call) failed(status int) complaint {
	const message = "We encountered an internal error. Please try again."
	switch {
	case status == http.StatusServiceUnavailable && c.service == "ec2":
		return complaint{status, "Unavailable", message}
	case status == http.StatusServiceUnavailable:
		return complaint{status, "ServiceUnavailable", message}
	case c.service == "ec2" || c.service == "s3":
		return complaint{status, "InternalError", message}
	case c.service == "lambda":
		return complaint{status, "ServiceException", message}
	case c.form:
		return complaint{status, "InternalFailure", message}
	}
	return complaint{status, "InternalServerError", message}
}

// The forms of errors of services that write XML: code and message.
const (
	ec2Error = `<Response><Errors><Error><Code>%s</Code><Message>%s</Message></Error></Errors>` +
		`<RequestID>lab</RequestID></Response>`
	s3Error   = `<Error><Code>%s</Code><Message>%s</Message><RequestId>lab</RequestId></Error>`
	formError = `<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message>` +
		`</Error><RequestId>lab</RequestId></ErrorResponse>`
)

// complain answers a call in the form of its service.
func (c call) complain(w http.ResponseWriter, no complaint) {
	form := ""
	switch {
	case c.service == "ec2":
		form = ec2Error
	case c.service == "s3":
		form = s3Error
	case c.form:
		form = formError
	}
	if form != "" {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(no.status)
		fmt.Fprintf(w, form, no.code, html.EscapeString(no.message))
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-Errortype", no.code)
	w.WriteHeader(no.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": no.code, "message": no.message})
}
