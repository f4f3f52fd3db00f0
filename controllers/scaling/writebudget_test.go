package scaling

import (
	"fmt"
	"math"
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
			budget := NewWriteBudget()
			d := NewDecider(clock, budget)
			policy := autoscale.Policy{Replicas: 2, Floor: 2, Ceiling: 10, SlotsPerReplica: 8, TargetWait: 5 * time.Second, Stabilization: time.Minute, Timeout: time.Minute}
			reconcile := func(pool types.NamespacedName) {
				decision, scaling := d.Decide(pool, policy, autoscale.Fleet{SpecReplicas: 2, ReadyReplicas: 2})
				d.SetLastApplied(pool, LastApplied{decision.Replicas, scaling})
				budget.SetWritten(pool, CountersOf(d.pools[pool].reading), clock.Now())
			}
			pool := func(i int) types.NamespacedName {
				return types.NamespacedName{Namespace: "contests", Name: fmt.Sprint(i)}
			}
			woken := func() (pools []types.NamespacedName) {
				for len(d.woken) > 0 {
					e := <-d.woken
					pools = append(pools, types.NamespacedName{Namespace: e.Object.GetNamespace(), Name: e.Object.GetName()})
				}
				return pools
			}
			observe := func(i, busy, waiting int) {
				d.Observe(pool(i), sampling.Reading{Sample: autoscale.Sample{Time: clock.Now(), Asked: 2, Answered: 2, Busy: float64(busy),
					Waiting: float64(waiting), Slots: 16, QueueCapacity: 256}})
			}
			t.Cleanup(func() {
				for i := range tc.pools {
					metrics.Forget(pool(i))
				}
			})
			for i := range tc.pools {
				d.Read(pool(i), sampling.Reading{Sample: autoscale.Sample{Time: clock.Now(), Asked: 2, Answered: 2, Slots: 16, QueueCapacity: 256}})
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
					if !budget.MayWriteCounters(pool, clock.Now()) {
						t.Fatalf("pool %s was woken for its counters, and they are not written", pool)
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
				if budget.MayWriteCounters(pool(i), clock.Now()) {
					others++
				} else if !budget.pools[pool(i)].stale {
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

func TestWriteBudgetKeepsInterval(t *testing.T) {
	pool := types.NamespacedName{Namespace: "contests", Name: "demo"}
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	b := NewWriteBudget()
	b.SetWritten(pool, Counters{QueueDepth: 1}, start)
	for _, tc := range []struct {
		name    string
		after   time.Duration
		current Counters
		want    bool
	}{
		{"changed too soon", countersInterval - time.Millisecond, Counters{QueueDepth: 2}, false},
		{"unchanged", countersInterval, Counters{QueueDepth: 1}, false},
		{"changed", countersInterval, Counters{QueueDepth: 2}, true},
		{"not a number", countersInterval, Counters{QueueDepth: math.NaN()}, true},
	} {
		if got := b.Grant(pool, tc.current, start.Add(tc.after)); got != tc.want {
			t.Errorf("%s: granted %v, want %v", tc.name, got, tc.want)
		}
	}
}

// TestGrantedWriteCostsOnce takes the whole budget, so that only a granted write is left.
func TestGrantedWriteCostsOnce(t *testing.T) {
	pool := types.NamespacedName{Namespace: "contests", Name: "demo"}
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	b := NewWriteBudget()
	if !b.Grant(pool, Counters{BusySlots: 1}, now) {
		t.Fatal("a full budget grants no write")
	}
	for b.limiter.AllowN(now, 1) {
	}
	if !b.MayWriteCounters(pool, now) {
		t.Error("the granted write is refused")
	}
	if b.MayWriteCounters(pool, now) {
		t.Error("the granted write counts twice")
	}
	b.SetWritten(pool, Counters{BusySlots: 1}, now)
	b.MayWriteCounters(pool, now)
	if later := now.Add(countersInterval); !b.Grant(pool, Counters{BusySlots: 1}, later) {
		t.Error("counters that were not written are no longer due")
	}
	b.Forget(pool)
	if len(b.pools) != 0 {
		t.Errorf("%d pools after Forget, want none", len(b.pools))
	}
}
