package ledger_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// nth makes one call of an operation go wrong.
func nth(operation string, n int, bad fault) func(string, int) fault {
	return func(op string, i int) fault {
		if op == operation && i == n {
			return bad
		}
		return fault{}
	}
}

func TestS3PutWhoseAnswerIsLostCountsAsDone(t *testing.T) {
	fake := newFakeS3(t)
	store := fake.store()
	fake.fault = nth("PutObject", 1, fault{lost: true})
	created := put(t, store, "k", "1", ledger.IfAbsent())
	if _, version := get(t, store, "k"); version != created {
		t.Errorf("created as %q, and is %q", created, version)
	}

	fake.fault = nth("PutObject", 3, fault{lost: true})
	changed := put(t, store, "k", "2", ledger.IfVersion(created))
	put(t, store, "k", "3", ledger.IfVersion(changed))
	wantObject(t, store, "k", "3")
	if got := fake.count("PutObject"); got != 5 {
		t.Errorf("%d puts, want each lost one once more: 5", got)
	}
}

func TestS3PutWhoseAnswerIsLostAndThatWasOverwrittenIsAConflict(t *testing.T) {
	fake := newFakeS3(t)
	fake.fault = func(operation string, n int) fault {
		if operation == "PutObject" && n == 2 { // the repetition finds another writer's object
			fake.objects["k"] = fakeObject{"theirs", `"theirs"`}
		}
		return fault{lost: operation == "PutObject" && n == 1}
	}
	refused(t, fake.store(), "k", "ours", ledger.IfAbsent())
	wantObject(t, fake.store(), "k", "theirs")
}

func TestS3PutIsRepeatedWhenItRacesWithAnother(t *testing.T) {
	fake := newFakeS3(t)
	fake.fault = func(operation string, n int) fault {
		if operation == "PutObject" && n <= 3 {
			return fault{code: "ConditionalRequestConflict", status: 409}
		}
		return fault{}
	}
	put(t, fake.store(), "k", "1", ledger.IfAbsent())
	want := slices.Repeat([]string{"PutObject"}, 4)
	if diff := cmp.Diff(want, fake.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestS3ManyWritersLoseNothingThoughAnswersGetLost(t *testing.T) {
	fake := newFakeS3(t)
	fake.fault = func(operation string, n int) fault {
		switch {
		case operation == "PutObject" && n%5 == 0:
			return fault{lost: true}
		case operation == "PutObject" && n%7 == 0:
			return fault{code: "ConditionalRequestConflict", status: 409}
		case operation == "GetObject" && n%9 == 0:
			return fault{cut: true}
		}
		return fault{}
	}
	signTogether(t, fake.store(), fake.store())
}

func TestS3ReadsAnObjectAgainWhoseAnswerWasCutShort(t *testing.T) {
	fake := newFakeS3(t)
	version := put(t, fake.store(), "k", strings.Repeat("x", 1<<16), ledger.Condition{})
	fake.fault = nth("GetObject", 1, fault{cut: true})
	if text, at := get(t, fake.store(), "k"); len(text) != 1<<16 || at != version {
		t.Errorf("%d bytes at %s", len(text), at)
	}
}

func TestS3DeniedReadNamesTheRightThatMayBeMissing(t *testing.T) {
	fake := newFakeS3(t)
	fake.fault = nth("GetObject", 1, fault{code: "AccessDenied", status: 403})
	_, _, err := fake.store().Get(t.Context(), "k")
	if err == nil || errors.Is(err, ledger.ErrNotFound) || !strings.Contains(err.Error(), "s3:ListBucket") {
		t.Error(err)
	}
}

func TestS3ConflictThatCannotBeReadIsNotJudged(t *testing.T) {
	fake := newFakeS3(t)
	put(t, fake.store(), "k", "theirs", ledger.Condition{})
	fake.fault = nth("GetObject", 1, fault{code: "AccessDenied", status: 403})
	if _, err := fake.store().Put(t.Context(), "k", []byte("ours"), ledger.IfAbsent()); err == nil ||
		errors.Is(err, ledger.ErrConflict) {
		t.Error(err)
	}
}

func TestS3MissingBucketIsNamedByItsSetting(t *testing.T) {
	fake := newFakeS3(t)
	fake.bucket = "another"
	store, ctx := fake.store(), t.Context()
	_, _, getErr := store.Get(ctx, "k")
	_, putErr := store.Put(ctx, "k", nil, ledger.IfVersion(`"1"`))
	_, listErr := store.List(ctx, "")
	for _, err := range []error{getErr, putErr, listErr, store.Delete(ctx, "k"), store.Delete(ctx, "k", "l")} {
		var missing *ledger.BucketError
		if !errors.As(err, &missing) || missing.Bucket != bucket || !strings.Contains(err.Error(), "STATE_BUCKET") {
			t.Error(err)
		}
	}
}

func TestS3DeletesAThousandObjectsACall(t *testing.T) {
	fake := newFakeS3(t)
	keys := make([]string, 2001)
	for i := range keys {
		keys[i] = fmt.Sprintf("k%04d", i)
		fake.objects[keys[i]] = fakeObject{"1", `"1"`}
	}
	remove(t, fake.store(), keys...)
	wantKeys(t, fake.store(), "")
	if got := fake.count("DeleteObjects"); got != 3 {
		t.Errorf("%d calls, want 3", got)
	}
}

func TestS3DeleteReportsWhatStays(t *testing.T) {
	fake := newFakeS3(t)
	err := fake.store().Delete(t.Context(), "a", locked)
	if err == nil || !strings.Contains(err.Error(), locked) || !strings.Contains(err.Error(), "AccessDenied") {
		t.Error(err)
	}
}

// sent lets no request out, and keeps where it would have gone.
type sent struct{ url string }

func (s *sent) Do(r *http.Request) (*http.Response, error) {
	s.url = r.URL.Scheme + "://" + r.URL.Host + r.URL.Path
	return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
}

func TestS3IsAddressedByPathOnlyAtAnEndpoint(t *testing.T) {
	for _, c := range []struct{ endpoint, want string }{
		{"", "https://state-bucket.s3.eu-west-1.amazonaws.com/a/b"},
		{"http://localhost:5000", "http://localhost:5000/state-bucket/a/b"},
	} {
		client := &sent{}
		cfg := aws.Config{
			Region:      "eu-west-1",
			HTTPClient:  client,
			Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		}
		if c.endpoint != "" {
			cfg.BaseEndpoint = &c.endpoint
		}
		if _, _, err := ledger.NewS3(cfg, bucket).Get(t.Context(), "a/b"); err != nil {
			t.Error(err)
		}
		if client.url != c.want {
			t.Errorf("asked %s, want %s", client.url, c.want)
		}
	}
}
