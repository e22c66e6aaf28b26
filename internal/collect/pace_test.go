package collect_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

func TestPacerBoundsTheCallsInFlight(t *testing.T) {
	for _, tt := range []struct{ pool, most int }{
		{1000, 4 * collect.PerService},
		{20, 20},
		{1, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newService(100 * time.Millisecond)
			p := collect.NewPacer(collect.NewPool(tt.pool))
			began := time.Now()
			var waits []func()
			for _, region := range []string{"eu-west-1", "us-east-1"} {
				cfg := p.Config(s.config(region))
				waits = append(waits, together(t, 40, cfg, clusters), together(t, 40, cfg, topics))
			}
			for _, wait := range waits {
				wait()
			}
			for name, most := range s.most {
				if name != "" && most > collect.PerService || tt.pool == 1000 && name != "" &&
					most < collect.PerService {
					t.Errorf("pool %d: %d calls at once to %s", tt.pool, most, name)
				}
			}
			if s.most[""] != tt.most {
				t.Errorf("pool %d: %d calls at once in all", tt.pool, s.most[""])
			}
			if took, best := time.Since(began), 160*s.takes/time.Duration(tt.most); took > best*5/4 {
				t.Errorf("pool %d: took %s, %s would do", tt.pool, took, best)
			}
		})
	}
}

func TestAccountsShareThePoolButNotTheirLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(100 * time.Millisecond)
		pool := collect.NewPool(30)
		var waits []func()
		for range 3 {
			waits = append(waits, together(t, 40, collect.NewPacer(pool).Config(s.config("eu-west-1")),
				clusters))
		}
		for _, wait := range waits {
			wait()
		}
		if most := s.most[""]; most != 3*collect.PerService {
			t.Errorf("%d calls at once", most)
		}
	})
}

// TestAThrottledLaneSlowsDownAndRecovers is a service that bears 20 requests a second, and 40 at once:
// 400 calls cannot take less than 18 seconds.
func TestAThrottledLaneSlowsDownAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(38 * time.Millisecond)
		limited := host("ecs", "eu-west-1")
		s.rates[limited] = &bucket{rate: 20, burst: 40}
		p := collect.NewPacer(collect.NewPool(64))
		cfg := p.Config(s.config("eu-west-1"))
		began := time.Now()
		wait := together(t, 400, cfg, clusters)
		others := together(t, 400, cfg, topics)
		others()
		if took := time.Since(began); took != 400/collect.PerService*s.takes {
			t.Errorf("another service of the region took %s", took)
		}
		wait()
		took := time.Since(began)
		refused := s.answered[limited+" 400"]
		t.Logf("slow: %s, %d refused", took, refused)
		if took < 18*time.Second || took > 27*time.Second {
			t.Errorf("took %s", took)
		}
		if refused > 60 || s.answered[limited+" 200"] != 400 {
			t.Errorf("%d calls were answered, %d refused", s.answered[limited+" 200"], refused)
		}
		if _, throttled := p.Calls(); throttled != refused {
			t.Errorf("%d throttled, counted %d", refused, throttled)
		}

		delete(s.rates, limited) // the service bears everything again
		began = time.Now()
		together(t, 4000, cfg, clusters)()
		t.Logf("after: %s", time.Since(began))
		if took := time.Since(began); took > 80*time.Second { // at the old rate it would be 200
			t.Errorf("after the limit was gone, 4000 calls took %s", took)
		}
	})
}

// TestRetriesTakeTheirTurnToo has a service that bears nothing any more, and so is asked once a second.
func TestRetriesTakeTheirTurnToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(time.Millisecond)
		s.rates[host("ecs", "eu-west-1")] = &bucket{}
		cfg := collect.NewPacer(collect.NewPool(64)).Config(s.config("eu-west-1"))
		var g sync.WaitGroup
		for range collect.PerService {
			g.Go(func() {
				if v := access.Judge(clusters(t.Context(), cfg)); v.State != kind.Throttled {
					t.Errorf("got %+v", v)
				}
			})
		}
		g.Wait()
		const window = 6
		for i := collect.PerService; i+window < len(s.arrivals); i++ {
			if took := s.arrivals[i+window].Sub(s.arrivals[i]); took < (window-1)*time.Second {
				t.Fatalf("%d requests within %s", window, took)
			}
		}
		if len(s.arrivals) != 10*collect.PerService {
			t.Errorf("%d requests", len(s.arrivals))
		}
	})
}

