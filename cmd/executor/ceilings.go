package main

import (
	"reflect"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/judge"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/settings"
)

// poolLimits returns the ceilings of the limits of a run. Each setting with the name of a field of
// api.Limits is the ceiling of that limit. The ceiling of the wall time is the timeout of a
// submission. A request cannot ask for a limit of the disk.
func poolLimits(s settings.Settings) sandbox.Limits {
	var ceilings api.Limits
	from, to := reflect.ValueOf(s), reflect.ValueOf(&ceilings).Elem()
	for i := range to.NumField() {
		if setting := from.FieldByName(to.Type().Field(i).Name); setting.IsValid() {
			to.Field(i).Set(setting)
		}
	}
	limits := judge.PoolLimits(ceilings)
	limits.Wall, limits.Disk = s.Timeout, s.DiskMiB<<20
	return limits
}
