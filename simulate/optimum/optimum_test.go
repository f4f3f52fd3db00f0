package optimum

import (
	"math"
	"testing"
	"time"

	"executorpool.dev/simulate/trace"
)

// burst returns n submissions that arrive at one time.
func burst(n int, at, service time.Duration) []trace.Submission {
	out := make([]trace.Submission, n)
	for i := range out {
		out[i] = trace.Submission{At: at, Service: service}
	}
	return out
}

// The expected bounds were computed by hand.
func TestBounds(t *testing.T) {
	base := trace.Trace{Length: time.Hour, PodStart: 3 * time.Second, Floor: 3, Ceiling: 40, Slots: 8, Target: 5 * time.Second}
	for name, tc := range map[string]struct {
		submissions []trace.Submission
		free, held  float64
	}{
		"nothing": {nil, 3 * 3600, 3 * 3600},
		// 24 slots do the 96 slot-seconds in 4 of 5 + 2 s.
		"the floor is enough": {burst(48, 600*time.Second, 2*time.Second), 3 * 3600, 3 * 3600},
		// Free: of 400 slot-seconds, 24 slots do 7 x 24 = 168 within 5 s + 2 s. The other 232 are
		// bought: 29 replica-seconds.
		// Held: in the interval of 1 s, 400 <= (1 + 5) n + 2 n, so n = 50 and 7 replicas, from
		// 1 + 5 - 3 = 3 s after the burst to 300 s after it: 4 x 297 above the floor. The interval may
		// also begin up to 0.875 s earlier.
		"burst": {burst(200, 600*time.Second, 2*time.Second), 3*3600 + 29, 3*3600 + 4*297},
		// Two bursts within one window hold the same replicas.
		"two bursts": {append(burst(200, 600*time.Second, 2*time.Second), burst(200, 700*time.Second, 2*time.Second)...), 3*3600 + 58, 3*3600 + 4*397},
	} {
		t.Run(name, func(t *testing.T) {
			base.Submissions = tc.submissions
			if got := Free(base); math.Abs(got-tc.free) > 1 {
				t.Errorf("free: got %.1f, want %.1f", got, tc.free)
			}
			if got := Held(base, 5*time.Minute); math.Abs(got-tc.held) > 4 {
				t.Errorf("held: got %.1f, want %.1f", got, tc.held)
			}
		})
	}
}

func TestSlots(t *testing.T) {
	base := trace.Trace{Floor: 1, Slots: 1, Target: 4 * time.Second}
	for name, tc := range map[string]struct {
		submissions []trace.Submission
		want        int
	}{
		// In 1 s + 4 s one slot does two submissions of 2 s and begins a third.
		"three fit on one slot":       {burst(3, 0, 2*time.Second), 0},
		"six need two slots":          {burst(6, 0, 2*time.Second), 2},
		"long ones run alone":         {burst(3, 0, time.Minute), 3},
		"later arrivals do not count": {append(burst(3, 0, 2*time.Second), burst(90, time.Second, 2*time.Second)...), 0},
	} {
		t.Run(name, func(t *testing.T) {
			base.Submissions = tc.submissions
			if got := slots(base, 0, time.Second); got > base.Floor && got != tc.want || got <= base.Floor && tc.want > base.Floor {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
