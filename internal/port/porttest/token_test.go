package porttest_test

import (
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestTokens(t *testing.T) {
	w := listen(t, porttest.Options{TokenLife: time.Hour, Credentials: map[string]string{
		porttest.ClientID: porttest.ClientSecret, "other": "secret",
	}})
	ask := func(body string) (int, map[string]any) { return w.do("POST", "/v1/auth/access_token", body) }
	const good = `{"clientId":"porttest-client","clientSecret":"porttest-secret"}`
	first := w.token

	w.clock = w.clock.Add(59 * time.Minute)
	_, again := ask(good) // with a live Authorization header, which is no harm
	if "Bearer "+again["accessToken"].(string) != first || again["expiresIn"] != 3600.0 ||
		again["tokenType"] != "Bearer" {
		t.Errorf("asking again: %v, want the same token with its nominal life", again)
	}
	_, other := ask(`{"clientId":"other","clientSecret":"secret"}`)
	if "Bearer "+other["accessToken"].(string) == first {
		t.Error("two clients share a token")
	}

	w.clock = w.clock.Add(time.Minute)
	if status, _ := w.do("GET", "/v1/organization", ""); status != 401 {
		t.Errorf("expired token: %d", status)
	}
	w.clean()
	if status, _ := ask(good); status != 401 {
		t.Errorf("token route with a stale Authorization header: %d", status)
	}
	w.login()
	if w.token == first {
		t.Error("an expired token was given again")
	}
	w.must("GET", "/v1/organization", "")

	w.srv.RevokeTokens()
	if status, _ := w.do("GET", "/v1/organization", ""); status != 401 {
		t.Errorf("revoked token: %d", status)
	}
	w.login()
	w.must("GET", "/v1/organization", "")

	w.token = ""
	for body, want := range map[string]int{
		`{"clientId":"porttest-client","clientSecret":"secret"}`: 401,
		`{"clientId":"nobody","clientSecret":""}`:                422,
		`{"clientId":"nobody","clientSecret":"x"}`:               401,
		`{}`: 422,
	} {
		if status, _ := ask(body); status != want {
			t.Errorf("%s: %d, want %d", body, status, want)
		}
	}
}
