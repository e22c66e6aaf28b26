package collect_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

// pageOfClusters asks for a page of clusters and returns the one that is in it.
func pageOfClusters(ctx context.Context, cfg aws.Config, token string) (string, error) {
	out, err := ecs.NewFromConfig(cfg).ListClusters(ctx, &ecs.ListClustersInput{NextToken: kind.Token(token)})
	if err != nil {
		return "", err
	}
	return out.ClusterArns[0], nil
}

// numbered answers each call with its number; those in fails are refused.
func numbered(fails ...int) (aws.Config, *int) {
	var mu sync.Mutex
	calls := 0
	cfg := awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		calls++
		n := calls
		mu.Unlock()
		time.Sleep(time.Second)
		for _, f := range fails {
			if f == n {
				w.WriteHeader(http.StatusForbidden)
				io.WriteString(w, `{"__type":"AccessDeniedException"}`)
				return
			}
		}
		fmt.Fprintf(w, `{"clusterArns":["%d"]}`, n)
	}), "eu-west-1")
	cfg.Retryer = func() aws.Retryer { return once{} }
	return collect.NewPacer(collect.NewPool(4)).Config(cfg), &calls
}

type once struct{ aws.NopRetryer }

func (once) GetAttemptToken(context.Context) (func(error) error, error) {
	return func(error) error { return nil }, nil
}

func TestWhatKindsShareIsAskedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, calls := numbered()
		shared := kind.Shared(t.Context())
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if got, err := pageOfClusters(shared, cfg, ""); got != "1" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		all.Wait()
		other := cfg.Copy()
		other.Region = "us-east-1"
		for _, c := range []struct {
			name, token, want string
			ctx               context.Context
			cfg               aws.Config
		}{
			{"the same later", "", "1", shared, cfg},
			{"another page", "t", "2", shared, cfg},
			{"another region", "", "3", shared, other},
			{"a request that is not shared", "", "4", t.Context(), cfg},
		} {
			if got, err := pageOfClusters(c.ctx, c.cfg, c.token); got != c.want || err != nil {
				t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
			}
		}
		time.Sleep(6 * time.Minute)
		if got, _ := pageOfClusters(shared, cfg, ""); got != "5" || *calls != 5 {
			t.Errorf("an old answer was given again: %q after %d calls", got, *calls)
		}
	})
}

func TestAFailureIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, calls := numbered(1)
		var all sync.WaitGroup
		var mu sync.Mutex
		failed := 0
		for range 3 {
			all.Go(func() {
				if _, err := pageOfClusters(kind.Shared(t.Context()), cfg, ""); err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if failed != 1 || *calls != 2 {
			t.Errorf("%d failed in %d calls, want 1 in 2", failed, *calls)
		}
	})
}

func TestWhoWaitsForASharedAnswerEndsWithItsOwnContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, _ := numbered()
		first := make(chan error)
		go func() { _, err := pageOfClusters(kind.Shared(t.Context()), cfg, ""); first <- err }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := pageOfClusters(kind.Shared(ctx), cfg, ""); err == nil {
			t.Error("it waited on")
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}
