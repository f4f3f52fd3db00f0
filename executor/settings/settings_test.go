package settings

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTagsAreComplete(t *testing.T) {
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	seen := map[string]bool{}
	s := Default()
	for tag, value := range s.fields() {
		flag := tag.Get("name")
		switch {
		case !name.MatchString(flag) || seen[flag]:
			t.Errorf("%q is not a flag, or is the flag of two settings", flag)
		case tag.Get("help") == "" || tag.Get("default") == "":
			t.Errorf("--%s has no help or no default", flag)
		case (value.Kind() == reflect.String) != (Range(tag) == ""):
			t.Errorf("--%s: a number has a range and a string has none, got %q", flag, Range(tag))
		case strings.Contains(tag.Get("help"), tag.Get("max")+".") && Range(tag) != "":
			t.Errorf("--%s: its help repeats the range", flag)
		case tag.Get("pool") != "" && tag.Get("pool") != passed:
			t.Errorf("--%s: the tag pool is %q, want %q or none", flag, tag.Get("pool"), passed)
		}
		seen[flag] = true
	}
	if err := s.Check(); err != nil {
		t.Errorf("the defaults are not valid: %v", err)
	}
}

// TestCheckUsesRanges sets every number to both ends of its range, and beyond them.
func TestCheckUsesRanges(t *testing.T) {
	s := Default()
	s.MaxBodyMiB, s.BufferMiB = 1, 64<<10 // compatible with every value of the other
	for tag, value := range s.fields() {
		if Range(tag) == "" {
			continue
		}
		before := value.Int()
		for _, tc := range []struct {
			value int64
			valid bool
		}{
			{parse(value.Type(), tag.Get("min")) - 1, false}, {parse(value.Type(), tag.Get("min")), true},
			{parse(value.Type(), tag.Get("max")), true}, {parse(value.Type(), tag.Get("max")) + 1, false},
		} {
			value.SetInt(tc.value)
			if err := s.Check(); (err == nil) != tc.valid {
				t.Errorf("--%s=%s: %v", tag.Get("name"), format(value), err)
			}
		}
		value.SetInt(before)
	}
}

func TestCheckComparesBufferWithBody(t *testing.T) {
	s := Default()
	s.BufferMiB, s.MaxBodyMiB = 32, 64
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "--buffer-mib is 32: use 64") {
		t.Errorf("got %v", err)
	}
}

func TestVariable(t *testing.T) {
	if got := Variable("queue-wait"); got != "EXECUTOR_QUEUE_WAIT" {
		t.Errorf("got %s", got)
	}
}

// TestSumsUsePassedSettings changes each setting. One that changes a sum must be a flag that the
// controllers pass, or the executor would use another value than the controllers.
func TestSumsUsePassedSettings(t *testing.T) {
	s := Default()
	before, arguments := s, s.Arguments()
	var changesSum []string
	for tag, value := range s.fields() {
		if value.Kind() == reflect.String {
			continue
		}
		value.SetInt(2 * max(value.Int(), 1024))
		if s.Memory() != before.Memory() || s.Drain() != before.Drain() {
			changesSum = append(changesSum, tag.Get("name"))
			if slices.Equal(arguments, s.Arguments()) {
				t.Errorf("--%s changes Memory or Drain, and Arguments does not contain it: add the tag pool", tag.Get("name"))
			}
		}
		s = before
	}
	if want := "workers threads timeout queue-wait memory-mib disk-mib drain-delay buffer-mib cache-mib"; strings.Join(changesSum, " ") != want {
		t.Errorf("the sums use %s, want %s", changesSum, want)
	}
}

func TestArgumentsOfDefaults(t *testing.T) {
	want := `--listen=:8000 --workers=4 --threads=2 --timeout=60s --queue-capacity=128 --queue-wait=30s --cpu-millis=10000 ` +
		`--memory-mib=256 --output-kib=64 --processes=64 --disk-mib=64 --recycle-after=10000 --minimum-tier=RestrictedLegacy ` +
		`--drain-delay=5s --scratch=/scratch --buffer-mib=256 --cache-mib=64`
	if got := strings.Join(Default().Arguments(), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMemoryOfDefaults(t *testing.T) {
	if got, want := Default().Memory(), (Memory{Scratch: 640, Runs: 2208, Total: 5152}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDrainOfDefaults(t *testing.T) {
	d := Default().Drain()
	if d.PreStopSeconds() != 2 || d.GracePeriodSeconds() != 145 {
		t.Errorf("preStop %d s, grace period %d s: %+v", d.PreStopSeconds(), d.GracePeriodSeconds(), d)
	}
}

// TestDrainCoversEveryWay compares the budget with each way in which a drain can take long.
func TestDrainCoversEveryWay(t *testing.T) {
	d := Settings{}.Drain()
	for name, took := range map[string]time.Duration{
		"slot reports late, worker does not exit": ReportGrace + HangTime + ExitTime + OrphanTime,
		"worker sends nothing":                    Silence + OrphanTime,
	} {
		if took > d.Hang {
			t.Errorf("%s: %s, and the budget has %s", name, took, d.Hang)
		}
	}
	if AbortTime+AbortWriteTime > d.Write {
		t.Errorf("a drain whose budget is used up ends %s later, and the budget has %s", AbortTime+AbortWriteTime, d.Write)
	}
}
