package kinds_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

// refusing is a config whose calls are all answered with an error code, in the service's own form.
func refusing(service, code string, status int) aws.Config {
	body := "<ErrorResponse><Error><Code>" + code + "</Code></Error></ErrorResponse>"
	switch service {
	case "ec2":
		body = "<Response><Errors><Error><Code>" + code + "</Code></Error></Errors></Response>"
	case "s3":
		body = "<Error><Code>" + code + "</Code></Error>"
	case "rds", "sns", "elasticache":
	default:
		body = "{}"
	}
	return awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if body == "{}" {
			w.Header().Set("X-Amzn-Errortype", code)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}), site.Region)
}

// listed is what collect makes of a kind's recording, where List goes to other instead at some cursors.
type listed struct {
	verdict kind.Verdict
	cursor  string
	err     error
	keys    []string
}

func collected(t *testing.T, ctx context.Context, k kind.Kind, cursor string, other func(cursor string) *aws.Config,
	page func(n int), stop <-chan struct{},
) (got listed) {
	t.Helper()
	recording, _, _ := parse(t, "testdata/"+fileName(k)+".txtar")
	list := k.List
	k.List = func(ctx context.Context, cfg aws.Config, at kind.Site, cursor string) (kind.Page, error) {
		if o := other(cursor); o != nil {
			cfg = *o
		}
		return list(ctx, cfg, at, cursor)
	}
	n := 0
	got.verdict, got.cursor, got.err = collect.List(ctx, stop, awstest.Replay(partial{t}, recording, site.Region),
		collect.Request{
			Kind: k, Sites: []kind.Site{site}, Options: k.Options(), Cursor: cursor, Reads: func(string) bool { return true },
		}, func(part []collect.Resource) error {
			for i := range part {
				got.keys = append(got.keys, part[i].Key)
			}
			n++
			page(n)
			return nil
		})
	return got
}

func never(string) *aws.Config { return nil }
func idle(int)                 {}

// listable are the kinds that are listed with a member's rights.
func listable() []kind.Kind {
	return slices.DeleteFunc(slices.Clone(kinds.All), func(k kind.Kind) bool { return k.Scope == kind.Hub })
}

func TestACellIsNotListedUnlessItsLastPageIs(t *testing.T) {
	for _, k := range listable() {
		service, _, _ := strings.Cut(k.Actions[0], ":")
		for _, fault := range []struct {
			code   string
			status int
			want   kind.State
		}{
			{"AccessDenied", 403, kind.Denied}, {"Throttling", 400, kind.Throttled}, {"InternalError", 500, kind.Failed},
			{"ValidationException", 400, kind.Failed}, {"OptInRequired", 403, kind.Unsupported},
		} {
			no := refusing(service, fault.code, fault.status)
			for name, other := range map[string]func(string) *aws.Config{
				"first page": func(string) *aws.Config { return &no },
				"second page": func(cursor string) *aws.Config {
					if cursor == "" {
						return nil
					}
					return &no
				},
			} {
				t.Run(k.Name+" "+fault.code+" "+name, func(t *testing.T) {
					got := collected(t, t.Context(), k, "", other, idle, nil)
					if got.err != nil || got.verdict.State != fault.want || got.verdict.State.Ended() {
						t.Errorf("%+v, want %s", got, fault.want)
					}
				})
			}
		}
	}
}

func TestAListingEndsWithItsContext(t *testing.T) {
	for _, k := range listable() {
		t.Run(k.Name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			got := collected(t, ctx, k, "", never, func(int) { cancel() }, nil)
			if !errors.Is(got.err, context.Canceled) || got.verdict.State.Ended() {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestACellThatIsStoppedBehindAnyPageGoesOnThere(t *testing.T) {
	for _, k := range listable() {
		t.Run(k.Name, func(t *testing.T) {
			pages := 0
			whole := collected(t, t.Context(), k, "", never, func(n int) { pages = n }, nil)
			if pages < 2 {
				t.Fatalf("its recording has %d pages", pages)
			}
			for behind := 1; behind < pages; behind++ {
				stop := make(chan struct{})
				first := collected(t, t.Context(), k, "", never, func(n int) {
					if n == behind {
						close(stop)
					}
				}, stop)
				if first.verdict.State != kind.Unread || first.cursor == "" {
					t.Fatalf("behind page %d: %+v", behind, first.verdict)
				}
				rest := collected(t, t.Context(), k, first.cursor, never, idle, nil)
				if diff := cmp.Diff(whole.keys, append(first.keys, rest.keys...)); diff != "" {
					t.Errorf("behind page %d: -want +got\n%s", behind, diff)
				}
				if rest.verdict.State.Ended() != whole.verdict.State.Ended() {
					t.Errorf("behind page %d: %+v, and %+v in one go", behind, rest.verdict, whole.verdict)
				}
			}
		})
	}
}
