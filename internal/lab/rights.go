package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// rights are what the policies of roles allow, as IAM would judge them: what a role calls without an
// allowing statement is refused. Persons of the hub may do everything. Calls whose operation is not
// known (see restOperations) are not judged.
type rights struct {
	desk desk

	mu    sync.Mutex
	roles map[string][]statement     // by ARN, as last read
	used  map[string]map[string]bool // by role and action
}

func newRights(d desk) *rights {
	return &rights{desk: d, roles: map[string][]statement{}, used: map[string]map[string]bool{}}
}

// statement is one of a policy that allows.
type statement struct {
	Sid              string
	Effect           string
	Action, Resource several
}

// several is one string, or a list of them.
type several []string

func (s *several) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*s = several{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(s))
}

// matches says that one of the patterns, in which * stands for anything, is the value.
func (s several) matches(value string) bool {
	return slices.ContainsFunc(s, func(pattern string) bool {
		parts := strings.Split(pattern, "*")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(value)
	})
}

// refusal is the action that the caller lacks; "" if he may.
func (r *rights) refusal(ctx context.Context, c call, request *http.Request) (string, error) {
	if c.by.role == "" {
		return "", nil
	}
	action, resource, err := c.asks(request)
	if err != nil || action == "" || action == "sts:GetCallerIdentity" {
		return "", err
	}
	statements, err := r.of(ctx, c.by.role)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(statements, func(s statement) bool {
		return s.Effect == "Allow" && s.Action.matches(action) && s.Resource.matches(resource)
	}) {
		r.note(c.by.role, action)
		return "", nil
	}
	return action, nil
}

func (r *rights) note(role, action string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used[role] == nil {
		r.used[role] = map[string]bool{}
	}
	r.used[role][action] = true
}

// unused are the actions that a role is allowed and has never asked for.
func (r *rights) unused(ctx context.Context, role string) ([]string, error) {
	have, err := r.of(ctx, role)
	r.mu.Lock()
	defer r.mu.Unlock()
	var idle []string
	for _, s := range have {
		for _, action := range s.Action {
			if !r.used[role][action] {
				idle = append(idle, action)
			}
		}
	}
	return idle, err
}

// of reads the statements of a role's policies, once.
func (r *rights) of(ctx context.Context, role string) ([]statement, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known, ok := r.roles[role]; ok {
		return known, nil
	}
	var all []statement
	policies, err := r.desk.policies(ctx, role)
	for _, document := range policies {
		var policy struct{ Statement []statement }
		if err == nil {
			err = json.Unmarshal([]byte(document), &policy)
		}
		all = append(all, policy.Statement...)
	}
	if err != nil {
		return nil, fmt.Errorf("read the rights of %s: %w", role, err)
	}
	r.roles[role] = all
	return all, nil
}

// forget has the policies of roles read anew.
func (r *rights) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.roles)
}

// withhold takes an action away from a role until the policies are read anew.
func (r *rights) withhold(ctx context.Context, role, action string) error {
	have, err := r.of(ctx, role)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var less []statement
	for _, s := range have {
		s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
		less = append(less, s)
	}
	r.roles[role] = less
	return nil
}

// asks is the IAM action of a call and the resource that it is for; "*" where it is for none.
func (c call) asks(r *http.Request) (action, resource string, err error) {
	switch {
	case c.service == "s3":
		return s3Asks(r)
	case c.operation == "" || c.operation == "Invoke":
		return "", "", nil
	case c.role != "":
		return "sts:" + c.operation, c.role, nil
	case c.stackSet != "":
		return "cloudformation:" + c.operation, "arn:aws:cloudformation:" + region + ":" + hub + ":stackset/" + c.stackSet + ":id", nil
	case c.operation == "ListRoleTags":
		return "iam:ListRoleTags", c.by.role, nil
	case c.operation == "GetSchedule":
		return "scheduler:GetSchedule", "arn:aws:scheduler:" + region + ":" + hub + ":schedule/default/" + path.Base(r.URL.Path), nil
	case c.form:
		return c.service + ":" + c.operation, "*", nil
	}
	body, err := peek(&r.Body)
	if err != nil {
		return "", "", err
	}
	var in struct {
		SecretID        string `json:"SecretId"`
		StateMachineArn string `json:"stateMachineArn"`
		ExecutionArn    string `json:"executionArn"`

		AccountID, ChildID, ResourceID string // of Organizations, which the decoder finds in any case
	}
	if len(body) > 0 && json.Unmarshal(body, &in) != nil {
		return "", "", nil // not a service that writes JSON
	}
	resource = in.SecretID + in.StateMachineArn + in.ExecutionArn
	if id := in.AccountID + in.ChildID + in.ResourceID; c.service == "organizations" && id != "" {
		resource = "arn:aws:organizations::" + hub + ":account/o-lab/" + id
	}
	if resource == "" {
		resource = "*"
	}
	return cmp.Or(prefixes[c.service], c.service) + ":" + c.operation, resource, nil
}

// prefixes are those of actions, by services whose signatures have another name.
var prefixes = map[string]string{"tagging": "tag", "cloudcontrolapi": "cloudformation"}

// s3Parts are the actions by which IAM knows the parts of a bucket that are read.
var s3Parts = map[string]string{
	"location": "GetBucketLocation", "tagging": "GetBucketTagging", "publicAccessBlock": "GetBucketPublicAccessBlock",
	"encryption": "GetEncryptionConfiguration", "ownershipControls": "GetBucketOwnershipControls",
	"list-type": "ListBucket", "policy": "GetBucketPolicy", "policyStatus": "GetBucketPolicyStatus",
	"versioning": "GetBucketVersioning",
}

func s3Asks(r *http.Request) (action, resource string, err error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	arn := "arn:aws:s3:::" + bucket
	switch query := r.URL.Query(); {
	case bucket == "":
		return "s3:ListAllMyBuckets", "*", nil
	case key != "":
		verb := map[string]string{"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
		return "s3:" + verb[r.Method], arn + "/" + key, nil
	case query.Has("delete"):
		body, err := peek(&r.Body)
		var in struct {
			Object []struct{ Key string }
		}
		if err == nil {
			err = xml.Unmarshal(body, &in)
		}
		if err != nil || len(in.Object) == 0 {
			return "", "", err
		}
		return "s3:DeleteObject", arn + "/" + in.Object[0].Key, nil
	default:
		for part, action := range s3Parts {
			if r.Method == http.MethodGet && query.Has(part) {
				return "s3:" + action, arn, nil
			}
		}
	}
	return "", "", nil
}

// policies are the documents of the policies of a role.
func (d desk) policies(ctx context.Context, role string) ([]string, error) {
	d.account = strings.Split(role, ":")[4]
	ask := func(values url.Values, into any) error {
		values.Set("Version", "2010-05-08")
		values.Set("RoleName", role[strings.LastIndex(role, "/")+1:])
		return d.form(ctx, "iam", "", values, into)
	}
	var listed struct {
		Names []string `xml:"ListRolePoliciesResult>PolicyNames>member"`
	}
	if err := ask(url.Values{"Action": {"ListRolePolicies"}}, &listed); err != nil {
		return nil, err
	}
	var documents []string
	for _, policy := range listed.Names {
		var got struct {
			Document string `xml:"GetRolePolicyResult>PolicyDocument"`
		}
		if err := ask(url.Values{"Action": {"GetRolePolicy"}, "PolicyName": {policy}}, &got); err != nil {
			return nil, err
		}
		text, err := url.QueryUnescape(got.Document)
		if err != nil {
			return nil, err
		}
		documents = append(documents, text)
	}
	return documents, nil
}
