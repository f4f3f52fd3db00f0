package sandbox

import (
	"reflect"
	"testing"
)

// TestFieldsAreAllLimits fails for a field of Limits that Fields leaves out.
func TestFieldsAreAllLimits(t *testing.T) {
	var l Limits
	fields := l.Fields()
	value := reflect.ValueOf(&l).Elem()
	if len(fields) != value.NumField() {
		t.Fatalf("Fields returns %d limits, want %d", len(fields), value.NumField())
	}
	for i, field := range fields {
		*field = int64(i + 1)
		if got := value.Field(i).Int(); got != int64(i+1) {
			t.Errorf("field %d of Limits is not the field %d of Fields", i, i)
		}
	}
}

// TestSignalOfLimitIsNoLimit sends a program the signal of a limit that the program is far from.
func TestSignalOfLimitIsNoLimit(t *testing.T) {
	s := newSlot(t, Restricted)
	spec := Spec{Path: "/bin/sh", Args: []string{"sh", "-c", "kill -XCPU $$"}, Limits: testLimits()}
	r := mustRun(t, s, spec)
	if r.Exceeded != "" || r.Signal != "SIGXCPU" || r.Cause != "killed by SIGXCPU (sent by the program itself)" {
		t.Errorf("got %+v", r)
	}
}
