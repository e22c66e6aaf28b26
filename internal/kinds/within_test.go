package kinds_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/collect"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

// fleet has clusters 0 to 19 on pages of twelve, each with a service on each of three pages; some are
// refused.
func fleet(refused ...int) aws.Config {
	return awstest.Config(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		call, _ := awstest.Read(r)
		var in struct{ Cluster, NextToken string }
		_ = json.Unmarshal([]byte(call.Body), &in)
		if call.Operation == "ListClusters" {
			from, to, next := 0, 12, "12"
			if in.NextToken == "12" {
				from, to, next = 12, 20, ""
			}
			arns := []string{}
			for n := from; n < to; n++ {
				arns = append(arns, fmt.Sprint("cluster/", n))
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"clusterArns": arns, "nextToken": next})
			return
		}
		var n, page int
		_, _ = fmt.Sscanf(in.Cluster, "cluster/%d", &n)
		_, _ = fmt.Sscanf(in.NextToken, "p%d", &page)
		if slices.Contains(refused, n) {
			w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte("{}"))
			return
		}
		next := fmt.Sprint("p", page+1)
		if page == 2 {
			next = ""
		}
		_ = json.NewEncoder(w).Encode(map[string]any{
			"serviceArns": []string{fmt.Sprintf("service/%d/%d", n, page)}, "nextToken": next,
		})
	}), site.Region)
}

func services(t *testing.T) kind.List {
	t.Helper()
	i := slices.IndexFunc(kinds.All, func(k kind.Kind) bool { return k.Name == "AWS::ECS::Service" })
	return kinds.All[i].List
}

// walk lists from cursor to the end.
func walk(t *testing.T, cfg aws.Config, cursor string) (keys, cursors []string, err error) {
	t.Helper()
	list := services(t)
	for {
		page, err := list(t.Context(), cfg, site, cursor)
		if err != nil {
			return keys, cursors, err
		}
		for _, it := range page.Items {
			keys = append(keys, it.Key)
		}
		if page.Next == "" {
			return keys, cursors, nil
		}
		if slices.Contains(cursors, page.Next) {
			t.Fatalf("cursor %s came twice", page.Next)
		}
		cursor = page.Next
		cursors = append(cursors, cursor)
		if len(page.Items) > collect.PerService {
			t.Fatalf("%d parents were asked at once", len(page.Items))
		}
	}
}

func all(but ...int) (keys []string) {
	for n := range 20 {
		for page := range 3 {
			if !slices.Contains(but, n) {
				keys = append(keys, fmt.Sprintf("service/%d/%d", n, page))
			}
		}
	}
	slices.Sort(keys)
	return keys
}

func TestChildrenOfManyParentsAreListedOnceEach(t *testing.T) {
	keys, cursors, err := walk(t, fleet(), "")
	if err != nil {
		t.Fatal(err)
	}
	got := slices.Sorted(slices.Values(keys))
	if diff := cmp.Diff(all(), got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for _, cursor := range cursors {
		rest, _, err := walk(t, fleet(), cursor)
		if err != nil || !slices.Equal(rest, keys[len(keys)-len(rest):]) {
			t.Errorf("from %s: %v, %v", cursor, rest, err)
		}
	}
}

func TestAParentThatIsRefusedCostsItsChildrenAndTheProofOfTheRest(t *testing.T) {
	keys, cursors, err := walk(t, fleet(3, 15), "")
	if v := access.Judge(err); v.State != kind.Denied || !strings.HasPrefix(v.Message, "cluster/3:") {
		t.Errorf("%+v", v)
	}
	slices.Sort(keys)
	if diff := cmp.Diff(all(3, 15), keys); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	// Whoever goes on from behind the refusal must know of it.
	if _, _, err := walk(t, fleet(), cursors[len(cursors)-1]); access.Judge(err).State != kind.Denied {
		t.Errorf("an invocation that goes on ends with %v", err)
	}
}

func TestWhereEveryParentIsRefusedItIsNotTheParents(t *testing.T) {
	keys, cursors, err := walk(t, fleet(0, 1, 2, 3, 4, 5, 6, 7), "")
	if access.Judge(err).State != kind.Denied || len(keys) > 0 || len(cursors) > 0 {
		t.Errorf("%v, %v, %v", keys, cursors, err)
	}
}
