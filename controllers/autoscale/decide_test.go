package autoscale

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var epoch = time.Date(2026, 6, 1, 9, 0, 0, 0, time.UTC)

// pool is a pool in virtual time. Its pods are ready as soon as the Deployment is scaled, unless
// slow is set.
type pool struct {
	in   Input
	last Decision
	slow bool
}

func newPool(written int32) *pool {
	return &pool{in: Input{
		Now: epoch,
		Policy: Policy{Replicas: 3, Floor: 3, FloorReason: "spec.replicas is 3", Ceiling: 40, SlotsPerReplica: 8,
			TargetWait: 5 * time.Second, Stabilization: 5 * time.Minute},
		Fleet:  Fleet{SpecReplicas: written, ReadyReplicas: written, PodStart: 3 * time.Second},
		Sample: Sample{Counters: Counters{Known: true}},
	}}
}

// decide decides on the present input and scales the Deployment.
func (p *pool) decide() Decision {
	p.last = Decide(p.in)
	p.in.State = p.last.State
	p.in.Fleet.SpecReplicas = p.last.Replicas
	if !p.slow {
		p.in.Fleet.ReadyReplicas = p.last.Replicas
	}
	return p.last
}

// second advances the time by one second with the given arrivals and finished submissions, takes a
// correct sample at its end and decides.
func (p *pool) second(arrived, finished, waiting, busy float64) Decision {
	p.sample(time.Second, arrived, finished, waiting, busy)
	return p.decide()
}

func (p *pool) sample(after time.Duration, arrived, finished, waiting, busy float64) {
	p.in.Now = p.in.Now.Add(after)
	s := &p.in.Sample
	s.Time, s.Asked, s.Answered = p.in.Now, p.in.Fleet.ReadyReplicas, p.in.Fleet.ReadyReplicas
	s.Waiting, s.Busy, s.Slots, s.Failure = waiting, busy, 8*float64(p.in.Fleet.ReadyReplicas), ""
	s.Counters.Arrived += arrived
	s.Counters.Finished += finished
	s.Counters.ServiceSeconds += 2 * finished
}

// idle advances the time without any load and returns the replicas at the end.
func (p *pool) idle(d time.Duration) int32 {
	for range int(d / time.Second) {
		p.second(0, 0, 0, 0)
	}
	return p.last.Replicas
}

// busy advances the time under a load in slots, with submissions of 2 s. Submissions without a slot
// wait.
func (p *pool) busy(d time.Duration, load float64) int32 {
	for range int(d / time.Second) {
		inside := p.in.Sample.Waiting + p.in.Sample.Busy
		busy := min(load, 8*float64(p.in.Fleet.ReadyReplicas))
		p.second(load/2+load-inside, load/2, load-busy, busy)
	}
	return p.last.Replicas
}

// 200 submissions arrive at once at an idle pool of 3. The pool takes the whole step at once,
// orders nothing more while the pods start, and returns to the floor once the window has passed.
func TestBurstOneStepUpAndBack(t *testing.T) {
	p := newPool(3)
	p.idle(10 * time.Minute)
	p.slow = true
	d := p.second(200, 0, 176, 24)
	if d.Replicas != 14 || d.Cause != CauseLoad {
		t.Fatalf("got %d (%s), want 14 at once", d.Replicas, d.Reason)
	}
	if want := "176 waiting + 24 busy, 2 s each assumed, 8 slots a replica, pods ready in 3 s: 14 replicas clear it in 5 s"; d.Reason != want {
		t.Errorf("reason %q, want %q", d.Reason, want)
	}
	for _, waiting := range []float64{164, 152} {
		if d = p.second(0, 12, waiting, 24); d.Replicas != 14 {
			t.Fatalf("%d replicas while 14 start for the same backlog: %s", d.Replicas, d.Reason)
		}
	}
	p.in.Fleet.ReadyReplicas, p.slow = 14, false
	p.second(0, 12, 52, 112)
	p.second(0, 52, 0, 112)
	p.second(0, 112, 0, 0)
	ordered := p.in.Now
	for p.last.Replicas == 14 {
		p.second(0, 0, 0, 0)
	}
	if held := p.in.Now.Sub(ordered); held < 4*time.Minute || held > 5*time.Minute {
		t.Errorf("14 replicas were kept for %s after the last finished", held)
	}
	if p.idle(5*time.Minute) != 3 || p.last.Cause != CauseFloor {
		t.Errorf("ended with %d replicas: %s", p.last.Replicas, p.last.Reason)
	}
}

