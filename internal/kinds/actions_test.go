package kinds_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

// Where IAM does not call an action like its operation, or a service like the SDK.
var (
	iamActions = map[string]string{
		"s3:ListBuckets": "s3:ListAllMyBuckets", "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
		"s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
	}
	iamServices = map[string]string{"SESv2": "ses", "Resource Groups Tagging API": "tag"}
)

// TestTheActionsOfAKindAreThoseOfItsCalls compares what each part of a kind says that it needs with what it
// calls in the recordings: a right too few would be missed in production only, and one too many by nobody.
func TestTheActionsOfAKindAreThoseOfItsCalls(t *testing.T) {
	needed, called := map[string][]string{}, notes{by: map[string]map[string]bool{}}
	for _, k := range kinds.All {
		if k.Scope == kind.Hub && len(k.Actions) == 0 {
			continue
		}
		needed[k.Name+" listing"] = slices.Sorted(slices.Values(k.Actions))
		for i, e := range k.Enrich {
			needed[part(k, i, "call")], needed[part(k, i, "bulk")] = e.Actions, nil
			if e.Bulk != nil {
				needed[part(k, i, "bulk")] = e.Actions
			}
			if e.Saves != nil {
				needed[part(k, i, "bulk")] = e.Saves
			}
		}
	}
	for _, path := range recordings(t) {
		recording, options, _ := parse(t, path)
		d := driver{t: t, kind: called.watch(recordedKind(t, path)), at: site, options: options}
		d.cfg = awstest.Replay(t, recording, site.Region)
		d.cfg.APIOptions = append(d.cfg.APIOptions, called.note)
		d.run("")
	}
	for part, want := range needed {
		got := slices.Sorted(maps.Keys(called.by[part]))
		if diff := gocmp.Diff(append([]string{}, want...), append([]string{}, got...)); diff != "" {
			t.Errorf("%s: -needs +calls\n%s", part, diff)
		}
	}
}

func part(k kind.Kind, enrichment int, how string) string {
	return fmt.Sprint(k.Name, " ", k.Enrich[enrichment].Keys[0], " by ", how)
}

// notes are the actions that parts of kinds take.
type notes struct {
	mu  sync.Mutex
	now string // the part at work
	by  map[string]map[string]bool
}

// watch is the kind, which says what part of it is at work.
func (n *notes) watch(k kind.Kind) kind.Kind {
	begin := func(part string) {
		n.now = part
		if n.by[part] == nil {
			n.by[part] = map[string]bool{}
		}
	}
	list, plain := k.List, k
	k.List = func(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
		begin(k.Name + " listing")
		return list(ctx, cfg, at, cursor)
	}
	k.Enrich = slices.Clone(k.Enrich)
	for i, e := range plain.Enrich {
		k.Enrich[i].Call = func(ctx context.Context, cfg aws.Config, at kind.Site, items []kind.Item) (map[string]kind.Answer, error) {
			begin(part(plain, i, "call"))
			return e.Call(ctx, cfg, at, items)
		}
		if e.Bulk != nil {
			k.Enrich[i].Bulk = func(ctx context.Context, cfg aws.Config, at kind.Site) (map[string]kind.Answer, error) {
				begin(part(plain, i, "bulk"))
				return e.Bulk(ctx, cfg, at)
			}
		}
	}
	return k
}

func (n *notes) note(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("note", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		id := awsmiddleware.GetServiceID(ctx)
		service := cmp.Or(iamServices[id], strings.ToLower(strings.ReplaceAll(id, " ", "")))
		action := service + ":" + awsmiddleware.GetOperationName(ctx)
		n.mu.Lock()
		n.by[n.now][cmp.Or(iamActions[action], action)] = true
		n.mu.Unlock()
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}
