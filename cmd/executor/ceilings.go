package main

import (
	"reflect"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/judge"
	"executorpool.dev/executor/sandbox"
)

// poolLimits returns the ceilings of the limits of a run. Each setting with the name of a field of
// api.Limits is the ceiling of that limit. The ceiling of the wall time is the timeout of a
// submission, and that of the disk is diskMiB.
func poolLimits(settings any, timeout time.Duration, diskMiB int64) sandbox.Limits {
	var ceilings api.Limits
	from, to := reflect.ValueOf(settings), reflect.ValueOf(&ceilings).Elem()
	for i := range to.NumField() {
		if setting := from.FieldByName(to.Type().Field(i).Name); setting.IsValid() {
			to.Field(i).Set(setting)
		}
	}
	limits := judge.PoolLimits(ceilings)
	limits.Wall, limits.Disk = timeout, diskMiB<<20
	return limits
}
