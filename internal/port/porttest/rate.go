package porttest

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// window is a fixed-window limit as Port's x-ratelimit headers describe one.
type window struct {
	limit  int
	period time.Duration
	used   int
	ends   time.Time
}

// take admits one more request or refuses it, and says in the headers how much is left.
func (w *window) take(now time.Time, h http.Header) error {
	if !now.Before(w.ends) {
		w.used, w.ends = 0, now.Add(w.period)
	}
	over := w.used >= w.limit
	if !over {
		w.used++
	}
	h.Set("X-Ratelimit-Period", seconds(w.period))
	h.Set("X-Ratelimit-Limit", strconv.Itoa(w.limit))
	h.Set("X-Ratelimit-Remaining", strconv.Itoa(w.limit-w.used))
	h.Set("X-Ratelimit-Reset", strconv.FormatInt(int64(math.Ceil(float64(w.ends.UnixMilli())/1000)), 10))
	if !over {
		return nil
	}
	h.Set("Retry-After", seconds(w.ends.Sub(now)))
	return refuse(429, "rate_limit_exceeded", "over %d requests in %v", w.limit, w.period)
}

// seconds rounds up: a caller that waits so long is never too early.
func seconds(d time.Duration) string { return strconv.Itoa(int(math.Ceil(d.Seconds()))) }
