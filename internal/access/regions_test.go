package access_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

const described = `<DescribeRegionsResponse><regionInfo>
<item><regionName>us-east-1</regionName><optInStatus>opt-in-not-required</optInStatus></item>
<item><regionName>eu-south-1</regionName><optInStatus>opted-in</optInStatus></item>
<item><regionName>me-south-1</regionName><optInStatus>not-opted-in</optInStatus></item>
</regionInfo></DescribeRegionsResponse>`

// world answers account:ListRegions and ec2:DescribeRegions.
type world struct {
	list     []answer // page by page
	describe answer
	asked    []string
}

type answer struct {
	status     int
	code, body string
}

func (a *world) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	call, err := awstest.Read(r)
	if err != nil {
		panic(err)
	}
	if call.Path == "/listRegions" {
		a.asked = append(a.asked, "ListRegions "+call.Body)
		next := a.list[0]
		a.list = a.list[1:]
		if next.status != 200 {
			w.Header().Set("X-Amzn-Errortype", next.code)
		}
		w.WriteHeader(next.status)
		io.WriteString(w, next.body)
		return
	}
	a.asked = append(a.asked, call.Operation+" "+call.Region+" "+call.Form.Get("AllRegions"))
	w.WriteHeader(a.describe.status)
	if a.describe.status != 200 {
		fmt.Fprintf(w, protocols["ec2"].error, a.describe.code, a.describe.body)
		return
	}
	io.WriteString(w, a.describe.body)
}

const (
	firstAsk  = `ListRegions {"MaxResults":50,"RegionOptStatusContains":["ENABLED","ENABLED_BY_DEFAULT"]}`
	secondAsk = `ListRegions {"MaxResults":50,"NextToken":"t",` +
		`"RegionOptStatusContains":["ENABLED","ENABLED_BY_DEFAULT"]}`
	fallback = "DescribeRegions eu-central-1 false"
)

func TestRegions(t *testing.T) {
	ok := answer{200, "", described}
	for _, c := range []struct {
		name  string
		world world
		want  []string
		asked []string
	}{
		{"two pages, the first one empty", world{list: []answer{
			{200, "", `{"Regions":[],"NextToken":"t"}`},
			{200, "", `{"Regions":[{"RegionName":"us-east-1"},{"RegionName":"eu-south-1"}]}`}}},
			[]string{"eu-south-1", "us-east-1"}, []string{firstAsk, secondAsk}},
		{"refused", world{list: []answer{{403, "AccessDeniedException", `{"message":"no"}`}}, describe: ok},
			[]string{"eu-south-1", "us-east-1"}, []string{firstAsk, fallback}},
		{"unknown to the endpoint", world{list: []answer{{400, "UnknownOperationException", `{}`}}, describe: ok},
			[]string{"eu-south-1", "us-east-1"}, []string{firstAsk, fallback}},
		{"a gateway's 404", world{list: []answer{{404, "", `<html>`}}, describe: ok},
			[]string{"eu-south-1", "us-east-1"}, []string{firstAsk, fallback}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := access.Regions(t.Context(), awstest.Config(&c.world, "eu-central-1"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if diff := cmp.Diff(c.asked, c.world.asked); diff != "" {
				t.Errorf("asked: -want +got\n%s", diff)
			}
		})
	}
}

func TestRegionsWhereThePartitionHasNoAccountService(t *testing.T) {
	w := &world{describe: answer{200, "", described}}
	cfg := awstest.Config(w, "eu-central-1")
	cfg.HTTPClient = hostless{cfg.HTTPClient, "account."}
	got, err := access.Regions(t.Context(), cfg)
	if diff := cmp.Diff([]string{"eu-south-1", "us-east-1"}, got); diff != "" || err != nil {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
}

// hostless has no host whose name begins with missing.
type hostless struct {
	aws.HTTPClient
	missing string
}

func (h hostless) Do(r *http.Request) (*http.Response, error) {
	if strings.HasPrefix(r.URL.Host, h.missing) {
		return nil, &net.DNSError{Err: "no such host", Name: r.URL.Host, IsNotFound: true}
	}
	return h.HTTPClient.Do(r)
}

func TestRegionsThatCannotBeRead(t *testing.T) {
	denied := answer{403, "AccessDeniedException", `{"message":"not for you"}`}
	deniedToo := answer{403, "UnauthorizedOperation", "nor here" + scp}
	busy := answer{429, "TooManyRequestsException", `{"message":"slow"}`}
	again := answer{200, "", `{"Regions":[],"NextToken":"t"}`}
	for _, c := range []struct {
		name    string
		world   world
		want    kind.State
		message []string
	}{
		{"both refused", world{list: []answer{denied}, describe: deniedToo},
			kind.Denied, []string{"account:ListRegions: Denied: not for you", "ec2:DescribeRegions", "nor here"}},
		{"one refused, the other throttled: asking again may help",
			world{list: []answer{denied}, describe: answer{503, "RequestLimitExceeded", "slow"}},
			kind.Throttled, []string{"account:ListRegions", "ec2:DescribeRegions"}},
		{"throttled: the other operation is not asked",
			world{list: []answer{busy}, describe: answer{200, "", described}},
			kind.Throttled, []string{"account:ListRegions"}},
		{"a page token that repeats", world{list: []answer{again, again, again}},
			kind.Failed, []string{"account:ListRegions", "token repeats"}},
		{"none at all", world{list: []answer{{200, "", `{"Regions":[]}`}}},
			kind.Failed, []string{"none that is enabled"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			names, err := access.Regions(t.Context(), awstest.Config(&c.world, "eu-central-1"))
			if err == nil {
				t.Fatalf("got %v, want an error", names)
			}
			if got := access.Judge(err).State; got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
			for _, m := range c.message {
				if !strings.Contains(err.Error(), m) {
					t.Errorf("%q is missing in %v", m, err)
				}
			}
		})
	}
}
