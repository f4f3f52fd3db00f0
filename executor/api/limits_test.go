package api

import (
	"reflect"
	"strings"
	"testing"
)

// TestFieldsAreAllLimits fails for a field of Limits that Fields leaves out.
func TestFieldsAreAllLimits(t *testing.T) {
	var l Limits
	value := reflect.ValueOf(&l).Elem()
	fields := l.Fields()
	if len(fields) != value.NumField() {
		t.Fatalf("Fields returns %d limits, want %d", len(fields), value.NumField())
	}
	for i, field := range fields {
		name, _, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		if field.Name != name || field.Value != value.Field(i).Addr().Interface() {
			t.Errorf("limit %d is %s, want %s", i, field.Name, name)
		}
	}
}

func TestEachLimitHasItsCeiling(t *testing.T) {
	ceilings := Limits{}
	for i, field := range ceilings.Fields() {
		*field.Value = int64(10 * (i + 1))
	}
	for i, field := range ceilings.Fields() {
		var asked Limits
		limit := asked.Fields()[i].Value
		*limit = *field.Value
		if problem := asked.validate(ceilings); problem != nil || asked != ceilings {
			t.Errorf("%s at its ceiling: problem %+v, limits %+v", field.Name, problem, asked)
		}
		for _, value := range []int64{-1, *field.Value + 1} {
			*limit = value
			if problem := asked.validate(ceilings); problem == nil || problem.Field != "limits."+field.Name {
				t.Errorf("%s is %d: problem %+v, want one with that field", field.Name, value, problem)
			}
		}
	}
}
