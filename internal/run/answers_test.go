package run_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

// way changes Port's answers.
type way struct {
	http.RoundTripper
	change func(r *http.Request, res *http.Response) *http.Response
}

func (w way) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := w.RoundTripper.RoundTrip(r)
	if err == nil {
		res = w.change(r, res)
	}
	return res, err
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader([]byte(body)))}
}

func TestAnAnswerThatIsNotPortsForgetsNothing(t *testing.T) {
	for name, a := range map[string][2]any{"404 of a proxy": {404, "<html>not found</html>"}, "200 without entities": {200, `{"ok":true}`}} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				s.world.Remove(prod, "s3", ireland, "logs-11")
				e := s.engine()
				e.Port = s.portClient(way{direct{s.port}, func(r *http.Request, res *http.Response) *http.Response {
					if strings.HasSuffix(r.URL.Path, "/entities/search") {
						return answer(a[0].(int), a[1].(string))
					}
					return res
				}})
				_, _ = e.Once(s.Context(), s.request(ledger.Options{})) // ends as it may
				s.run()
				s.run()
				s.converged()
			})
		})
	}
}

func TestDeletesThatPortInterruptsAreToldOnce(t *testing.T) {
	play(t, func(s *scene) {
		s.remap(unbound())
		for n := range 1000 {
			s.world.Put(prod, "sns", ireland, fmt.Sprintf("t%03d", n))
		}
		s.world.PageSize = 100
		s.run()
		for n := range 250 {
			s.world.Remove(prod, "sns", ireland, fmt.Sprintf("t%03d", n))
		}
		s.port.Fault(porttest.Rule{Route: deleteRoute, After: 1, Times: 1, Do: porttest.Fail{Status: 429, RetryAfter: 2 * time.Minute}})
		r := s.run()
		s.converged()
		b := r.Blueprints["topic"]
		if len(r.Deleted) != 250 || b.Entities != 754 {
			t.Error("wrong counts")
		}
	})
}

func TestOneEntityThatPortForbidsDoesNotEndTheRun(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
		s.world.Put(dev, "s3", ireland, "logs-22", "team=other")
		e := s.engine()
		e.Port = s.portClient(way{direct{s.port}, func(r *http.Request, res *http.Response) *http.Response {
			if strings.HasSuffix(r.URL.Path, "/bucket/entities/bulk") {
				return answer(207, `{"ok":false,"entities":[],"errors":[{"index":0,"identifier":"logs-11","statusCode":403,"error":"forbidden","message":"you may not change this entity"}]}`)
			}
			return res
		}})
		if _, err := e.Once(s.Context(), s.request(ledger.Options{})); err != nil {
			t.Error(err)
		}
	})
}

func TestPagesLargerThanWhatMayWaitComeThrough(t *testing.T) {
	for _, c := range []struct{ regions, each int }{{12, 1000}, {80, 100}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			play(t, func(s *scene) {
				s.world.PageSize = 10000
				s.world.Regions = nil
				for g := range c.regions {
					region := fmt.Sprintf("eu-west-%d", g+1)
					s.world.Regions = append(s.world.Regions, region)
					for n := range c.each {
						s.world.Put(lab, "ec2", region, fmt.Sprintf("i-%d-%d", g, n))
					}
				}
				s.port.Fault(porttest.Rule{Route: bulkRoute, Do: porttest.Slow{By: 200 * time.Millisecond}})
				s.run()
				if len(s.catalog()) < c.regions*c.each {
					t.Error("not synced")
				}
			})
		})
	}
}

func TestARegionThatGoesBetweenInvocationsEndsItsCell(t *testing.T) {
	play(t, func(s *scene) {
		for n := range 30 {
			s.world.Put(prod, "ec2", ohio, fmt.Sprintf("i-%d", n))
		}
		s.run()
		s.world.PageSize = 2
		s.world.Fault(awstest.Rule{Account: prod, Region: ohio, Operation: "ec2:DescribeInstances", Hook: func() { time.Sleep(3 * time.Second) }})
		d := s.discover()
		for range 12 {
			p, err := s.sync(d.Run, prod, 15*time.Second)
			s.must(err)
			if !p.More {
				return
			}
			s.world.Regions = []string{ireland}
		}
		t.Error("more, for ever")
	})
}

func TestTheReportStaysWhatItWasWhenTheLockCannotBeGivenBack(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Remove(prod, "s3", ireland, "logs-11")
		var told, failed atomic.Bool
		s.store = frail{s.store, func(key string) bool {
			if strings.HasSuffix(key, "report.json") {
				told.Store(true)
			}
			return strings.HasSuffix(key, "lock.json") && told.Load() && !failed.Swap(true)
		}}
		r, err := s.try(ledger.Options{})
		s.must(err)
		s.swept(r, swept{Deleted: []string{"bucket/logs-11: gone"}})
	})
}

type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(r *http.Request) (*http.Response, error) { return d(r) }

func TestAnEmptyAnswerOfAWSProvesNothing(t *testing.T) {
	for _, op := range []string{"Action=DescribeInstances", "Action=ListTopics", "ListClusters", "ListBuckets", "Action=GetTopicAttributes", "tagging"} {
		t.Run(op, func(t *testing.T) {
			play(t, func(s *scene) {
				s.run()
				before := s.catalog()
				e := s.engine()
				inner := e.Base.HTTPClient
				e.Base.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
					var body []byte
					if r.Body != nil {
						body, _ = io.ReadAll(r.Body)
						r.Body = io.NopCloser(bytes.NewReader(body))
					}
					if strings.Contains(string(body)+r.Header.Get("X-Amz-Target")+r.URL.String(), op) {
						return answer(200, ""), nil
					}
					return inner.Do(r)
				})
				e.Org.Base = e.Base
				_, err := e.Once(s.Context(), s.request(ledger.Options{}))
				s.must(err)
				s.equal(before)
			})
		})
	}
}

func TestAWriteThatPortWasTooBusyForIsSentInTheSameRun(t *testing.T) {
	play(t, func(s *scene) {
		s.run()
		s.world.Put(prod, "s3", ireland, "logs-11", "team=other")
		s.port.Fault(porttest.Rule{Route: bulkRoute, Times: 1, Do: porttest.Fail{Status: 429, RetryAfter: 5 * time.Minute}})
		s.run()
		s.converged()
	})
}
