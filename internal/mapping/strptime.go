package mapping

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// strptime reads a date as jq does: the zone is passed over, and says nothing of the hour.
func strptime(v any, args []any) any {
	text, isText := v.(string)
	format, isFormat := args[0].(string)
	if !isText || !isFormat {
		return fmt.Errorf("strptime/1 requires string inputs and arguments, not %s", a(v))
	}
	d := &date{in: text, year: 1900, day: 0, month: 1}
	if !d.read(format) || d.in != "" && !unicode.IsSpace(rune(d.in[0])) {
		return errors.New("the date does not match the format")
	}
	return d.parts()
}

// date is one that is being read; in is what is left of its text.
type date struct {
	in                                     string
	year, month, day, hour, minute, second int
	afternoon, twelve, isUnix              bool
	yearDay                                int
	unix                                   int64
}

var composed = map[byte]string{
	'D': "%m/%d/%y", 'F': "%Y-%m-%d", 'R': "%H:%M", 'T': "%H:%M:%S", 'c': "%a %b %e %H:%M:%S %Y",
	'r': "%I:%M:%S %p", 'x': "%m/%d/%y", 'X': "%H:%M:%S",
}

func (d *date) read(format string) bool {
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case unicode.IsSpace(rune(c)):
			d.space()
		case c != '%':
			if d.in == "" || d.in[0] != c {
				return false
			}
			d.in = d.in[1:]
		case i+1 == len(format):
			return false
		default:
			i++
			if !d.field(format[i]) {
				return false
			}
		}
	}
	return true
}

func (d *date) space() { d.in = strings.TrimLeftFunc(d.in, unicode.IsSpace) }

func (d *date) field(c byte) bool {
	if format, ok := composed[c]; ok {
		return d.read(format)
	}
	switch c {
	case 'Y':
		return d.number(&d.year, 4, 0, 9999)
	case 'm':
		return d.number(&d.month, 2, 1, 12)
	case 'd', 'e':
		return d.number(&d.day, 2, 1, 31)
	case 'H', 'k':
		return d.number(&d.hour, 2, 0, 23)
	case 'I', 'l':
		d.twelve = true
		return d.number(&d.hour, 2, 1, 12)
	case 'M':
		return d.number(&d.minute, 2, 0, 59)
	case 'S':
		return d.number(&d.second, 2, 0, 61)
	case 'j':
		return d.number(&d.yearDay, 3, 1, 366)
	case 'y':
		if !d.number(&d.year, 2, 0, 99) {
			return false
		}
		if d.year += 1900; d.year < 1969 {
			d.year += 100
		}
		return true
	case 's':
		return d.seconds()
	case 'a', 'A':
		return d.name(time.Sunday.String(), 7, nil)
	case 'b', 'B', 'h':
		return d.name(time.January.String(), 12, &d.month)
	case 'p':
		return d.half()
	case 'z':
		return d.offset()
	}
	return d.other(c)
}

func (d *date) other(c byte) bool {
	switch c {
	case 'Z':
		d.space()
		end := strings.IndexFunc(d.in, unicode.IsSpace)
		if end < 0 {
			end = len(d.in)
		}
		d.in = d.in[end:]
		return true
	case 'n', 't':
		d.space()
		return true
	case 'u', 'w':
		var day int
		return d.number(&day, 1, 0, 7)
	case 'U', 'V', 'W':
		var week int
		return d.number(&week, 2, 0, 53)
	case '%':
		rest, found := strings.CutPrefix(d.in, "%")
		d.in = rest
		return found
	}
	return false
}

// number reads one of up to so many digits, as far as it stays within its bounds.
func (d *date) number(into *int, digits, low, high int) bool {
	d.space()
	n, end := 0, 0
	for end < len(d.in) && end < digits && '0' <= d.in[end] && d.in[end] <= '9' && n*10 <= high {
		n = n*10 + int(d.in[end]-'0')
		end++
	}
	if end == 0 || n < low || n > high {
		return false
	}
	*into, d.in = n, d.in[end:]
	return true
}

func (d *date) seconds() bool {
	end := len(d.in) - len(strings.TrimLeft(d.in, "0123456789"))
	n, err := strconv.ParseInt(d.in[:end], 10, 48)
	d.unix, d.isUnix, d.in = n, true, d.in[end:]
	return err == nil
}

// name reads the name of a day or month, or its first three letters. first tells which of the two.
func (d *date) name(first string, count int, number *int) bool {
	for i := range count {
		full := time.Weekday(i).String()
		if first == time.January.String() {
			full = time.Month(i + 1).String()
		}
		for _, name := range []string{full, full[:3]} {
			if len(d.in) < len(name) || !strings.EqualFold(d.in[:len(name)], name) {
				continue
			}
			if d.in = d.in[len(name):]; number != nil {
				*number = i + 1
			}
			return true
		}
	}
	return false
}

func (d *date) half() bool {
	if len(d.in) < 2 || !strings.EqualFold(d.in[1:2], "m") || !strings.ContainsAny(d.in[:1], "aApP") {
		return false
	}
	d.afternoon = strings.EqualFold(d.in[:1], "p")
	d.in = d.in[2:]
	return true
}

func (d *date) offset() bool {
	d.space()
	if rest, zulu := strings.CutPrefix(d.in, "Z"); zulu {
		d.in = rest
		return true
	}
	if d.in == "" || !strings.ContainsAny(d.in[:1], "+-") {
		return false
	}
	digits := 0
	for d.in = d.in[1:]; d.in != "" && digits < 4; d.in = d.in[1:] {
		if digits == 2 && d.in[0] == ':' {
			continue
		}
		if d.in[0] < '0' || d.in[0] > '9' {
			break
		}
		digits++
	}
	return digits == 2 || digits == 4
}

// parts are those of jq's broken-down time: months and days of the year from 0.
func (d *date) parts() any {
	if d.isUnix {
		t := time.Unix(d.unix, 0).UTC()
		return []any{t.Year(), int(t.Month()) - 1, t.Day(), t.Hour(), t.Minute(), t.Second(),
			int(t.Weekday()), t.YearDay() - 1}
	}
	hour := d.hour
	if d.twelve {
		hour %= 12
		if d.afternoon {
			hour += 12
		}
	}
	month, day := d.month, d.day
	if d.yearDay > 0 && d.day == 0 {
		t := time.Date(d.year, 1, d.yearDay, 0, 0, 0, 0, time.UTC)
		month, day = int(t.Month()), t.Day()
	}
	t := time.Date(d.year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	return []any{d.year, month - 1, day, hour, d.minute, d.second, int(t.Weekday()), t.YearDay() - 1}
}
