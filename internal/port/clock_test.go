package port_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

func TestNowIsPortsClock(t *testing.T) {
	tests := []time.Duration{0, 3 * time.Hour, -90 * time.Second, 700 * time.Millisecond}
	for _, ahead := range tests {
		t.Run(ahead.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answers: []answer{func(w http.ResponseWriter, r *http.Request) {
					time.Sleep(40 * time.Millisecond)
					date := time.Now().Add(ahead).UTC().Format(http.TimeFormat)
					reply(200, organization, "Date", date)(w, r)
				}}}
				f.login = func(w http.ResponseWriter, r *http.Request) {
					reply(200, `{"accessToken":"t","expiresIn":9}`, "Date", "")(w, r)
				}
				c := connect(t, f, port.Config{})
				if got := c.Now(); !got.Equal(time.Now()) {
					t.Errorf("before the first answer: %s", got)
				}
				off := func() time.Duration { return c.Now().Sub(time.Now().Add(ahead)).Abs() }
				for i := range 20 {
					if _, err := c.Organization(t.Context()); err != nil {
						t.Fatal(err)
					}
					if off() > 540*time.Millisecond {
						t.Errorf("off by %s after answer %d", off(), i)
					}
					time.Sleep(330 * time.Millisecond)
				}
				if off() > 100*time.Millisecond {
					t.Errorf("off by %s after many answers", off())
				}
				ahead += time.Hour // somebody sets a clock
				if _, err := c.Organization(t.Context()); err != nil || off() > 540*time.Millisecond {
					t.Errorf("off by %s after a clock was set (%v)", off(), err)
				}
			})
		})
	}
}
