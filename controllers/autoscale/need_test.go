package autoscale

import (
	"math"
	"testing"
	"time"
)

// The numbers are those of the doc comment of need.
func TestNeedWorkedExamples(t *testing.T) {
	two := work{service: 2}
	for name, tc := range map[string]struct {
		waiting, busy float64
		work          work
		fleet         Fleet
		left          time.Duration
		want          int32
	}{
		"nothing":                                  {work: two, fleet: Fleet{SpecReplicas: 3, ReadyReplicas: 3}, want: 0},
		"load of 40 slots takes 42":                {work: work{rate: 20, service: 2, load: 40}, fleet: Fleet{SpecReplicas: 3, ReadyReplicas: 3}, want: 6},
		"load of 38 slots fits in 40":              {work: work{rate: 19, service: 2, load: 38}, fleet: Fleet{SpecReplicas: 3, ReadyReplicas: 3}, want: 5},
		"burst, pods at once":                      {176, 24, two, Fleet{3, 3, 0}, 0, 9},
		"burst, pods in 3 s":                       {176, 24, two, Fleet{3, 3, 3 * time.Second}, 3 * time.Second, 14},
		"burst, pods in 30 s":                      {176, 24, two, Fleet{3, 3, 30 * time.Second}, 30 * time.Second, 0},
		"burst, a second later, 11 pods start":     {164, 24, two, Fleet{14, 3, 3 * time.Second}, 2 * time.Second, 9},
		"a queue within the target":                {45, 24, two, Fleet{3, 3, 0}, 0, 3},
		"10 minutes to start, more than they hold": {40, 24, work{rate: 20, service: 2, load: 40}, Fleet{3, 3, 10 * time.Minute}, 10 * time.Minute, 7},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := normalize(Policy{SlotsPerReplica: 8, TargetWait: 5 * time.Second, Ceiling: 40}, tc.fleet)
			if got := need(tc.waiting, tc.busy, tc.work, tc.fleet, tc.left, p); got.replicas != tc.want {
				t.Errorf("got %+v, want %d", got, tc.want)
			}
		})
	}
}

// erlangC computes Erlang's C by its definition, as a reference for the recursion.
func erlangC(n int, a float64) float64 {
	term, sum := 1.0, 0.0
	for k := range n {
		sum += term
		term *= a / float64(k+1)
	}
	term *= float64(n) / (float64(n) - a)
	return term / (sum + term)
}

func TestKeepUpIsErlangC(t *testing.T) {
	for _, c := range []int32{1, 2, 8} {
		for a := 0.1; a < 60; a *= 1.3 {
			for _, service := range []float64{0.5, 2, 20} {
				n := keepUp(a, service, 5, c, 1000)
				waits := func(replicas int32) float64 {
					slots := int(replicas * c)
					if float64(slots) <= a {
						return 1
					}
					return erlangC(slots, a) * math.Exp(-(float64(slots)-a)*5/service)
				}
				if waits(n) > tailShare || n > 1 && waits(n-1) <= tailShare {
					t.Errorf("a = %.2f, S = %v, c = %d: %d replicas, of which %.3f wait too long; one fewer: %.3f", a, service, c, n, waits(n), waits(n-1))
				}
			}
		}
	}
}
