package collect_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// answered is the SDK's error for AWS's answer with a status and an error code.
func answered(status int, code string) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: "as asked"},
	}}
}

var (
	errDenied   = answered(403, "AccessDenied")
	errThrottle = answered(400, "ThrottlingException")
	errInternal = answered(500, "InternalFailure")
	errNotHere  = answered(400, "OptInRequired")
	errInvalid  = answered(400, "ValidationException")
	errBroken   = errors.New("connection reset")
)

// page is one page of a listing: its items' keys, and the cursor of the next one, or its failure.
type page struct {
	keys []string
	next string
	err  error
}

// listing is a kind whose pages are told by region and cursor: "eu-west-1 A".
func listing(pages map[string]page) (kind.Kind, *[]string) {
	var asked []string
	return kind.Kind{
		Name: "AWS::Test::Thing", Scope: kind.Regional,
		List: func(_ context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
			if cfg.Region != at.Region {
				return kind.Page{}, errors.New("calls go to " + cfg.Region)
			}
			asked = append(asked, strings.TrimSpace(at.Region+" "+cursor))
			p, known := pages[asked[len(asked)-1]]
			if !known {
				return kind.Page{}, errors.New("there is no page " + asked[len(asked)-1])
			}
			return kind.Page{Items: items(p.keys...), Next: p.next}, p.err
		},
	}, &asked
}

func items(keys ...string) (list []kind.Item) {
	for _, k := range keys {
		list = append(list, kind.Item{Key: k, Properties: map[string]any{"Key": k}})
	}
	return list
}

func sites(regions ...string) (list []kind.Site) {
	for _, r := range regions {
		list = append(list, kind.Site{Partition: "aws", Account: "111122223333", Region: r})
	}
	return list
}

// replies are the answers about items, by key; found is what one of them says.
type (
	replies = map[string]kind.Answer
	found   = map[string]any
)

func everyKey(string) bool { return true }

// outcome is all that List says.
type outcome struct {
	verdict   kind.Verdict
	cursor    string
	err       error
	pages     int
	resources []collect.Resource
}

func (o outcome) keys() (keys []string) {
	for _, r := range o.resources {
		keys = append(keys, r.Key)
	}
	return keys
}

func (o outcome) one(t *testing.T, key string) *collect.Resource {
	t.Helper()
	i := slices.IndexFunc(o.resources, func(r collect.Resource) bool { return r.Key == key })
	if i < 0 {
		t.Fatalf("%s is not among %q", key, o.keys())
	}
	return &o.resources[i]
}

func list(ctx context.Context, r collect.Request) (o outcome) {
	if r.Reads == nil {
		r.Reads = everyKey
	}
	if r.Sites == nil {
		r.Sites = sites("eu-west-1")
	}
	o.verdict, o.cursor, o.err = collect.List(ctx, nil, aws.Config{}, r, func(p []collect.Resource) error {
		o.pages++
		o.resources = append(o.resources, p...)
		return nil
	})
	return o
}

// calls notes what was asked, in whatever order.
type calls struct {
	mu   sync.Mutex
	list []string
}

func (c *calls) note(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, what)
}

func (c *calls) want(t *testing.T, want ...string) {
	t.Helper()
	got := slices.Clone(c.list)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}
