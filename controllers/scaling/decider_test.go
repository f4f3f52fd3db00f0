package scaling

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/metrics"
	"executorpool.dev/controllers/sampling"
)

var demo = types.NamespacedName{Namespace: "contests", Name: "demo"}

// decision is a decider of one pool of two replicas with a fake clock.
type decision struct {
	*Decider
	clock *clocktesting.FakePassiveClock
}

func newDecision(t *testing.T) decision {
	t.Helper()
	t.Cleanup(func() { metrics.Forget(demo) })
	clock := clocktesting.NewFakePassiveClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	return decision{NewDecider(clock, NewWriteBudget()), clock}
}

func (d decision) reading(waiting, busy float64) sampling.Reading {
	return sampling.Reading{Sample: autoscale.Sample{Time: d.clock.Now(), Asked: 2, Answered: 2, Busy: busy, Waiting: waiting, Slots: 16, QueueCapacity: 256}}
}

// reconcile decides and applies, as the reconciler does.
func (d decision) reconcile() int32 {
	policy := autoscale.Policy{Replicas: 2, Floor: 2, Ceiling: 10, SlotsPerReplica: 8, TargetWait: 5 * time.Second, Stabilization: time.Minute, Timeout: time.Minute}
	decided, scaling := d.Decide(demo, policy, autoscale.Fleet{SpecReplicas: 2, ReadyReplicas: 2})
	d.SetLastApplied(demo, LastApplied{decided.Replicas, scaling})
	d.budget.SetWritten(demo, CountersOf(d.pools[demo].reading), d.clock.Now())
	return decided.Replicas
}

func (d decision) step() { d.clock.SetTime(d.clock.Now().Add(time.Second)) }

func TestDeciderIgnoresUnknownPool(t *testing.T) {
	d := newDecision(t)
	d.Observe(demo, d.reading(100, 16))
	d.Read(demo, d.reading(100, 16))
	d.Observe(demo, d.reading(100, 16))
	if len(d.woken) != 0 {
		t.Error("a pool without a policy wakes the reconciler")
	}
	if _, ok := d.LastSpecReplicas(demo); ok {
		t.Error("a pool without a decision has a last spec.replicas")
	}
}

func TestDeciderWakesOnceForADifference(t *testing.T) {
	d := newDecision(t)
	d.Read(demo, d.reading(0, 2))
	before := d.reconcile()
	d.step()
	d.Observe(demo, d.reading(0, 2))
	if len(d.woken) != 0 {
		t.Fatal("an unchanged sample wakes the reconciler")
	}
	for range 3 {
		d.step()
		d.Observe(demo, d.reading(200, 16))
	}
	if len(d.woken) != 1 {
		t.Fatalf("a queue wakes the reconciler %d times before it decides, want once", len(d.woken))
	}
	<-d.woken
	if after := d.reconcile(); after <= before {
		t.Errorf("%d replicas for a queue of 200, want more than %d", after, before)
	}
	d.step()
	changed := d.reading(200, 16)
	changed.Changed = true
	d.Observe(demo, changed)
	if len(d.woken) != 1 {
		t.Error("a changed answer does not wake the reconciler")
	}
	if replicas, ok := d.LastSpecReplicas(demo); !ok || replicas != 2 {
		t.Errorf("last spec.replicas %d (%v), want 2", replicas, ok)
	}
}

func TestDeciderRetriesWhenChannelIsFull(t *testing.T) {
	d := newDecision(t)
	d.Read(demo, d.reading(0, 2))
	d.reconcile()
	full := d.woken
	d.woken = make(chan event.GenericEvent)
	d.step()
	d.Observe(demo, d.reading(200, 16))
	d.woken = full
	d.step()
	d.Observe(demo, d.reading(200, 16))
	if len(d.woken) != 1 {
		t.Error("a pool that found the channel full does not try again")
	}
}

func TestDeciderKeepsNewestReading(t *testing.T) {
	d := newDecision(t)
	old := d.reading(0, 1)
	d.step()
	newer := d.reading(0, 5)
	newer.Pressed = d.clock.Now()
	d.Read(demo, newer)
	d.Read(demo, old)
	if got := d.pools[demo].reading.Sample.Busy; got != 5 {
		t.Errorf("%v busy slots after an older reading, want 5", got)
	}
	if got := d.Pressed(demo); !got.Equal(newer.Pressed) {
		t.Errorf("pressed since %v, want %v", got, newer.Pressed)
	}
	d.Forget(demo)
	if len(d.pools) != 0 || !d.Pressed(demo).IsZero() {
		t.Error("Forget keeps the state of the pool")
	}
}
