package lab_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/port-aws-sync/port-aws-sync/internal/lab"
)

// counted is a server that counts what reaches it, and a proxy before it whose clients do not repeat calls.
func counted(t *testing.T) (*lab.Proxy, aws.Config, *atomic.Int32) {
	var n atomic.Int32
	behind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if r.Header.Get("X-Amz-Target") != "" {
			fmt.Fprint(w, "{}")
			return
		}
		fmt.Fprint(w, "<Answer><GetCallerIdentityResult/></Answer>")
	}))
	t.Cleanup(behind.Close)
	at, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	p := lab.NewProxy(at, log.Default())
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)
	return p, aws.Config{
		Region: "eu-west-1", BaseEndpoint: &front.URL, Credentials: aws.AnonymousCredentials{},
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}, &n
}

func TestThrottlesAndFailuresAreWhatTheSDKTakesThemFor(t *testing.T) {
	throttled := retry.ThrottleErrorCode{Codes: retry.DefaultThrottleErrorCodes}
	for service, call := range calls {
		p := lab.NewProxy(emulator(t), log.Default())
		cfg, err := enter(t, p, member)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
		lift := p.Fault(lab.Rule{Service: service, Do: lab.Throttle{}})
		if err := call(t.Context(), cfg); throttled.IsErrorThrottle(err) != aws.TrueTernary {
			t.Errorf("%s: a throttle is %v", service, err)
		}
		lift()
		for _, status := range []int{500, 503} {
			lift := p.Fault(lab.Rule{Service: service, Do: lab.Fail{Status: status}})
			var api smithy.APIError
			if err := call(t.Context(), cfg); !errors.As(err, &api) || api.ErrorFault() == smithy.FaultClient {
				t.Errorf("%s: a failure is %v", service, err)
			}
			lift()
		}
	}
}

func TestAnAnswerCanBeLostWithAndWithoutEffect(t *testing.T) {
	for _, c := range []struct {
		do   lab.Action
		want int32 // calls that have an effect
	}{{lab.LoseAnswer{}, 1}, {lab.DropBefore{}, 0}} {
		p, cfg, n := counted(t)
		p.Fault(lab.Rule{Do: c.do})
		var api smithy.APIError
		if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err == nil || errors.As(err, &api) {
			t.Errorf("%T: got %v", c.do, err)
		}
		if n.Load() != c.want {
			t.Errorf("%T: %d calls had an effect, want %d", c.do, n.Load(), c.want)
		}
	}
}

func TestARuleMeetsCallsByNumberAndByShare(t *testing.T) {
	for _, c := range []struct {
		name string
		rule lab.Rule
		want string // of ten calls: x is met
	}{
		{"the third and fourth", lab.Rule{After: 2, Times: 2}, "..xx......"},
		{"all after the eighth", lab.Rule{After: 8}, "........xx"},
		{"another operation", lab.Rule{Operation: "AssumeRole"}, ".........."},
	} {
		p, cfg, _ := counted(t)
		c.rule.Do = lab.Fail{Status: 503}
		p.Fault(c.rule)
		if got := ten(t, cfg); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
	share := func(seed uint64) string {
		p, cfg, _ := counted(t)
		p.Fault(lab.Rule{Rate: 0.5, Seed: seed, Do: lab.Throttle{}})
		return ten(t, cfg)
	}
	once, again, other := share(1), share(1), share(2)
	if once != again || once == other || !strings.Contains(once, "x") || !strings.Contains(once, ".") {
		t.Errorf("half of the calls: %s, %s, and of another seed %s", once, again, other)
	}
}

func ten(t *testing.T, cfg aws.Config) string {
	client, got := sts.NewFromConfig(cfg), ""
	for range 10 {
		if _, err := client.GetCallerIdentity(t.Context(), nil); err != nil {
			got += "x"
		} else {
			got += "."
		}
	}
	return got
}
