package calendar

import (
	"fmt"
	"time"

	"pgregory.net/rapid"
)

// declaration is a contest as an admin writes it. It uses neither Contest nor package time, because
// it is the oracle of these tests.
type declaration struct {
	// Date and time of day at the place of the declaration; offset in minutes east of Greenwich.
	year, month, day, hour, minute, second int
	offset                                 int
	// In seconds.
	length, lead, cool int64
	replicas           int
	paused, cancelled  bool
}

func leapYear(y int) bool { return y%4 == 0 && y%100 != 0 || y%400 == 0 }

func monthLength(y, m int) int {
	if m == 2 && leapYear(y) {
		return 29
	}
	return []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[m-1]
}

// start returns the seconds since 1970 by the rules of the civil calendar.
func (d declaration) start() int64 {
	days := d.day - 1
	for y := 1970; y < d.year; y++ {
		days += 365
		if leapYear(y) {
			days++
		}
	}
	for m := 1; m < d.month; m++ {
		days += monthLength(d.year, m)
	}
	return int64(days)*86400 + int64(d.hour*3600+d.minute*60+d.second-d.offset*60)
}

func (d declaration) from() int64 { return d.start() - d.lead }
func (d declaration) to() int64   { return d.start() + d.length + d.cool }

// holds is the rule of the package in whole seconds.
func (d declaration) holds(unix int64) bool {
	return !d.cancelled && unix >= d.from() && (d.paused || unix <= d.to())
}

func expected(declared []declaration, unix int64) (replicas int) {
	for _, d := range declared {
		if d.holds(unix) {
			replicas += d.replicas
		}
	}
	return replicas
}

// contest converts the declaration as the API server does: through RFC 3339 text.
func (d declaration) contest(name string) Contest {
	sign, offset := '+', d.offset
	if offset < 0 {
		sign, offset = '-', -offset
	}
	text := fmt.Sprintf("%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d",
		d.year, d.month, d.day, d.hour, d.minute, d.second, sign, offset/60, offset%60)
	start, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	second := int64(time.Second)
	c := Contest{Name: name, Start: start, Duration: time.Duration(d.length * second), WarmUp: time.Duration(d.lead * second),
		CoolDown: time.Duration(d.cool * second), Replicas: d.replicas}
	switch {
	case d.cancelled:
		c.State = Cancelled
	case d.paused:
		c.State = Paused
	}
	return c
}

func contestsOf(declared []declaration) []Contest {
	contests := make([]Contest, len(declared))
	for i, d := range declared {
		contests[i] = d.contest(fmt.Sprint(i))
	}
	return contests
}

// drawDeclaration draws from ten years and all offsets. It prefers leap days and the ends of
// months, years and days.
func drawDeclaration(t *rapid.T) declaration {
	d := declaration{
		year:     rapid.IntRange(2026, 2036).Draw(t, "year"),
		month:    rapid.IntRange(1, 12).Draw(t, "month"),
		hour:     rapid.OneOf(rapid.IntRange(0, 23), rapid.SampledFrom([]int{0, 23})).Draw(t, "hour"),
		minute:   rapid.IntRange(0, 59).Draw(t, "minute"),
		second:   rapid.IntRange(0, 59).Draw(t, "second"),
		offset:   rapid.OneOf(rapid.Just(0), rapid.IntRange(-12*60, 14*60), rapid.SampledFrom([]int{-210, 345, 765, 840})).Draw(t, "offset"),
		length:   rapid.OneOf(rapid.Int64Range(1, 36000), rapid.SampledFrom([]int64{86400, 31 * 86400})).Draw(t, "length"),
		lead:     rapid.OneOf(rapid.Int64Range(0, 3600), rapid.SampledFrom([]int64{0, 300, 7 * 86400})).Draw(t, "lead"),
		cool:     rapid.OneOf(rapid.Int64Range(0, 3600), rapid.SampledFrom([]int64{0, 900})).Draw(t, "cool"),
		replicas: rapid.IntRange(1, 50).Draw(t, "replicas"),
	}
	last := monthLength(d.year, d.month)
	d.day = rapid.OneOf(rapid.IntRange(1, last), rapid.SampledFrom([]int{1, last})).Draw(t, "day")
	state := rapid.IntRange(0, 9).Draw(t, "state")
	d.paused, d.cancelled = state == 0, state == 1
	return d
}
