package awstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// question is a call as a World understands it.
type question struct {
	ask
	call    Call
	service string
	in      input
	repeat  bool   // see Rule
	omit    string // see Rule
}

// input is what JSON services are asked.
type input struct {
	NextToken string // keys in any case
	Clusters  []string
	AccountID string
}

func read(r *http.Request) (question, error) {
	call, err := Read(r)
	if err != nil {
		return question{}, err
	}
	q := question{call: call}
	bucket, _, isS3 := strings.Cut(call.Host, ".s3.")
	q.service, _, _ = strings.Cut(call.Host, ".")
	operation := call.Operation
	switch {
	case isS3:
		q.service, operation, q.Items = "s3", "GetBucketTagging", []string{bucket}
	case q.service == "account":
		operation = "ListRegions"
	}
	q.Region, q.Account = call.Region, strings.TrimPrefix(call.AccessKey, memberKey)
	q.Operation = q.service + ":" + operation
	if strings.HasPrefix(call.Body, "{") {
		if err := json.Unmarshal([]byte(call.Body), &q.in); err != nil {
			return q, err
		}
	}
	switch q.service {
	case "sts":
		q.Region, q.Account = "", strings.Split(call.Form.Get("RoleArn"), ":")[4]
	case "organizations", "account":
		q.Region = ""
	case "ecs", "sns":
		for _, arn := range append(q.in.Clusters, call.Form.Get("TopicArn"), call.Form.Get("ResourceArn")) {
			if arn != "" {
				q.Items = append(q.Items, arn[strings.LastIndexAny(arn, ":/")+1:])
			}
		}
	}
	q.Page = 1
	if token := q.token(); token != "" {
		q.Page, err = strconv.Atoi(strings.TrimPrefix(token, "page-"))
	}
	return q, err
}

func (q question) token() string {
	return q.call.Form.Get("NextToken") + q.in.NextToken + q.call.Query.Get("continuation-token")
}

// page is the part of a listing that is asked for, and the token of the next one.
func page[T any](w *World, q question, list []T) (part []T, next string) {
	from := min((q.Page-1)*w.PageSize, len(list))
	to := min(from+w.PageSize, len(list))
	switch {
	case q.repeat:
		next = q.token()
	case to < len(list):
		next = "page-" + strconv.Itoa(q.Page+1)
	}
	return list[from:to], next
}

type answer struct {
	status int
	header map[string]string
	body   []byte
}

func inJSON(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return answer{status: 200, body: body}
}

func inXML(format string, a ...any) answer {
	return answer{status: 200, body: fmt.Appendf(nil, format, a...)}
}

// render makes XML of a list.
func render[T any](list []T, one func(T) string) string {
	var b strings.Builder
	for _, v := range list {
		b.WriteString(one(v))
	}
	return b.String()
}

func tags(list []Tag, format string) string {
	return render(list, func(t Tag) string { return fmt.Sprintf(format, t.Key, t.Value) })
}

// fail refuses in the service's own words.
func (q question) fail(how string) answer {
	code, status, message := how, 400, how
	switch how {
	case Deny, SCP:
		code, status, message = "AccessDenied", 403, "User is not authorized to perform: "+q.Operation
		switch q.service {
		case "ec2":
			code = "UnauthorizedOperation"
		case "sns":
			code = "AuthorizationError"
		case "ecs", "organizations", "account":
			code = "AccessDeniedException"
		}
		if how == SCP {
			message += " with an explicit deny in a service control policy"
		}
	case Throttle:
		code = map[string]string{"ec2": "RequestLimitExceeded", "s3": "SlowDown", "ecs": "ThrottlingException",
			"organizations": "TooManyRequestsException", "account": "TooManyRequestsException"}[q.service]
		if code == "" {
			code = "Throttling"
		}
	case Broken:
		code, status = "InternalError", 500
	case "NoSuchBucket", "NoSuchTagSet", "NotFound", "ResourceNotFound":
		status = 404
	case "PermanentRedirect":
		status = 301
	}
	const problem = "<Error><Code>%s</Code><Message>%s</Message></Error>"
	var a answer
	switch q.service {
	case "ec2":
		a = inXML("<Response><Errors>"+problem+"</Errors></Response>", code, message)
	case "s3":
		a = inXML(problem, code, message)
	case "sts", "sns":
		a = inXML("<ErrorResponse>"+problem+"</ErrorResponse>", code, message)
	default:
		a = inJSON(map[string]string{"__type": code, "message": message})
		a.header = map[string]string{"X-Amzn-Errortype": code}
	}
	a.status = status
	return a
}

var handlers = map[string]func(*World, question) answer{
	"sts:AssumeRole":                                 assumeRole,
	"organizations:ListAccounts":                     listAccounts,
	"organizations:DescribeAccount":                  describeAccount,
	"organizations:ListAccountsForParent":            accountsForParent,
	"organizations:ListOrganizationalUnitsForParent": noUnits,
	"account:ListRegions":                            listRegions,
	"ec2:DescribeInstances":                          describeInstances,
	"ec2:DescribeInstanceStatus":                     describeInstanceStatus,
	"ecs:ListClusters":                               listClusters,
	"ecs:DescribeClusters":                           describeClusters,
	"sns:ListTopics":                                 listTopics,
	"sns:GetTopicAttributes":                         topicAttributes,
	"sns:ListTagsForResource":                        topicTags,
	"s3:ListBuckets":                                 listBuckets,
	"s3:GetBucketTagging":                            bucketTagging,
}

func assumeRole(w *World, q question) answer {
	i := slices.IndexFunc(w.accounts, func(m member) bool { return m.id == q.Account && m.state == "ACTIVE" })
	if i < 0 || q.call.Form.Get("ExternalId") != w.ExternalID {
		return q.fail(Deny)
	}
	until := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	return inXML("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>%s</AccessKeyId>"+
		"<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>%s</Expiration>"+
		"</Credentials></AssumeRoleResult></AssumeRoleResponse>", memberKey+q.Account, until)
}

func listAccounts(w *World, q question) answer {
	part, next := page(w, q, w.accounts)
	list := make([]map[string]any, len(part))
	for i, m := range part {
		list[i] = map[string]any{
			"Id": m.id, "Name": "account " + m.id, "Arn": "arn:aws:organizations::999999999999:account/o-1/" + m.id,
			"State": m.state, "JoinedTimestamp": 600000000, // before the time of a synctest bubble
		}
	}
	return inJSON(map[string]any{"Accounts": list, "NextToken": next})
}

// describeAccount also knows those that were moved out of the units that are listed.
func describeAccount(w *World, q question) answer {
	state := w.outside[q.in.AccountID]
	for _, m := range w.accounts {
		if m.id == q.in.AccountID {
			state = m.state
		}
	}
	if state == "" {
		return q.fail("AccountNotFoundException")
	}
	return inJSON(map[string]any{"Account": map[string]any{"Id": q.in.AccountID, "State": state}})
}

// accountsForParent knows one unit, which has the accounts that were not moved.
func accountsForParent(w *World, q question) answer { return listAccounts(w, q) }

func noUnits(*World, question) answer { return inJSON(map[string]any{"OrganizationalUnits": []any{}}) }

func listRegions(w *World, q question) answer {
	part, next := page(w, q, w.Regions)
	list := make([]map[string]string, len(part))
	for i, name := range part {
		list[i] = map[string]string{"RegionName": name, "RegionOptStatus": "ENABLED"}
	}
	return inJSON(map[string]any{"Regions": list, "NextToken": next})
}