func TestDownNotBeforeWindow(t *testing.T) {
	p := newPool(3)
	if got := p.busy(10*time.Minute, 60); got != 8 {
		t.Fatalf("60 slots busy: %d replicas: %s", got, p.last.Reason)
	}
	end := p.in.Now
	p.second(0, 60, 0, 0)
	for p.last.Replicas == 8 && p.in.Now.Sub(end) < time.Hour {
		p.second(0, 0, 0, 0)
	}
	if after := p.in.Now.Sub(end); after < 5*time.Minute || after > 7*time.Minute {
		t.Errorf("the replicas fell %s after the load ended", after)
	}
	if !strings.HasPrefix(p.last.Reason, "at most") {
		t.Errorf("reason: %s", p.last.Reason)
	}
}

// A manager without state assumes for one window that all existing replicas are needed.
func TestRestartKeepsReplicasForOneWindow(t *testing.T) {
	p := newPool(13)
	if got := p.idle(5 * time.Minute); got != 13 {
		t.Errorf("%d replicas within the first window: %s", got, p.last.Reason)
	}
	if got := p.idle(2 * time.Second); got != 3 {
		t.Errorf("%d replicas after it: %s", got, p.last.Reason)
	}
}

func TestRestartsDuringBurstKeepReplicas(t *testing.T) {
	p := newPool(3)
	p.idle(10 * time.Minute)
	p.second(200, 0, 176, 24)
	at := p.last.Replicas
	for range 20 {
		p.in.State = State{}
		p.in.Sample = Sample{}
		p.in.Now = p.in.Now.Add(30 * time.Second)
		if d := p.decide(); d.Replicas != at || d.Fresh {
			t.Fatalf("%d replicas after a restart without a sample: %s", d.Replicas, d.Reason)
		}
	}
}

func TestLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		change  func(*Policy)
		written int32
		load    float64 // in slots
		after   time.Duration
		want    int32
		limited Limit
		cause   Cause
	}{
		"load over the floor":          {func(*Policy) {}, 3, 60, 5 * time.Minute, 8, "", CauseLoad},
		"load under the floor":         {func(*Policy) {}, 3, 8, 5 * time.Minute, 3, "", CauseFloor},
		"ceiling":                      {func(p *Policy) { p.Ceiling = 5 }, 3, 60, 5 * time.Minute, 5, LimitCeiling, CauseCeiling},
		"floor over the ceiling":       {func(p *Policy) { p.Floor, p.Ceiling = 7, 5 }, 3, 8, 5 * time.Minute, 7, "", CauseFloor},
		"load over floor over ceiling": {func(p *Policy) { p.Floor, p.Ceiling = 7, 5 }, 3, 60, 5 * time.Minute, 7, LimitCeiling, CauseCeiling},
		"no autoscaling":               {func(p *Policy) { p.Ceiling = 0 }, 9, 60, time.Second, 3, "", CauseFloor},
		"hold Out":                     {func(p *Policy) { p.Hold = HoldOut }, 3, 60, 5 * time.Minute, 3, LimitHoldOut, CauseHold},
		"hold Out, more than the load": {func(p *Policy) { p.Hold = HoldOut }, 10, 8, 10 * time.Minute, 3, "", CauseFloor},
		"hold In":                      {func(p *Policy) { p.Hold = HoldIn }, 10, 8, 10 * time.Minute, 10, LimitHoldIn, CauseHold},
		"hold In, less than the load":  {func(p *Policy) { p.Hold = HoldIn }, 3, 60, 5 * time.Minute, 8, "", CauseLoad},
		"hold Both up":                 {func(p *Policy) { p.Hold = HoldBoth }, 3, 60, 5 * time.Minute, 3, LimitHoldOut, CauseHold},
		"hold Both down":               {func(p *Policy) { p.Hold = HoldBoth }, 10, 8, 10 * time.Minute, 10, LimitHoldIn, CauseHold},
		"hold Both, floor risen":       {func(p *Policy) { p.Hold, p.Floor = HoldBoth, 12 }, 10, 8, 10 * time.Minute, 12, "", CauseFloor},
		"hold Out, floor risen":        {func(p *Policy) { p.Hold, p.Floor = HoldOut, 6 }, 3, 60, 5 * time.Minute, 6, LimitHoldOut, CauseHold},
		"floor of 0, nothing to do":    {func(p *Policy) { p.Floor, p.Replicas = 0, 0 }, 3, 0, 10 * time.Minute, 0, "", CauseFloor},
		"floor of 0, something to do":  {func(p *Policy) { p.Floor, p.Replicas = 0, 0 }, 3, 2, 10 * time.Minute, 1, "", CauseLoad},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPool(tc.written)
			tc.change(&p.in.Policy)
			p.in.Fleet.ReadyReplicas = tc.written
			p.busy(tc.after, tc.load)
			if d := p.last; d.Replicas != tc.want || d.Limited != tc.limited || d.Cause != tc.cause || (d.LimitedReason == "") != (d.Limited == "") {
				t.Errorf("got %d, %q, %s (%s; %s), want %d, %q, %s", d.Replicas, d.Limited, d.Cause, d.Reason, d.LimitedReason, tc.want, tc.limited, tc.cause)
			}
		})
	}
}

