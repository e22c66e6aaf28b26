package awstest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
)

func TestReadTellsTheOperationOfEveryProtocol(t *testing.T) {
	var got []string
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := awstest.Read(r)
		if err != nil {
			t.Error(err)
		}
		got = append(got, fmt.Sprint(c.Method, " ", c.Host, c.Path, " ", c.Operation, " ", c.Region))
		if c.Operation == "ListClusters" {
			io.WriteString(w, "{}")
		}
	})
	cfg := awstest.Config(h, "eu-west-1")
	ctx := t.Context()
	ec2.NewFromConfig(cfg).DescribeInstances(ctx, nil)
	ecs.NewFromConfig(cfg).ListClusters(ctx, nil)
	s3.NewFromConfig(cfg).ListBuckets(ctx, nil)
	want := []string{
		"POST ec2.eu-west-1.amazonaws.com/ DescribeInstances eu-west-1",
		"POST ecs.eu-west-1.amazonaws.com/ ListClusters eu-west-1",
		"GET s3.eu-west-1.amazonaws.com/ ListBuckets eu-west-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestConfigBreaksTheConnectionOrGivesUpWithItsContext(t *testing.T) {
	calls := 0
	cfg := awstest.Config(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		calls++
		panic(http.ErrAbortHandler)
	}), "eu-west-1")
	_, err := ecs.NewFromConfig(cfg).ListClusters(t.Context(), nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) || calls != 1 {
		t.Errorf("got %v after %d calls, want io.ErrUnexpectedEOF after one", err, calls)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cfg = awstest.Config(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}), "eu-west-1")
	if _, err := ecs.NewFromConfig(cfg).ListClusters(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// witness is a test that may fail.
type witness struct {
	testing.TB
	cleanup func()
	failed  []string
}

func (w *witness) Helper()          {}
func (w *witness) Cleanup(f func()) { w.cleanup = f }
func (w *witness) Fatalf(f string, a ...any) {
	w.failed = append(w.failed, fmt.Sprintf(f, a...))
	panic(w)
}
func (w *witness) Errorf(f string, a ...any) { w.failed = append(w.failed, fmt.Sprintf(f, a...)) }

const twoClusters = `
-- POST / ListClusters 200 body="maxResults":1} region=eu-west-1 --
{"clusterArns":["a"],"nextToken":"t"}
-- POST / ListClusters 200 body="nextToken":"t" body="maxResults":1 --
{"clusterArns":["b"]}
-- want.json --
[]
`

func TestReplay(t *testing.T) {
	list := func(c *ecs.Client, token *string) string {
		out, err := c.ListClusters(context.Background(),
			&ecs.ListClustersInput{MaxResults: aws.Int32(1), NextToken: token})
		var api smithy.APIError
		switch {
		case errors.As(err, &api):
			return api.ErrorCode()
		case err != nil:
			return err.Error()
		}
		return strings.Join(out.ClusterArns, " ")
	}
	tests := []struct {
		name      string
		recording string
		calls     []*string // page tokens
		want      []string
		failed    string
	}{
		{"in order", twoClusters, []*string{nil, aws.String("t")}, []string{"a", "b"}, ""},
		{"in another order", twoClusters, []*string{aws.String("t"), nil}, []string{"b", "a"}, ""},
		{"a call too few", twoClusters, []*string{nil}, []string{"a"}, "not made: POST / ListClusters"},
		{"a call twice", twoClusters, []*string{nil, nil, aws.String("t")},
			[]string{"a", "UnknownError", "b"}, "not recorded: POST / ListClusters"},
		{"a token that nobody gave", twoClusters, []*string{nil, aws.String("u")},
			[]string{"a", "UnknownError"}, `"nextToken":"u"`},
		{"a token where none must be", "-- POST / 200 without=nextToken --\n{}\n", []*string{aws.String("t")},
			[]string{"UnknownError"}, "not recorded"},
		{"another operation", "-- POST / ListServices 200 --\n{}\n", []*string{nil},
			[]string{"UnknownError"}, "not made: POST / ListServices"},
		{"another region", "-- POST / 200 region=us-east-1 --\n{}\n", []*string{nil},
			[]string{"UnknownError"}, "region=eu-west-1"},
		{"another host", "-- POST / 200 host=localhost --\n{}\n", []*string{nil},
			[]string{"UnknownError"}, "host=ecs.eu-west-1.amazonaws.com"},
		{"another path", "-- POST /x 200 --\n{}\n", []*string{nil}, []string{"UnknownError"}, "not made"},
		{"repeated", "-- POST / ListClusters 200 repeat --\n{\"clusterArns\":[\"a\"]}\n",
			[]*string{nil, nil}, []string{"a", "a"}, ""},
		{"an error code in a header", "-- POST / ListClusters 403 --\n" +
			"x-amzn-errortype: AccessDeniedException\nretry-after: 1\n\n{}\n",
			[]*string{nil}, []string{"AccessDeniedException"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := &witness{TB: t}
			cfg := awstest.Replay(w, txtar.Parse([]byte(tt.recording)), "eu-west-1")
			c := ecs.NewFromConfig(cfg)
			var got []string
			for _, token := range tt.calls {
				got = append(got, list(c, token))
			}
			w.cleanup()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			failed := strings.Join(w.failed, "\n")
			if (failed == "") != (tt.failed == "") || !strings.Contains(failed, tt.failed) {
				t.Errorf("replay says %q, want %q", failed, tt.failed)
			}
		})
	}
}

func TestReplayRefusesASectionItCannotRead(t *testing.T) {
	for _, name := range []string{"POST /", "POST / ListClusters", "POST / 200 bodi=x"} {
		w := &witness{TB: t}
		func() {
			defer func() { recover() }()
			awstest.Replay(w, &txtar.Archive{Files: []txtar.File{{Name: name}}}, "eu-west-1")
		}()
		if len(w.failed) != 1 {
			t.Errorf("%q was accepted", name)
		}
	}
}
