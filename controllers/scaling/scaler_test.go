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

// TestCountersShareABudget has many pools at work, so that their counters change each second, and
// counts the wake-ups for writes of counters only.
func TestCountersShareABudget(t *testing.T) {
	const seconds = 60
	for name, tc := range map[string]struct{ pools, least, most int }{
		"few":  {10, 10 * (seconds/5 - 2), 10 * (seconds/5 + 1)},
		"many": {2000, countersRate * (seconds - 6), countersRate * (seconds + 1)},
	} {
		t.Run(name, func(t *testing.T) {
			clock := clocktesting.NewFakePassiveClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
			s := New(clock)
			policy := autoscale.Policy{Replicas: 2, Floor: 2, Ceiling: 10, SlotsPerReplica: 8, TargetWait: 5 * time.Second, Stabilization: time.Minute, Timeout: time.Minute}
			reconcile := func(pool types.NamespacedName) {
				d, scaling := s.Decide(pool, policy, autoscale.Fleet{SpecReplicas: 2, ReadyReplicas: 2})
				s.SetLastApplied(pool, LastApplied{d.Replicas, scaling, CountersOf(s.pools[pool].reading)})
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
			shown := 0
			for second := range seconds {
				clock.SetTime(clock.Now().Add(time.Second))
				for i := range tc.pools {
					observe(i, 2+second%2, 0)
				}
				for _, pool := range woken() {
					shown++
					reconcile(pool)
					if !s.MayWriteCounters(pool) {
						t.Fatalf("pool %s was woken for its numbers, and they are not written", pool)
					}
				}
			}
			if shown < tc.least || shown > tc.most {
				t.Errorf("%d pools were woken %d times in %d s, want %d to %d", tc.pools, shown, seconds, tc.least, tc.most)
			}
			// A pool that is reconciled for another reason writes its counters only within the
			// budget.
			others := 0
			for i := range tc.pools {
				observe(i, 5, 0)
				reconcile(pool(i))
				if s.MayWriteCounters(pool(i)) {
					others++
				} else if CountersOf(s.pools[pool(i)].reading) == s.pools[pool(i)].lastApplied.Counters {
					t.Fatalf("the counters of pool %d were not written and are no longer due", i)
				}
			}
			if most := tc.most - shown + countersRate; others > most {
				t.Errorf("the counters of %d pools were written at one moment, want at most %d", others, most)
			}
			// The budget is spent, but a queue wakes the reconciler.
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

// queueDepth returns executorpool_queue_depth of the pool as Prometheus scrapes it.
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