// From every start to every target the decision is the target at once and exactly, whatever part of
// the pool is ready, with and without autoscaling, with and without samples.
func TestFloorExact(t *testing.T) {
	for _, ceiling := range []int32{0, 20} {
		for _, sampled := range []bool{true, false} {
			t.Run(fmt.Sprintf("ceiling %d, sampled %v", ceiling, sampled), func(t *testing.T) {
				for start := range int32(41) {
					for target := range int32(41) {
						p := newPool(start)
						p.in.Policy.Replicas, p.in.Policy.Floor, p.in.Policy.Ceiling = start, start, ceiling
						p.decide()
						p.in.Policy.Replicas, p.in.Policy.Floor = target, target
						for i := range int32(10) {
							if sampled {
								p.sample(time.Second, 0, 0, 0, 0)
							} else {
								p.in.Now = p.in.Now.Add(time.Second)
							}
							p.slow, p.in.Fleet.ReadyReplicas = true, (start*i+target)%41 // any number, as during a rollout
							if d := p.decide(); d.Replicas != target {
								t.Fatalf("%d -> %d: got %d at second %d: %s", start, target, d.Replicas, i, d.Reason)
							}
						}
					}
				}
			})
		}
	}
}

// A lower spec.replicas takes effect at once, but not below the need that samples show. The end of
// a contest's floor removes no replica while the load is not known.
func TestFloorFalls(t *testing.T) {
	p := newPool(3)
	p.in.Policy.Replicas, p.in.Policy.Floor = 20, 20
	p.busy(time.Minute, 60)
	p.in.Policy.Replicas, p.in.Policy.Floor = 3, 3
	if p.busy(time.Second, 60); p.last.Replicas != 8 {
		t.Errorf("%d replicas where 8 are needed: %s", p.last.Replicas, p.last.Reason)
	}

	p = newPool(3)
	p.in.Policy.Floor = 20
	p.busy(time.Minute, 8)
	p.in.Sample.Failure = "Prometheus is down"
	p.in.Policy.Floor = 3
	if d := p.decide(); d.Replicas != 20 || d.Cause != CauseSample {
		t.Errorf("%d replicas after a contest, without a sample: %s", d.Replicas, d.Reason)
	}
	p.in.Policy.Replicas = 2
	if d := p.decide(); d.Replicas != 3 {
		t.Errorf("%d replicas after the admin asked for fewer: %s", d.Replicas, d.Reason)
	}
}