func TestALaneThatBacksOffHoldsNoSlotOfThePool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(10 * time.Millisecond)
		s.rates[host("ecs", "eu-west-1")] = &bucket{rate: 0.2, burst: 1}
		cfg := collect.NewPacer(collect.NewPool(1)).Config(s.config("eu-west-1"))
		began := time.Now()
		slow := together(t, 4, cfg, clusters)
		<-time.After(200 * time.Millisecond)
		together(t, 100, cfg, topics)()
		if took := time.Since(began); took > 1500*time.Millisecond {
			t.Errorf("behind a throttled service, 100 calls of 10 ms took %s", took)
		}
		slow()
		if took := time.Since(began); took < 15*time.Second {
			t.Errorf("4 calls at one in 5 s took %s", took)
		}
	})
}

func TestCredentialsAreRenewedThoughThePoolIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(10 * time.Millisecond)
		p := collect.NewPacer(collect.NewPool(1))
		base := p.Config(s.config("eu-west-1"))
		cfg := base.Copy()
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			if err := identity(ctx, base); err != nil { // from within a call that has the only slot
				return aws.Credentials{}, err
			}
			return base.Credentials.Retrieve(ctx)
		})
		if err := clusters(t.Context(), cfg); err != nil {
			t.Error(err)
		}
		calls, _ := p.Calls()
		if diff := cmp.Diff(map[string]int{"ecs:ListClusters": 1, "sts:GetCallerIdentity": 1},
			calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestPacerCountsEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(0)
		s.rates[host("ecs", "eu-west-1")] = &bucket{rate: 1, burst: 1}
		p := collect.NewPacer(collect.NewPool(1))
		cfg := p.Config(s.config("eu-west-1"))
		together(t, 3, cfg, clusters)()
		together(t, 2, cfg, topics)()
		calls, throttled := p.Calls()
		refused := s.answered[host("ecs", "eu-west-1")+" 400"]
		if diff := cmp.Diff(map[string]int{"ecs:ListClusters": 3 + refused, "sns:ListTopics": 2},
			calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if throttled != refused || refused == 0 {
			t.Errorf("%d throttled, %d were refused", throttled, refused)
		}
		calls["ecs:ListClusters"] = 0
		if again, _ := p.Calls(); again["ecs:ListClusters"] == 0 {
			t.Error("the counts can be changed from outside")
		}
	})
}

// TestLackOfTimeIsNoFailureOfTheService has a lane that is so slow that its turn would come too late.
func TestLackOfTimeIsNoFailureOfTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(10 * time.Millisecond)
		s.rates[host("ecs", "eu-west-1")] = &bucket{rate: 1, burst: 1}
		cfg := collect.NewPacer(collect.NewPool(64)).Config(s.config("eu-west-1"))
		together(t, 10, cfg, clusters)() // now the pacer knows
		clear(s.rates)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		k := things(items(slices.Repeat([]string{"a"}, 20)...), kind.Enrich{Keys: []string{"Tags"},
			Call: func(ctx context.Context, cfg aws.Config, _ kind.Site, _ []kind.Item) (replies, error) {
				return nil, clusters(ctx, cfg)
			}})
		r := collect.Request{Kind: k, Sites: sites("eu-west-1"), Reads: everyKey}
		v, _, err := collect.List(ctx, nil, cfg, r, func([]collect.Resource) error {
			t.Error("a page that lacks something for lack of time was taken in")
			return nil
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %+v, %v", v, err)
		}
	})
}

func TestACallEndsWithItsContextWhereverItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newService(time.Hour)
		cfg := collect.NewPacer(collect.NewPool(2)).Config(s.config("eu-west-1"))
		ctx, cancel := context.WithCancel(t.Context())
		var g sync.WaitGroup
		for range 3 * collect.PerService { // two are under way, the others wait for a slot of lane or pool
			g.Go(func() {
				if err := clusters(ctx, cfg); !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		cancel()
		s.takes = 0
		g.Wait()
		if err := clusters(t.Context(), cfg); err != nil { // every slot is free again
			t.Error(err)
		}
	})
}
