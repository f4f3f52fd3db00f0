package settings

import (
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// VariablePrefix begins the name of every variable.
const VariablePrefix = "EXECUTOR"

// passed is the value of the tag pool of a setting that the controllers pass to replicas.
const passed = "passed"

// Default returns the settings of an executor without flags and variables.
func Default() Settings {
	var s Settings
	for tag, value := range s.fields() {
		set(value, tag.Get("default"))
	}
	return s
}

// Check returns an error that names the first setting outside of its range, and the range.
func (s Settings) Check() error {
	for tag, value := range s.fields() {
		name, least, most := tag.Get("name"), tag.Get("min"), tag.Get("max")
		switch {
		case value.Kind() == reflect.String:
			if value.String() == "" {
				return fmt.Errorf("--%s cannot be empty", name)
			}
		case value.Int() < parse(value.Type(), least) || value.Int() > parse(value.Type(), most):
			return fmt.Errorf("--%s is %v: use %s to %s", name, value.Interface(), least, most)
		}
	}
	if s.BufferMiB < s.MaxBodyMiB {
		return fmt.Errorf("--buffer-mib is %d: use %d (--max-body-mib) or more", s.BufferMiB, s.MaxBodyMiB)
	}
	return nil
}

// Arguments returns the flags that the controllers pass to a replica, with their values, in the
// order of the fields. They include the defaults of this version, so that Memory and Drain hold for
// an image with other defaults too, and so that Check compares only values of one Settings.
func (s Settings) Arguments() []string {
	var arguments []string
	for tag, value := range s.fields() {
		if tag.Get("pool") == passed {
			arguments = append(arguments, "--"+tag.Get("name")+"="+format(value))
		}
	}
	return arguments
}

// Range returns the range of a setting from its tags, for example "1 to 256"; "" for a setting
// without a range.
func Range(tag interface{ Get(key string) string }) string {
	if tag.Get("min") == "" {
		return ""
	}
	return tag.Get("min") + " to " + tag.Get("max")
}

// fields iterates over the tags and values of the settings. The values can be set.
func (s *Settings) fields() func(yield func(reflect.StructTag, reflect.Value) bool) {
	return func(yield func(reflect.StructTag, reflect.Value) bool) {
		value := reflect.ValueOf(s).Elem()
		for i := range value.NumField() {
			if !yield(value.Type().Field(i).Tag, value.Field(i)) {
				return
			}
		}
	}
}

var duration = reflect.TypeFor[time.Duration]()

// set stores the value of a tag in a field.
func set(field reflect.Value, text string) {
	if field.Kind() == reflect.String {
		field.SetString(text)
		return
	}
	field.SetInt(parse(field.Type(), text))
}

// parse parses a tag. Tags are constants, and a test reads all of them, so an error is a panic.
func parse(kind reflect.Type, text string) int64 {
	if kind == duration {
		d, err := time.ParseDuration(text)
		if err != nil {
			panic(err)
		}
		return int64(d)
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// format renders a value as a flag parser reads it; a duration is in seconds.
func format(value reflect.Value) string {
	if value.Type() == duration {
		return strconv.FormatFloat(time.Duration(value.Int()).Seconds(), 'f', -1, 64) + "s"
	}
	return fmt.Sprint(value.Interface())
}
