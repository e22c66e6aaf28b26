package schedule

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// cron is the six fields of a cron expression of AWS: minutes, hours, day of month, month, day of week (1 is
// Sunday), year.
type cron struct {
	minutes, hours, days, months, weekdays, years set
	lastDay                                       bool  // L as day of month
	nth                                           []nth // 6#2 or 6L as day of week
}

// set is the values of a field; nil is all of them.
type set map[int]bool

func (s set) has(n int) bool { return s == nil || s[n] }

// nth is the nth weekday of a month; 0 is the last one.
type nth struct {
	weekday time.Weekday
	n       int
}

var (
	monthNames = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

func parseCron(text string) (*cron, error) {
	fields := strings.Fields(strings.ToUpper(text))
	if len(fields) != 6 {
		return nil, fmt.Errorf("%d fields, not six", len(fields))
	}
	c := &cron{}
	var err error
	read := func(field string, low, high int, names []string) (s set) {
		if err == nil {
			s, err = values(field, low, high, names)
		}
		return s
	}
	if fields[2] == "L" {
		c.lastDay, fields[2] = true, "*"
	}
	fields[4] = c.special(fields[4])
	c.minutes = read(fields[0], 0, 59, nil)
	c.hours = read(fields[1], 0, 23, nil)
	c.days = read(fields[2], 1, 31, nil)
	c.months = read(fields[3], 1, 12, monthNames)
	c.weekdays = read(fields[4], 1, 7, dayNames)
	c.years = read(fields[5], 1970, 2199, nil)
	return c, err
}

// special takes the days of the week of one form out of their field.
func (c *cron) special(field string) string {
	day, n, ok := strings.Cut(field, "#")
	if strings.HasSuffix(field, "L") {
		day, n, ok = strings.TrimSuffix(field, "L"), "0", true
		if day == "" {
			day = "7"
		}
	}
	at, err := value(day, dayNames)
	count, err2 := strconv.Atoi(n)
	if !ok || err != nil || err2 != nil {
		return field
	}
	c.nth = append(c.nth, nth{time.Weekday(at - 1), count})
	return "*"
}

func values(field string, low, high int, names []string) (set, error) {
	if field == "*" || field == "?" {
		return nil, nil
	}
	s := set{}
	for part := range strings.SplitSeq(field, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		var err error
		if stepped {
			step, err = strconv.Atoi(stepText)
		}
		from, to, ranged := strings.Cut(span, "-")
		first, last := low, high
		if span != "*" && err == nil {
			if first, err = value(from, names); err == nil && ranged {
				last, err = value(to, names)
			} else if !stepped {
				last = first
			}
		}
		if err != nil || step < 1 || first < low || last > high {
			return nil, fmt.Errorf("%q is not from %d to %d", part, low, high)
		}
		for n := first; n <= last; n += step {
			s[n] = true
		}
	}
	return s, nil
}

func value(text string, names []string) (int, error) {
	for i, name := range names {
		if name == text {
			return i + 1, nil
		}
	}
	return strconv.Atoi(text)
}

// next looks through the days of the next years; a leap day is at most eight away.
func (c *cron) next(after time.Time) time.Time {
	after = after.Truncate(time.Minute)
	year, month, date := after.Date()
	for i := range 8*366 + 1 {
		day := time.Date(year, month, date+i, 0, 0, 0, 0, after.Location())
		if !c.on(day) {
			continue
		}
		for hour := range 24 {
			for minute := range 60 {
				if !c.hours.has(hour) || !c.minutes.has(minute) {
					continue
				}
				t := time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, after.Location())
				if t.After(after) {
					return t
				}
			}
		}
	}
	return time.Time{}
}

func (c *cron) on(day time.Time) bool {
	if !c.years.has(day.Year()) || !c.months.has(int(day.Month())) || !c.days.has(day.Day()) ||
		!c.weekdays.has(int(day.Weekday())+1) {
		return false
	}
	last := day.AddDate(0, 0, 7).Month() != day.Month()
	for _, n := range c.nth {
		if day.Weekday() != n.weekday || n.n == 0 && !last || n.n > 0 && (day.Day()-1)/7+1 != n.n {
			return false
		}
	}
	return !c.lastDay || day.AddDate(0, 0, 1).Day() == 1
}
