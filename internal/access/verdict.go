package access

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// Reasons that verdicts of this package give. Others are AWS's own error codes, HTTP and a status, and
// Error for what is none of AWS's.
const (
	SCP    = "SCP"    // denied: a service control policy, which outlives a run
	Denied = "Denied" // denied: any other policy, or one that AWS keeps to itself

	HubNotAllowed = "HubNotAllowed" // denied: our identity lacks sts:AssumeRole for the role
	RoleDenied    = "RoleDenied"    // denied: the role, its trust or its account

	CredentialsRejected = "CredentialsRejected" // failed; Confirm may know better
	EndpointNotFound    = "EndpointNotFound"    // failed; Confirm may know better
	ConnectionFailed    = "ConnectionFailed"    // failed
	Timeout             = "Timeout"             // failed
	AnswerUnreadable    = "AnswerUnreadable"    // failed: a smithy.DeserializationError, the SDK's or ours

	NeedsParent = "NeedsParent" // failed: a type that has to be listed parent by parent

	RegionNotEnabled   = "RegionNotEnabled"   // unsupported
	ServiceNotInRegion = "ServiceNotInRegion" // unsupported

	Interrupted = "Interrupted" // unread: our own time was over
)

// Judge says what err, of an AWS call, means for what was to be read. nil is complete. Message is
// AWS's own words, at most 500 characters.
//
// Two errors say too little on their own, since a broken resolver and stale credentials give them
// too: these are failed with the reason EndpointNotFound or CredentialsRejected, until Confirm is
// told what else is known.
func Judge(err error) kind.Verdict {
	if err == nil {
		return kind.Verdict{State: kind.Complete}
	}
	code, message := Code(err), words(err)
	v := kind.Verdict{State: kind.Failed, Message: shorten(message)}
	var role *DeniedError
	var dns *net.DNSError
	switch {
	case interrupted(err):
		v.State, v.Reason = kind.Unread, Interrupted
	case errors.As(err, &role):
		v.State, v.Reason, v.Message = kind.Denied, role.Reason, shorten(role.Message)
	case Throttle(err):
		v.State, v.Reason = kind.Throttled, failure(err)
	case slices.Contains(deniedCodes, code) && deniedBySCP(message):
		v.State, v.Reason = kind.Denied, SCP
	case slices.Contains(deniedCodes, code):
		v.State, v.Reason = kind.Denied, Denied
	case slices.Contains(handlerCodes, code) && deniedByHandler(message):
		v.State, v.Reason = kind.Denied, Denied
	case code == "InvalidRequestException" && strings.Contains(message, "ResourceModel"):
		v.Reason, v.Message = NeedsParent, shorten("Cloud Control lists this type within a parent only, which is not "+
			"supported: "+message)
	case slices.Contains(notSubscribedCodes, code), slices.Contains(typeCodes, code):
		v.State, v.Reason = kind.Unsupported, code
	case code == "InvalidAction" && strings.Contains(message, "not supported in this region"):
		v.State, v.Reason = kind.Unsupported, ServiceNotInRegion
	case slices.Contains(credentialCodes, code):
		v.Reason = CredentialsRejected
	case errors.As(err, &dns) && dns.IsNotFound:
		v.Reason = EndpointNotFound
	default:
		v.Reason = failure(err)
	}
	return v
}

var (
	deniedCodes = []string{
		"AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation",
		"ForbiddenException", "UnauthorizedException", // of MSK
	}
	notSubscribedCodes = []string{"OptInRequired", "SubscriptionRequiredException"}
	// What services say of good credentials in a region that the account has not enabled, and of
	// bad ones anywhere: JSON services, EC2, query services, SQS.
	credentialCodes = []string{
		"UnrecognizedClientException", "AuthFailure", "InvalidClientTokenId", "InvalidSecurity",
	}
)

// What Cloud Control says of a type that the region does not know, or that cannot be listed; and what
// it says for the service behind it, whose own words are in the message.
var (
	typeCodes    = []string{"TypeNotFoundException", "UnsupportedActionException"}
	handlerCodes = []string{"GeneralServiceException", "HandlerFailureException", "HandlerInternalFailureException"}
)

func deniedByHandler(message string) bool {
	return strings.Contains(message, "AccessDenied") || strings.Contains(message, "not authorized to perform") ||
		strings.Contains(message, "UnauthorizedOperation")
}

// unknown is the SDK's word for a code or a message that is not in the answer.
const unknown = "UnknownError"

