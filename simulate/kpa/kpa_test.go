package kpa

import (
	"slices"
	"testing"
	"time"

	"executorpool.dev/simulate/fleet"
)

// "Pods = concurrent requests / (pod maximum concurrency x target utilization)": 100 / (10 x 0.7) = 15.
func TestDesiredDocumentedExample(t *testing.T) {
	k := &KPA{Concurrency: 10}
	if got := k.desired(100, 10); got != 15 {
		t.Errorf("got %d, want 15", got)
	}
}

// max-scale-down-rate 2: from N to no less than N/2 in one look. max-scale-up-rate 1000: from N to no more than 1000 N.
func TestRates(t *testing.T) {
	k := &KPA{Concurrency: 10}
	if got := k.desired(0, 10); got != 5 {
		t.Errorf("down: got %d, want 5", got)
	}
	if got := k.desired(1e6, 2); got != 2000 {
		t.Errorf("up: got %d, want 2000", got)
	}
}

// play gives it a concurrency each 2 s and pods that are ready at once.
func play(k *KPA, ready int, concurrency func(time.Duration) int, length time.Duration) []int {
	var got []int
	for at := time.Duration(0); at < length; at += Period {
		ready = k.Replicas(fleet.View{Now: at, Written: ready, Ready: ready, Busy: concurrency(at)})
		got = append(got, ready)
	}
	return got
}

// The panic window reaches twice the capacity: it scales on 6 s instead of 60 s, never down, and leaves panic mode when
// there was no reason for the stable window.
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

// In stable mode the mean of 60 s counts.
func TestStableMode(t *testing.T) {
	k := &KPA{Concurrency: 10, Min: 1, Max: 100}
	got := play(k, 10, func(now time.Duration) int { return 70 + 21*int(now/(2*time.Minute)) }, 4*time.Minute)
	step := int(2 * time.Minute / Period)
	if got[step-1] != 10 || got[step+14] != 12 || got[len(got)-1] != 13 {
		t.Errorf("before %d, half a minute into a step from 70 to 91 %d, at the end %d; want 10, 12, 13", got[step-1], got[step+14], got[len(got)-1])
	}
}
