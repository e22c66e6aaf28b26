package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// schedule is a schedule as it is deployed.
type schedule struct {
	Name, ScheduleExpression, State string
	Target                          struct {
		Arn, RoleArn, Input string
	}
}

// scheduledTime is what EventBridge replaces in a schedule's input.
const scheduledTime = "<aws.scheduler.scheduled-time>"

// schedules are those of the hub.
func (l *Lab) schedules(ctx context.Context) ([]schedule, error) {
	var listed struct{ Schedules []struct{ Name string } }
	if err := l.desk.get(ctx, "scheduler", "/schedules", &listed); err != nil {
		return nil, err
	}
	all := make([]schedule, len(listed.Schedules))
	for i, s := range listed.Schedules {
		if err := l.desk.get(ctx, "scheduler", "/schedules/"+url.PathEscape(s.Name), &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Tick lets the stack's schedule come due at a time, whatever its expression says: its function is called
// asynchronously with the schedule's input. Two ticks of one time are one that is delivered twice.
func (l *Lab) Tick(ctx context.Context, at time.Time) error {
	return l.due(ctx, at, true)
}

// Poll lets the schedule come due that asks Port for requests to resync.
func (l *Lab) Poll(ctx context.Context) error { return l.due(ctx, time.Now(), false) }

// due delivers the one schedule that tells its time, or the one that does not.
func (l *Lab) due(ctx context.Context, at time.Time, tells bool) error {
	all, err := l.schedules(ctx)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(s schedule) bool { return strings.Contains(s.Target.Input, scheduledTime) != tells })
	if len(all) != 1 {
		return fmt.Errorf("there are %d such schedules, not one", len(all))
	}
	return l.deliver(ctx, all[0], at)
}

func (l *Lab) deliver(ctx context.Context, s schedule, at time.Time) error {
	if _, err := l.desk.assume(ctx, "scheduler.amazonaws.com", s.Target.RoleArn, "schedule"); err != nil {
		return fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	input := strings.ReplaceAll(s.Target.Input, scheduledTime, at.UTC().Format(time.RFC3339))
	return l.InvokeAsync(ctx, s.Target.Arn, json.RawMessage(input))
}

// Clock lets schedules come due by themselves, so many times as fast as their rate says, until stop or the
// end of ctx. It tells of what goes wrong.
func (l *Lab) Clock(ctx context.Context, speed float64) (stop func()) {
	ctx, stop = context.WithCancel(ctx)
	go func() {
		due := map[string]time.Time{}
		for {
			if err := l.comeDue(ctx, due, speed); err != nil && ctx.Err() == nil {
				l.tell("schedule: " + err.Error())
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
				return
			}
		}
	}()
	return stop
}

func (l *Lab) comeDue(ctx context.Context, due map[string]time.Time, speed float64) error {
	all, err := l.schedules(ctx)
	if err != nil {
		return err
	}
	for _, s := range all {
		every, err := s.period()
		switch {
		case err != nil:
			return err
		case s.State != "ENABLED":
			continue
		case due[s.Name].IsZero():
			due[s.Name] = time.Now()
		}
		every = time.Duration(float64(every) / speed)
		if now := time.Now(); now.Sub(due[s.Name]) >= every {
			due[s.Name] = now
			if err := l.deliver(ctx, s, now); err != nil {
				return err
			}
		}
	}
	return nil
}

var rate = regexp.MustCompile(`^rate\((\d+) (minute|hour|day)s?\)$`)

func (s schedule) period() (time.Duration, error) {
	m := rate.FindStringSubmatch(s.ScheduleExpression)
	if m == nil {
		return 0, fmt.Errorf("%s is %s: the clock knows rate(…) only", s.Name, s.ScheduleExpression)
	}
	n, err := strconv.Atoi(m[1])
	unit := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[m[2]]
	return time.Duration(n) * unit, err
}
