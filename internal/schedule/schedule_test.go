package schedule_test

import (
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/schedule"
)

func TestWhenAScheduleIsDueNext(t *testing.T) {
	const at = time.RFC3339
	for _, tt := range []struct {
		expression, zone, after, tick string
		next                          string // "" = not known
		interval                      time.Duration
	}{
		{"rate(6 hours)", "UTC", "2026-11-24T22:10:00Z", "2026-11-24T22:00:00Z", "2026-11-25T04:00:00Z", 6 * time.Hour},
		{"rate(6 hours)", "UTC", "2026-11-25T10:00:00Z", "2026-11-24T22:00:00Z", "2026-11-25T16:00:00Z", 6 * time.Hour},
		{"rate(1 day)", "UTC", "2026-11-24T22:10:00Z", "", "", 24 * time.Hour}, // nobody knows since when it counts
		{"rate(30 minutes)", "UTC", "2026-11-24T22:00:00Z", "2026-11-24T22:30:00Z", "2026-11-24T22:30:00Z", 30 * time.Minute},
		{"cron(0 5,17 * * ? *)", "UTC", "2026-11-24T17:00:00Z", "", "2026-11-25T05:00:00Z", 12 * time.Hour},
		{"cron(0 5 * * ? *)", "Europe/Berlin", "2026-11-24T22:00:00Z", "", "2026-11-25T04:00:00Z", 24 * time.Hour},
		{"cron(0/15 8-9 ? * MON-FRI *)", "UTC", "2026-11-27T09:45:00Z", "", "2026-11-30T08:00:00Z", 15 * time.Minute},
		{"cron(0 10 L * ? *)", "UTC", "2026-11-30T10:00:00Z", "", "2026-12-31T10:00:00Z", 31 * 24 * time.Hour},
		{"cron(0 10 ? * 3#2 *)", "UTC", "2026-11-24T10:00:00Z", "", "2026-12-08T10:00:00Z", 35 * 24 * time.Hour},
		{"cron(0 10 ? * 6L *)", "UTC", "2026-11-24T10:00:00Z", "", "2026-11-27T10:00:00Z", 28 * 24 * time.Hour},
		{"cron(0 0 29 2 ? *)", "UTC", "2026-11-24T10:00:00Z", "", "2028-02-29T00:00:00Z", (4*365 + 1) * 24 * time.Hour},
		{"cron(0 0 1 1 ? 2020)", "UTC", "2026-11-24T10:00:00Z", "", "", 0},
		{"at(2026-12-01T00:00:00)", "UTC", "2026-11-24T10:00:00Z", "", "", 0},
		{"", "", "2026-11-24T10:00:00Z", "", "", 0},
	} {
		s, err := schedule.Parse(tt.expression, tt.zone)
		if err != nil {
			t.Errorf("%s: %v", tt.expression, err)
			continue
		}
		after, _ := time.Parse(at, tt.after)
		tick, _ := time.Parse(at, tt.tick)
		got := ""
		if next := s.Next(after, tick); !next.IsZero() {
			got = next.Format(at)
		}
		if interval := s.Interval(after); got != tt.next || interval != tt.interval {
			t.Errorf("%s in %s after %s: got %q, %s; want %q, %s", tt.expression, tt.zone, tt.after, got, interval, tt.next, tt.interval)
		}
	}
}

func TestWhatIsNoSchedule(t *testing.T) {
	for _, expression := range []string{
		"6 hours", "rate(6)", "rate(0 hours)", "rate(6 weeks)", "rate(6 hours", "cron(0 5 * * ?)", "cron(60 5 * * ? *)",
		"cron(0 5 * XYZ ? *)", "cron(0 5 15W * ? *)",
	} {
		if s, err := schedule.Parse(expression, "UTC"); err == nil {
			t.Errorf("%s: %+v", expression, s)
		}
	}
	if _, err := schedule.Parse("rate(1 day)", "Berlin"); err == nil {
		t.Error("Berlin is no time zone")
	}
}
