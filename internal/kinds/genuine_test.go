package kinds_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

// always is a paced config whose calls all have one answer, with a request id or without.
func always(body string, id bool) aws.Config {
	cfg := awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !id {
			w.Header().Del(awstest.RequestID)
		}
		_, _ = io.WriteString(w, body)
	}), site.Region)
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 1 })
	}
	return collect.NewPacer(collect.NewPool(1)).Config(cfg)
}

// asks are all that a kind asks of AWS, by action. No error says that something was learned, if
// only that there is nothing.
func asks(k kind.Kind) map[string]func(*testing.T, aws.Config) error {
	a := map[string]func(*testing.T, aws.Config) error{}
	if len(k.Actions) > 0 {
		a["list"] = func(t *testing.T, cfg aws.Config) error {
			_, err := k.List(t.Context(), cfg, site, "")
			return err
		}
	}
	for _, e := range k.Enrich {
		if len(e.Actions) == 0 {
			continue // it asks nothing
		}
		a[e.Actions[0]] = func(t *testing.T, cfg aws.Config) error {
			answers, err := e.Call(t.Context(), cfg, site, []kind.Item{{Key: "a"}})
			return errors.Join(err, answers["a"].Err)
		}
		if e.Bulk != nil {
			a[e.Actions[0]+" in bulk"] = func(t *testing.T, cfg aws.Config) error {
				_, err := e.Bulk(t.Context(), cfg, site)
				return err
			}
		}
	}
	return a
}

func TestNothingIsLearnedFromWhatIsNoAnswer(t *testing.T) {
	const page = "<!doctype html><html><head><title>sign in</title></head><body>hello</body></html>"
	for _, k := range kinds.All {
		for action, ask := range asks(k) {
			for _, c := range []struct {
				name, body string
				id         bool
			}{
				{"an empty body", "", false},
				{"an empty body with a request id", "", true},
				{"a page", page, false},
				{"a page with a request id", page, true},
				{"an empty object", "{}", false},
				{"an empty element", "<a/>", false},
			} {
				t.Run(k.Name+" "+action+": "+c.name, func(t *testing.T) {
					v := access.Judge(ask(t, always(c.body, c.id)))
					if v.State != kind.Failed || v.Reason != access.AnswerUnreadable {
						t.Errorf("got %+v", v)
					}
				})
			}
		}
	}
}

func TestAnEmptyListIsAnAnswerAndAMissingOneIsNone(t *testing.T) {
	for _, k := range kinds.All {
		for action, ask := range asks(k) {
			name := k.Name + " " + action
			t.Run(name, func(t *testing.T) {
				b, ok := bare[name]
				if !ok {
					t.Fatal("how does it look, if there is nothing?")
				}
				if v := access.Judge(ask(t, always(b.without, true))); v.Reason != access.AnswerUnreadable {
					t.Errorf("%s: got %+v", b.without, v)
				}
				if b.empty == "" {
					return
				}
				if err := ask(t, always(b.empty, true)); err != nil {
					t.Errorf("%s: %v", b.empty, err)
				}
				torn := b.empty[:strings.LastIndexAny(b.empty[:len(b.empty)/2], "<[{")+1]
				if v := access.Judge(ask(t, always(torn, true))); v.Reason != access.AnswerUnreadable {
					t.Errorf("torn at %s: got %+v", torn, v)
				}
			})
		}
	}
}
