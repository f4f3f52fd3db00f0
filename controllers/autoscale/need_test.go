package autoscale

import (
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
		"pods start in 10 minutes, sustained load": {40, 24, work{rate: 20, service: 2, load: 40}, Fleet{3, 3, 10 * time.Minute}, 10 * time.Minute, 7},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := normalize(Policy{SlotsPerReplica: 8, TargetWait: 5 * time.Second, Ceiling: 40}, tc.fleet)
			if got := need(tc.waiting, tc.busy, tc.work, tc.fleet, tc.left, p); got.replicas != tc.want {
				t.Errorf("got %+v, want %d", got, tc.want)
			}
		})
	}
}
