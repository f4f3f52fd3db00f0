package settings

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"executorpool.dev/executor/api"
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

// TestMaxBodyIsThatOfTheAPI compares the tags of --max-body-mib with the constants of the HTTP API,
// which tags cannot refer to.
func TestMaxBodyIsThatOfTheAPI(t *testing.T) {
	field, ok := reflect.TypeFor[Settings]().FieldByName("MaxBodyMiB")
	if !ok {
		t.Fatal("Settings has no field MaxBodyMiB")
	}
	for tag, want := range map[string]int64{
		"default": api.DefaultMaxBodyBytes,
		"min":     api.MinMaxBodyBytes,
		"max":     api.MaxMaxBodyBytes,
	} {
		if got := parse(field.Type, field.Tag.Get(tag)) << 20; got != want {
			t.Errorf("%s: got %d bytes, want %d", tag, got, want)
		}
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
	if len(changesSum) < 9 {
		t.Errorf("only %s change a sum", changesSum)
	}
}

// TestCheckComparesOnlyPassedSettings requires that no passed setting makes a value of the image
// invalid. Otherwise an executor could start outside of a pool with the variables of its image, and
// exit in a pool.
func TestCheckComparesOnlyPassedSettings(t *testing.T) {
	isPassed := func(tag reflect.StructTag) bool { return tag.Get("pool") == passed }
	for _, name := range comparedWithPassed(isPassed) {
		t.Errorf("Check compares --%s with a setting that is passed: add the tag pool", name)
	}
	// The test finds --max-body-mib if it is not passed and --buffer-mib is.
	got := comparedWithPassed(func(tag reflect.StructTag) bool {
		return isPassed(tag) && tag.Get("name") != "max-body-mib"
	})
	if !slices.Equal(got, []string{"max-body-mib"}) {
		t.Errorf("found %q, want max-body-mib", got)
	}
}

// comparedWithPassed returns the flags of the settings that are not passed and for which Check
// returns an error that depends on a passed setting. All values are a default or an end of a range,
// so that each is valid by itself.
func comparedWithPassed(isPassed func(reflect.StructTag) bool) []string {
	var names []string
	s := Default()
	for tag, value := range s.fields() {
		if Range(tag) == "" || isPassed(tag) {
			continue
		}
		compared := false
		for _, own := range ends(tag, value) {
			value.SetInt(own)
			compared = compared || s.Check() != nil
			for other, given := range s.fields() {
				if Range(other) == "" || !isPassed(other) {
					continue
				}
				before := given.Int()
				for _, end := range ends(other, given) {
					given.SetInt(end)
					compared = compared || s.Check() != nil
				}
				given.SetInt(before)
			}
		}
		if compared {
			names = append(names, tag.Get("name"))
		}
		s = Default()
	}
	return names
}

// ends returns both ends of a range.
func ends(tag reflect.StructTag, value reflect.Value) []int64 {
	return []int64{parse(value.Type(), tag.Get("min")), parse(value.Type(), tag.Get("max"))}
}

func TestArguments(t *testing.T) {
	s := Default()
	s.QueueWait = 1500 * time.Millisecond
	arguments := s.Arguments()
	for _, want := range []string{"--listen=:8000", "--workers=4", "--timeout=60s", "--queue-wait=1.5s", "--max-body-mib=16", "--buffer-mib=256"} {
		if !slices.Contains(arguments, want) {
			t.Errorf("%s are without %s", arguments, want)
		}
	}
	for _, argument := range arguments {
		if strings.HasPrefix(argument, "--log-") {
			t.Errorf("%s is a decision of the image", argument)
		}
	}
}

func TestMemoryOfDefaults(t *testing.T) {
	if got, want := Default().Memory(), (Memory{Scratch: 1408, Runs: 2208, Supervisor: 469, Worker: 90, Total: 6845}); got != want {
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
		"answer waits for memory":                 ReportGrace + HangTime + AnswerTime,
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