func TestReasons(t *testing.T) {
	uncounted := func(p *pool) { p.in.Sample.Counters.Known = false }
	for name, tc := range map[string]struct {
		before func(*pool)
		load   float64 // in slots, for ten minutes
		then   func(*pool)
		want   string
	}{
		"load":                  {nil, 60, nil, "30.0 a second, 2.0 s each, 8 slots a replica: 8 replicas keep the wait under 5 s"},
		"load without counters": {uncounted, 60, nil, "59.0 slots busy, 2 s each assumed, 8 slots a replica: 8 replicas keep the wait under 5 s"},
		"floor":                 {nil, 8, nil, "spec.replicas is 3; the load does not need more: 4.0 a second, 2.0 s each, 8 slots a replica: 2 replicas keep the wait under 5 s"},
		"back to the floor": {nil, 60, func(p *pool) {
			for p.second(0, p.in.Sample.Busy, 0, 0); p.last.Replicas > 3; {
				p.second(0, 0, 0, 0)
			}
		}, "spec.replicas is 3; the load does not need more: nothing waits and nothing runs"},
		"down a step": {nil, 60, func(p *pool) {
			for p.busy(time.Second, 30); p.last.Replicas == 8; {
				p.busy(time.Second, 30)
			}
		}, "at most 4 replicas were needed in the last 300 s; now 15.0 a second, 2.0 s each, 8 slots a replica: 4 replicas keep the wait under 5 s"},
		"window": {nil, 60, func(p *pool) { p.busy(4*time.Minute, 4) },
			"8 replicas were needed in the last 300 s; now 2.0 a second, 2.0 s each, 8 slots a replica: 1 replica keeps the wait under 5 s"},
		"sample": {nil, 60, func(p *pool) {
			p.in.Sample.Failure = "Prometheus is down"
			p.decide()
		}, "stays at 8, because the load is not known: Prometheus is down"},
		"ceiling": {func(p *pool) { p.in.Policy.Ceiling = 5 }, 38, func(p *pool) { p.second(300, 20, 278, 40) },
			"278 waiting + 40 busy, 2.0 s each, 8 slots a replica, pods ready in 3 s: 22 replicas clear it in 5 s, and scaling.maxReplicas is 5"},
		"hold": {func(p *pool) { p.in.Policy.Hold = HoldOut }, 60, nil,
			"scaling.hold is Out, without it the pool would have 8: 30.0 a second, 2.0 s each, 8 slots a replica: 8 replicas keep the wait under 5 s"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPool(3)
			if tc.before != nil {
				tc.before(p)
			}
			p.busy(10*time.Minute, tc.load)
			if tc.then != nil {
				tc.then(p)
			}
			if p.last.Reason != tc.want {
				t.Errorf("got %q, want %q", p.last.Reason, tc.want)
			}
		})
	}
}

// A lower ceiling takes effect while samples are distrusted, and the floor still applies.
func TestCeilingLoweredWithoutSample(t *testing.T) {
	p := newPool(3)
	p.busy(10*time.Minute, 72)
	p.in.Sample.Failure = "Prometheus is down"
	p.in.Policy.Ceiling = 5
	if d := p.decide(); d.Replicas != 5 {
		t.Errorf("ceiling 5: %d replicas: %s", d.Replicas, d.Reason)
	}
	p.in.Policy.Ceiling = 2
	if d := p.decide(); d.Replicas != 3 {
		t.Errorf("ceiling 2, floor 3: %d replicas: %s", d.Replicas, d.Reason)
	}
}

// Pods that start need the rest of the pod start time, and a quarter of it once they take longer.
func TestPodStartLeft(t *testing.T) {
	for after, want := range map[time.Duration]time.Duration{
		0: 20 * time.Second, 5 * time.Second: 15 * time.Second, 18 * time.Second: 5 * time.Second, time.Hour: 5 * time.Second, -time.Hour: 20 * time.Second,
	} {
		s := State{scaledUpAt: epoch}
		if got := s.podStartLeft(Input{Now: epoch.Add(after), Fleet: Fleet{PodStart: 20 * time.Second}}); got != want {
			t.Errorf("%s after the scale-up: %s left, want %s", after, got, want)
		}
	}
}
