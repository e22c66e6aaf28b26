// Package kind says what a resource kind is: how it is listed, what else can be asked about its
// items, and which rights that takes.
package kind

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Scope says how often a kind is listed.
type Scope string

const (
	// Regional kinds are listed in every allowed region of an account.
	Regional Scope = "regional"
	// Global kinds are listed once per account, from one allowed region.
	Global Scope = "global"
	// Hub kinds take no call with member credentials: what they say is known from discovery.
	Hub Scope = "hub"
)

// GlobalRegion is the region of the cells of kinds that are not regional.
const GlobalRegion = "global"

// Kind is a resource kind. It is data: nothing in it changes after the program has started.
type Kind struct {
	Name    string   // CloudFormation's type name, as mappings write it: AWS::EC2::Instance
	Scope   Scope    // how often it is listed
	Actions []string // IAM actions that List needs: of the member role, of a Hub kind of the hub's own
	List    List
	Enrich  []Enrich // further calls for the items listed, independent of each other
	// Defaults are class names of Ocean's actions that are part of every resource: mappings may name
	// them in includeActions, which changes nothing.
	Defaults []string
	History  *History // of kinds that only grow in number
	// Secrets are paths in Properties to values that may be secret: Environment.Variables.*,
	// ContainerDefinitions[].environment[].value.
	Secrets []string
}

// Names are those of kinds.
func Names(all []Kind) []string {
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = k.Name
	}
	return names
}

// Find is the kind of a name among all.
func Find(all []Kind, name string) (Kind, bool) {
	i := slices.IndexFunc(all, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return Kind{}, false
	}
	return all[i], true
}

// List reads the page at cursor ("" = the first) of a kind's items. It makes at most a few calls,
// and returns the SDK's error unchanged, so that its code can be judged.
type List func(ctx context.Context, cfg aws.Config, at Site, cursor string) (Page, error)

// Page is one page of a listing. An empty page does not end it, an empty Next does.
type Page struct {
	Items []Item
	Next  string // the cursor of the page behind this one; "" = this was the last
}

// Item is one listed resource.
type Item struct {
	Key        string         // identity within its cell: ARN or native id
	Properties map[string]any // what the listing says, as Plain renders it
	Context    map[string]any // members of __ExtraContext beside AccountId and Region
	Region     string         // where calls about this item go; "" = the site's region
	Parent     string         // what it was listed in, if its kind is listed so: a cluster, a pipeline
	Known      map[string]any // what the listing says that belongs to options: their Call finds it here
}

// Enrich is a further call about items that are already listed. A mapping reads its keys only if it
// names Option in includeActions.
type Enrich struct {
	Option  string         // class name of Ocean's action; "" = always part of the resource
	Actions []string       // IAM actions that it needs
	Keys    []string       // the top-level Properties keys it fills
	Whole   bool           // the item is nothing without it: where it fails, the item is unread
	Absent  []string       // error codes that say "the item has no such thing"
	Empty   map[string]any // what the keys hold then; keys not named here are left out
	Gone    []string       // error codes that say "the item no longer exists"

	// Call asks about up to Size items (0 = 1) of one Region and Parent. An item without an answer was
	// not read; Size > 1 joins by Item.Key, never by position.
	Call Call
	Size int
	// Bulk, where not nil, asks once about all items of the cell at Site, unless there is one only.
	// Items missing from its answer are asked about by Call.
	Bulk func(ctx context.Context, cfg aws.Config, at Site) (map[string]Answer, error)
	// Saves are IAM actions that Bulk needs beyond Actions. Without them the same is found out by Call.
	Saves []string
}

// Any among an Enrich's Keys says that it may fill any key.
const Any = "*"

// Feeds says that the enrichment may fill a key that is read.
func (e Enrich) Feeds(reads func(key string) bool) bool {
	return slices.ContainsFunc(e.Keys, func(key string) bool { return key == Any || reads(key) })
}

// Call asks about items and answers by Item.Key. cfg and at are of the region of the items.
type Call func(ctx context.Context, cfg aws.Config, at Site, items []Item) (map[string]Answer, error)

// Answer is what a Call found out about one item.
type Answer struct {
	Properties map[string]any
	Gone       bool  // the service says that the item does not exist
	Err        error // the service refused this one item of a batch
}

// Each makes a Call of a function that asks about one item.
func Each(ask func(ctx context.Context, cfg aws.Config, at Site, it Item) (map[string]any, error)) Call {
	return func(ctx context.Context, cfg aws.Config, at Site, items []Item) (map[string]Answer, error) {
		p, err := ask(ctx, cfg, at, items[0])
		if err != nil {
			return nil, err
		}
		return map[string]Answer{items[0].Key: {Properties: p}}, nil
	}
}

// Site is where a listing takes place.
type Site struct {
	Partition   string // aws, aws-cn, aws-us-gov, …
	Account     string // 12 digits
	AccountName string
	Region      string // where calls go, also for global kinds
	// Organization is what Organizations says of the account, as Members renders it; nil where it was
	// not asked.
	Organization map[string]any
}

// Resource is the raw object of an item, the input of mapping programs. properties are the item's
// own and those of its enrichments.
func (k Kind) Resource(at Site, it Item, properties map[string]any) map[string]any {
	r := map[string]any{"Type": k.Name, "Properties": properties}
	if k.Scope == Hub {
		return r
	}
	extra := map[string]any{"AccountId": at.Account}
	if k.Scope == Regional {
		extra["Region"] = at.Region
	}
	maps.Copy(extra, it.Context)
	r["__ExtraContext"] = extra
	return r
}

type sharedKey struct{}

// Shared marks a request that kinds of one account have in common, to be answered to all of them from
// the first one's answer, which nobody may change.
func Shared(ctx context.Context) context.Context { return context.WithValue(ctx, sharedKey{}, true) }

// IsShared says that ctx is of Shared.
func IsShared(ctx context.Context) bool { return ctx.Value(sharedKey{}) != nil }

// Token is the page token of a request for cursor: nil for the first page.
func Token(cursor string) *string {
	if cursor == "" {
		return nil
	}
	return &cursor
}
