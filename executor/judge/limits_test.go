package judge

import (
	"reflect"
	"testing"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
)

// TestEachLimitOfARequestIsEnforced fails for a limit of requests that has no limit of the sandbox.
func TestEachLimitOfARequestIsEnforced(t *testing.T) {
	var pool sandbox.Limits
	for value, i := reflect.ValueOf(&pool).Elem(), 0; i < value.NumField(); i++ {
		value.Field(i).SetInt(1 << 40)
	}
	if got := effectiveLimits(api.Limits{}, pool); got != pool {
		t.Errorf("without requested limits: %+v, want %+v", got, pool)
	}
	ceilings := Ceilings(pool)
	if again := Ceilings(PoolLimits(ceilings)); again != ceilings {
		t.Errorf("the ceilings %+v became %+v", ceilings, again)
	}
	enforcedBefore := map[sandbox.Limits]string{}
	for i, ceiling := range ceilings.Fields() {
		if *ceiling.Value <= 0 {
			t.Errorf("%s has the ceiling %d", ceiling.Name, *ceiling.Value)
		}
		var requested api.Limits
		*requested.Fields()[i].Value = 1
		lowered := effectiveLimits(requested, pool)
		if other, ok := enforcedBefore[lowered]; ok || lowered == pool {
			t.Errorf("%s lowers no limit of its own: %+v (%s)", ceiling.Name, lowered, other)
		}
		enforcedBefore[lowered] = ceiling.Name
		*requested.Fields()[i].Value = *ceiling.Value + 1
		if got := effectiveLimits(requested, pool); got != pool {
			t.Errorf("%s above its ceiling: %+v, want the pool's %+v", ceiling.Name, got, pool)
		}
	}
}
