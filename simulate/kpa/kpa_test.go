package kpa

import (
	"slices"
	"testing"
	"time"

	"executorpool.dev/simulate/fleet"
)

// "Pods = concurrent requests / (pod maximum concurrency x target utilization)": 100 / (10 x 0.7) =
// 15.
func TestDesiredDocumentedExample(t *testing.T) {
	k := &KPA{Concurrency: 10}
	if got := k.desired(100, 10); got != 15 {
		t.Errorf("got %d, want 15", got)
	}
}

// One decision goes from N pods to at least N/2 (max-scale-down-rate 2) and to at most 1000 N
// (max-scale-up-rate 1000).
func TestRates(t *testing.T) {
	k := &KPA{Concurrency: 10}
	if got := k.desired(0, 10); got != 5 {
		t.Errorf("down: got %d, want 5", got)
	}
	if got := k.desired(1e6, 2); got != 2000 {
		t.Errorf("up: got %d, want 2000", got)
	}
}

// play passes a concurrency every 2 s, with pods that are ready at once, and returns the decisions.
func play(k *KPA, ready int, concurrency func(time.Duration) int, length time.Duration) []int {
	var got []int
	for at := time.Duration(0); at < length; at += Period {
		ready = k.Replicas(fleet.View{Now: at, SpecReplicas: ready, Ready: ready, Busy: concurrency(at)})
		got = append(got, ready)
	}
	return got
}

// When the panic window needs twice the ready pods, the mean of 6 s applies instead of that of 60
// s. In panic mode no pod is removed. The mode ends when the threshold was not reached for 60 s.
func TestPanicMode(t *testing.T) {
	k := &KPA{Concurrency: 10, Min: 1, Max: 100}
	at := func(now time.Duration) int {
		if now >= 2*time.Minute && now < 2*time.Minute+10*time.Second {
			return 70
		}
		return 7
	}
	got := play(k, 1, at, 5*time.Minute)
	spike := int(2 * time.Minute / Period)
	if got[spike-1] != 1 || got[spike+2] != 10 {
		t.Errorf("before the spike %d and 6 s into it %d pods, want 1 and 10", got[spike-1], got[spike+2])
	}
	calm := spike + int(60*time.Second/Period)
	if slices.Min(got[spike+2:calm]) != 10 {
		t.Errorf("scaled down while in panic: %v", got[spike:calm])
	}
	if last := got[len(got)-1]; last != 1 {
		t.Errorf("%d pods at the end, want 1", last)
	}
}

// In stable mode the mean of 60 s applies.
func TestStableMode(t *testing.T) {
	k := &KPA{Concurrency: 10, Min: 1, Max: 100}
	got := play(k, 10, func(now time.Duration) int { return 70 + 21*int(now/(2*time.Minute)) }, 4*time.Minute)
	step := int(2 * time.Minute / Period)
	if got[step-1] != 10 || got[step+14] != 12 || got[len(got)-1] != 13 {
		t.Errorf("before %d, half a minute into a step from 70 to 91 %d, at the end %d; want 10, 12, 13", got[step-1], got[step+14], got[len(got)-1])
	}
}