// Evidence is what is known about the region of a cell once the other cells of its account are read.
type Evidence struct {
	NotEnabled        bool // the account's Regions do not name the region
	RegionAnswered    bool // another service Answered in the region
	ElsewhereAnswered bool // a service Answered the same credentials in another region
}

// Answered says that a cell with verdict v reached AWS and was known there, refused or not.
func Answered(v kind.Verdict) bool {
	return v.State.Ended() || v.State == kind.Denied
}

// Confirm is the verdict v of a cell in the light of e: unsupported with the reason RegionNotEnabled
// or ServiceNotInRegion if that is proved, and v itself otherwise.
func Confirm(v kind.Verdict, e Evidence) kind.Verdict {
	switch {
	case v.Reason == CredentialsRejected && e.NotEnabled && e.ElsewhereAnswered && !e.RegionAnswered:
		v.State, v.Reason = kind.Unsupported, RegionNotEnabled
	case v.Reason == EndpointNotFound && e.RegionAnswered:
		v.State, v.Reason = kind.Unsupported, ServiceNotInRegion
	}
	return v
}

// Code is the error code of AWS's answer; "" if there was no answer, or none with a code.
func Code(err error) string {
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() == unknown {
		return ""
	}
	return api.ErrorCode()
}

// Throttle says that AWS refused for load: the SDK's codes, and every 429.
func Throttle(err error) bool {
	return status(err) == http.StatusTooManyRequests ||
		retry.IsErrorThrottles(retry.DefaultThrottles).IsErrorThrottle(err).Bool()
}

// notAnswering says that it is no use to ask the operation again, and that another may know.
func notAnswering(err error) bool {
	v, s := Judge(err), status(err)
	return v.State == kind.Denied || v.Reason == EndpointNotFound || v.Reason == "UnknownOperationException" ||
		s == http.StatusForbidden || s == http.StatusNotFound
}

// deniedBySCP reads the two wordings of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
func deniedBySCP(message string) bool {
	return strings.Contains(message, "explicit deny in a service control policy") ||
		strings.Contains(message, "no service control policy allows")
}

// deniedToCaller says that STS names a policy of the caller's side, in the wordings of the same page.
func deniedToCaller(message string) bool {
	return slices.ContainsFunc([]string{
		"identity-based policy", "permissions boundary", "session policy", "VPC endpoint policy",
	}, func(policy string) bool { return strings.Contains(message, policy) })
}

// interrupted says that the caller's context ended. A time-out of the connection does not count.
func interrupted(err error) bool {
	var c interface{ CanceledError() bool }
	return errors.As(err, &c) && c.CanceledError() || errors.Is(err, context.Canceled)
}

// failure is the most telling reason in err.
func failure(err error) string {
	var timeout interface{ Timeout() bool }
	var send *smithyhttp.RequestSendError
	var decode *smithy.DeserializationError
	switch s := status(err); {
	case Code(err) != "":
		return Code(err)
	case errors.As(err, &timeout) && timeout.Timeout():
		return Timeout
	case errors.As(err, &send):
		return ConnectionFailed
	case s >= 300:
		return "HTTP" + strconv.Itoa(s)
	case s > 0, errors.As(err, &decode):
		return AnswerUnreadable
	}
	return "Error"
}

func status(err error) int {
	var r *awshttp.ResponseError
	if !errors.As(err, &r) {
		return 0
	}
	return r.HTTPStatusCode()
}

// words are AWS's own in err, or those of the network, without the layers of the SDK around them.
func words(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		// EC2 adds a blob of up to some kilobytes that only sts:DecodeAuthorizationMessage reads.
		plain, _, _ := strings.Cut(api.ErrorMessage(), "Encoded authorization failure message:")
		if plain = strings.TrimSpace(plain); plain != "" && plain != unknown {
			return plain
		}
		return failure(err)
	}
	var op *smithy.OperationError
	if errors.As(err, &op) {
		err = op.Err
	}
	var send *smithyhttp.RequestSendError
	if errors.As(err, &send) {
		err = send.Err
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// shorten leaves out the middle of a long message: what happened is at its beginning, and the ARN of
// the policy that forbids it at its end.
func shorten(s string) string {
	const limit, gap = 500, " … "
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	tail := (limit - len([]rune(gap))) / 2
	return string(r[:limit-len([]rune(gap))-tail]) + gap + string(r[len(r)-tail:])
}
