package access

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Genuine, among a config's APIOptions, makes an error of a success that is not AWS's answer to the operation: the SDK decodes an empty
// body, or in EC2 and S3 a proxy's page, as an answer that has nothing in it, and so as an empty list. It
// suits operations that answer with JSON, XML or CBOR, as all that describe do, or with no body by design.
func Genuine(s *middleware.Stack) error {
	// After all others is next to the wire: what it lets through is all that others see.
	return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("genuine", examine), middleware.After)
}

// spurious says what an answer lacks. It may well be there the next time, but a proxy stays what it is:
// there are three attempts.
type spurious struct {
	lack  string
	again bool
}

func (e *spurious) Error() string { return "this is no answer of AWS: " + e.lack }

// RetryableError tells the SDK.
func (e *spurious) RetryableError() bool { return e.again }

func examine(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	request, sent := in.Request.(*smithyhttp.Request)
	answer, got := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !sent || !got || answer.StatusCode/100 != 2 {
		return out, metadata, err
	}
	head, err := peek(answer)
	if err != nil {
		return out, metadata, &smithy.DeserializationError{Err: fmt.Errorf("read the answer: %w", err)}
	}
	if lack := lacks(awsmiddleware.GetOperationName(ctx), request, answer, head); lack != "" {
		return out, metadata, &smithy.DeserializationError{Err: &spurious{lack, attempt(request) < 3}, Snapshot: head}
	}
	return out, metadata, nil
}

// attempt is which attempt a request is, in the SDK's own count from 1.
func attempt(r *smithyhttp.Request) (n int) {
	_, _ = fmt.Sscanf(r.Header.Get("Amz-Sdk-Request"), "attempt=%d", &n)
	return n
}

// peek returns the first bytes of the body and leaves it as if they were not read.
func peek(r *smithyhttp.Response) ([]byte, error) {
	head, n := make([]byte, 512), 0
	var err error
	for n < len(head) && err == nil {
		var more int
		more, err = r.Body.Read(head[n:])
		n += more
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head[:n]), r.Body), r.Body}
	return head[:n], nil
}

// lacks is what the answer to operation needs to be AWS's and has not; "" is nothing.
func lacks(operation string, request *smithyhttp.Request, answer *smithyhttp.Response, head []byte) string {
	known := func(name string) bool { return answer.Header.Get(name) != "" }
	head = bytes.TrimLeft(head, " \t\r\n")
	form := strings.HasPrefix(request.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
	bodiless := request.Method == http.MethodHead || answer.StatusCode == http.StatusNoContent
	switch {
	case len(head) == 0 && !bodiless:
		return "it is empty"
	case form && root(head) != operation+"Response":
		return "it does not name " + operation
	case !form && !slices.ContainsFunc(requestIDs, known):
		return "it has no request id"
	case bodiless || head[0] == '{' || answer.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return ""
	}
	if name := root(head); name == "" || strings.EqualFold(name, "html") {
		return "it is neither JSON nor XML of a service"
	}
	return ""
}

// requestIDs are the headers for it in the spellings of the services; the last two are S3's. An answer to
// a form, as EC2 and the query protocol have them, proves itself: its root element names the operation.
var requestIDs = []string{
	"X-Amzn-Requestid", "X-Amzn-Request-Id", "X-Amz-Requestid", "X-Amz-Request-Id", "X-Amz-Id-2",
}

// root is the name of an XML document's root element; "" if there is none.
func root(head []byte) string {
	for d := xml.NewDecoder(bytes.NewReader(head)); ; {
		t, err := d.RawToken()
		if err != nil {
			return ""
		}
		if e, ok := t.(xml.StartElement); ok {
			return e.Name.Local
		}
	}
}
