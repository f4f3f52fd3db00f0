package attacks

import (
	"testing"

	"executorpool.dev/executor/api"
)

func TestSlownessIsAtLeastOne(t *testing.T) {
	for text, want := range map[string]int{"": 1, "1": 1, "20": 20, "0": 0, "-3": 0, "2.5": 0, "fast": 0} {
		t.Run(text, func(t *testing.T) {
			defer func() {
				if refused := recover() != nil; refused != (want == 0) {
					t.Errorf("refused: %v, want %v", refused, want == 0)
				}
			}()
			if got := readSlowness(text); got != want {
				t.Errorf("got %d, want %d", got, want)
			}
		})
	}
}

func TestSlownessKeepsTheLimitThatAnAttackMustReach(t *testing.T) {
	for cause, want := range map[string]api.Limits{
		"cpu limit":    {CPUMillis: 300, WallMillis: 8000 * 5, MemoryMiB: 48},
		"wall limit":   {CPUMillis: 300 * 5, WallMillis: 8000, MemoryMiB: 48},
		"memory limit": {CPUMillis: 300 * 5, WallMillis: 8000 * 5, MemoryMiB: 48},
		"":             {CPUMillis: 300 * 5, WallMillis: 8000 * 5, MemoryMiB: 48},
	} {
		attack := Attack{Cause: cause, Request: api.Request{Limits: api.Limits{CPUMillis: 300, WallMillis: 8000, MemoryMiB: 48}}}
		if got := attack.slowed(5).Limits; got != want {
			t.Errorf("%q: got %+v, want %+v", cause, got, want)
		}
	}
}
