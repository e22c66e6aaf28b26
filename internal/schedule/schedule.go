// Package schedule knows when an expression of EventBridge Scheduler is due.
// https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // Lambda's operating system has no time zones
)

// Schedule is a schedule; nil is none, which is never due.
type Schedule struct {
	every time.Duration // of a rate; 0: cron has the times
	cron  *cron
	zone  *time.Location
}

// Parse reads an expression, rate(6 hours) or cron(0 5,17 * * ? *), and the time zone in which a cron counts.
// An empty expression is nil, and so is at(…), which says nothing about the next time.
func Parse(expression, zone string) (*Schedule, error) {
	if expression == "" {
		return nil, nil
	}
	location, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("%q is not a time zone such as Europe/Berlin", zone)
	}
	form, inner, ok := strings.Cut(strings.TrimSuffix(expression, ")"), "(")
	if !ok || !strings.HasSuffix(expression, ")") {
		form = ""
	}
	s := &Schedule{zone: location}
	switch form {
	case "at":
		return nil, nil
	case "rate":
		s.every, err = rate(inner)
	case "cron":
		s.cron, err = parseCron(inner)
	default:
		err = fmt.Errorf("neither rate(…) nor cron(…)")
	}
	if err != nil {
		return nil, fmt.Errorf("%q: %w", expression, err)
	}
	return s, nil
}

func rate(text string) (time.Duration, error) {
	number, unit, _ := strings.Cut(strings.TrimSpace(text), " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a number from 1", number)
	}
	switch strings.TrimSuffix(unit, "s") {
	case "minute":
		return time.Duration(n) * time.Minute, nil
	case "hour":
		return time.Duration(n) * time.Hour, nil
	case "day":
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return 0, fmt.Errorf("%q is none of minutes, hours, days", unit)
}

// Next is the first time after one that the schedule is due, or the zero time if that is not known. A rate
// counts from its last tick, which is the zero time if there was none.
func (s *Schedule) Next(after, tick time.Time) time.Time {
	switch {
	case s == nil:
		return time.Time{}
	case s.cron != nil:
		return s.cron.next(after.In(s.zone)).UTC()
	case tick.IsZero():
		return time.Time{}
	case after.Before(tick):
		return tick
	}
	return tick.Add(after.Sub(tick).Truncate(s.every) + s.every)
}

// Interval is the time between two ticks, for a cron between the next two; zero if that is not known.
func (s *Schedule) Interval(after time.Time) time.Duration {
	switch {
	case s == nil:
		return 0
	case s.cron == nil:
		return s.every
	}
	first := s.Next(after, time.Time{})
	second := s.Next(first, time.Time{})
	if first.IsZero() || second.IsZero() {
		return 0
	}
	return second.Sub(first)
}
