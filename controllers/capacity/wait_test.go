package capacity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// services are the distributions that the predictions are compared on, with a mean of two seconds.
var services = []struct {
	name string
	scv  float64
	draw func(*rand.Rand) float64
	// steady is the number of submissions that gives the p95 of the steady state to a few percent.
	steady int
}{
	{"deterministic", 0, deterministic(2), 1_000_000},
	{"exponential", 1, exponential(2), 1_000_000},
	{"heavy-tailed", 4, lognormal(2, 4), 6_000_000},
}

// within is the largest relative difference between a prediction and the simulation.
const within = 0.15

func TestBurstWaitMatchesSimulation(t *testing.T) {
	for _, service := range services {
		for _, shared := range []bool{true, false} {
			for _, tc := range []struct{ submissions, replicas, slots int }{
				{200, 10, 8}, {200, 3, 8}, {1000, 10, 8}, {1000, 30, 8}, {50, 1, 4}, {5000, 40, 16}, {100, 10, 1}, {40, 4, 8},
			} {
				t.Run(fmt.Sprintf("%s/shared=%v/%d on %dx%d", service.name, shared, tc.submissions, tc.replicas, tc.slots), func(t *testing.T) {
					p := Pool{Slots: tc.slots, Shared: shared}
					l := Load{Participants: tc.submissions, BurstPercent: 100, Service: Service{Mean: 2 * time.Second, SCV: service.scv}}
					want := p95(simulated(p, tc.replicas, service.draw, 7).burst(tc.submissions, 200_000/tc.submissions))
					compare(t, BurstWait(l, p, tc.replicas), want)
				})
			}
		}
	}
}

func TestSteadyWaitMatchesSimulation(t *testing.T) {
	for _, service := range services {
		for _, tc := range []struct {
			replicas, slots int
			shared          bool
			utilization     float64
		}{
			{10, 8, true, 0.95}, {4, 4, true, 0.85}, {1, 8, true, 0.8}, {10, 8, false, 0.9}, {4, 4, false, 0.85},
		} {
			t.Run(fmt.Sprintf("%s/shared=%v/%dx%d at %v", service.name, tc.shared, tc.replicas, tc.slots, tc.utilization), func(t *testing.T) {
				p := Pool{Slots: tc.slots, Shared: tc.shared}
				l := Load{SubmissionsPerHour: 1, Service: Service{Mean: 2 * time.Second, SCV: service.scv}}
				l.Participants = int(tc.utilization * float64(tc.replicas*tc.slots) / 2 * 3600)
				got, ok := steadyWait(l, p, tc.replicas)
				if !ok {
					t.Fatal("no steady wait")
				}
				compare(t, got, p95(simulated(p, tc.replicas, service.draw, 7).steady(l.rate(), service.steady)))
			})
		}
	}
}

// steadyWait returns the 95th percentile of the queue wait in the steady state. ok is false if the
// offered load is not below the number of slots, so that the queue grows without bound.
func steadyWait(l Load, p Pool, replicas int) (wait time.Duration, ok bool) {
	queues, slots := p.groups(replicas)
	busy := l.offered() / float64(queues)
	if busy >= float64(slots) {
		return 0, false
	}
	if tailOf(l.Service, slots, busy, 0) <= tailShare {
		return 0, true
	}
	high := l.Service.Mean.Seconds()
	for tailOf(l.Service, slots, busy, high) > tailShare {
		high *= 2
	}
	return seconds(bisect(0, high, func(t float64) bool { return tailOf(l.Service, slots, busy, t) <= tailShare })), true
}

func compare(t *testing.T, predicted, measured time.Duration) {
	t.Helper()
	off := predicted.Seconds()/measured.Seconds() - 1
	t.Logf("predicted %v, simulated %v, %+.1f %%", predicted, measured, 100*off)
	if measured == 0 && predicted != 0 || math.Abs(off) > within {
		t.Errorf("predicted p95 %v, simulated %v: %+.1f %%", predicted, measured, 100*off)
	}
}
