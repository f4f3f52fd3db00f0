package scaling

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/metrics"
	"executorpool.dev/controllers/sampling"
)

// TestNumbersShareABudget has all of many pools work, so that their numbers change each second, and counts how often the
// reconciler is to write one only for its numbers.
func TestNumbersShareABudget(t *testing.T) {
	const seconds = 60
	for name, tc := range map[string]struct{ pools, least, most int }{
		"few":  {10, 10 * (seconds/5 - 2), 10 * (seconds/5 + 1)},
		"many": {2000, numbersRate * (seconds - 6), numbersRate * (seconds + 1)},
	} {
		t.Run(name, func(t *testing.T) {
			clock := clocktesting.NewFakePassiveClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
			s := New(clock)
			policy := autoscale.Policy{Replicas: 2, Floor: 2, Ceiling: 10, SlotsPerReplica: 8, TargetWait: 5 * time.Second, Stabilization: time.Minute, Timeout: time.Minute}
			reconcile := func(pool types.NamespacedName) {
				d, scaling := s.Decide(pool, policy, autoscale.Fleet{SpecReplicas: 2, ReadyReplicas: 2})
				s.Act(pool, Acted{d.Replicas, scaling, NumbersOf(s.pools[pool].reading)})
			}
			pool := func(i int) types.NamespacedName {
				return types.NamespacedName{Namespace: "contests", Name: fmt.Sprint(i)}
			}
			woken := func() (pools []types.NamespacedName) {
				for len(s.woken) > 0 {
					e := <-s.woken
					pools = append(pools, types.NamespacedName{Namespace: e.Object.GetNamespace(), Name: e.Object.GetName()})
				}
				return pools
			}
			observe := func(i, busy, waiting int) {
				s.Observe(pool(i), sampling.Reading{Sample: autoscale.Sample{Time: clock.Now(), Asked: 2, Answered: 2, Busy: float64(busy),
					Waiting: float64(waiting), Slots: 16, QueueCapacity: 256}})
			}
			t.Cleanup(func() {
				for i := range tc.pools {
					metrics.Forget(pool(i))
				}
			})
			for i := range tc.pools {
				s.Read(pool(i), sampling.Reading{Sample: autoscale.Sample{Time: clock.Now(), Asked: 2, Answered: 2, Slots: 16, QueueCapacity: 256}})
				reconcile(pool(i))
			}
			told := 0
			for second := range seconds {
				clock.SetTime(clock.Now().Add(time.Second))
				for i := range tc.pools {
					observe(i, 2+second%2, 0)
				}
				for _, pool := range woken() {
					told++
					reconcile(pool)
					if !s.Tells(pool) {
						t.Fatalf("pool %s was woken for its numbers, and they are not written", pool)
					}
				}
			}
			if told < tc.least || told > tc.most {
				t.Errorf("%d pools were woken %d times in %d s, want %d to %d", tc.pools, told, seconds, tc.least, tc.most)
			}
			// A pool that is reconciled for another reason tells its numbers only where the budget has room for them.
			others := 0
			for i := range tc.pools {
				observe(i, 5, 0)
				reconcile(pool(i))
				if s.Tells(pool(i)) {
					others++
				} else if NumbersOf(s.pools[pool(i)].reading) == s.pools[pool(i)].acted.Numbers {
					t.Fatalf("pool %d was not told and is no longer to be", i)
				}
			}
			if most := tc.most - told + numbersRate; others > most {
				t.Errorf("%d pools were told at one moment, want at most %d", others, most)
			}
			// The budget is spent; a queue is another matter.
			observe(7, 16, 100)
			if got := woken(); len(got) != 1 || got[0] != pool(7) {
				t.Errorf("a queue of 100 woke %v, want pool 7 at once", got)
			}
			if got := queueDepth(t, pool(7)); got != 100 {
				t.Errorf("executorpool_queue_depth is %v before the status is written, want 100", got)
			}
		})
	}
}

// queueDepth is the pool's executorpool_queue_depth as it is scraped.
func queueDepth(t *testing.T, pool types.NamespacedName) float64 {
	t.Helper()
	families, err := ctrlmetrics.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "executorpool_queue_depth" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["namespace"] == pool.Namespace && labels["pool"] == pool.Name {
				return m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("pool %s has no executorpool_queue_depth", pool)
	return 0
}
