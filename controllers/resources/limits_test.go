package resources

import (
	"reflect"
	"strings"
	"testing"

	"executorpool.dev/api/v1alpha1"
	executor "executorpool.dev/executor/api"
)

// TestEachLimitOfARequestHasACeilingInThePool fails for a limit of requests that spec.limits lacks.
func TestEachLimitOfARequestHasACeilingInThePool(t *testing.T) {
	fields := map[string]bool{"wallMillis": true} // its ceiling is spec.timeoutSeconds
	ceilings := reflect.TypeFor[v1alpha1.RunLimits]()
	for i := range ceilings.NumField() {
		name, _, _ := strings.Cut(ceilings.Field(i).Tag.Get("json"), ",")
		fields[name] = true
	}
	for _, limit := range new(executor.Limits).Fields() {
		if !fields[limit.Name] {
			t.Errorf("v1alpha1.RunLimits has no field %s", limit.Name)
		}
	}
}
