package access_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
)

// alone hides the machine's own AWS settings.
func alone(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "none")
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIDBASE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": nowhere, "AWS_SHARED_CREDENTIALS_FILE": nowhere, "AWS_PROFILE": "",
		"AWS_REGION": "", "AWS_DEFAULT_REGION": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ENDPOINT_URL": "", "AWS_RETRY_MODE": "", "AWS_MAX_ATTEMPTS": "",
	} {
		t.Setenv(name, value)
	}
}

func TestBaseNeedsARegion(t *testing.T) {
	alone(t)
	_, err := access.LoadBase(t.Context())
	if err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
		t.Errorf("got %v, want an error that names AWS_REGION", err)
	}
}

func TestClientsOfTheBaseShareConnections(t *testing.T) {
	var lock sync.Mutex
	connections := map[string]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		connections[r.RemoteAddr]++
		w.Write([]byte("{}"))
	}))
	defer server.Close()
	alone(t)
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_DEFAULTS_MODE", "standard") // in which each client would have a transport of its own
	cfg, err := access.LoadBase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const clients = 30
	for range clients {
		if _, err := ecs.NewFromConfig(cfg).ListClusters(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	// A connection is free for the next a moment after its answer was read: more than one may be made.
	if len(connections) > clients/2 {
		t.Errorf("%d clients made %d connections", clients, len(connections))
	}
}

func TestTheBaseRetriesOurWayWhateverTheEnvironmentSays(t *testing.T) {
	alone(t)
	t.Setenv("AWS_REGION", "eu-west-1")
	t.Setenv("AWS_RETRY_MODE", "adaptive")
	t.Setenv("AWS_MAX_ATTEMPTS", "2")
	cfg, err := access.LoadBase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := ecs.NewFromConfig(cfg).Options().Retryer
	if _, adaptive := r.(*retry.AdaptiveMode); adaptive || r.MaxAttempts() != 10 {
		t.Errorf("%T with %d attempts, want ten of the standard mode", r, r.MaxAttempts())
	}
}
