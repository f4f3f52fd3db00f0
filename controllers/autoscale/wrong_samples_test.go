package autoscale

import (
	"math"
	"strings"
	"testing"
	"time"
)

// Ten replicas are needed when the samples become wrong for 15 minutes. The replicas do not fall,
// the decision reports what is wrong, and after the samples are correct again the pool recovers by
// itself.
func TestWrongSamplesNeverScaleDown(t *testing.T) {
	old := epoch
	for name, fault := range map[string]struct {
		// apply changes a correct sample; n is the second since the fault began.
		apply func(in *Input, n int)
		want  Distrust
		// within is how long the fault may last until it is detected.
		within time.Duration
		// recurs is set if only some of the samples are wrong.
		recurs bool
	}{
		"none":                       {func(in *Input, _ int) { in.Sample = Sample{} }, DistrustMissing, 0, false},
		"source reports a failure":   {func(in *Input, _ int) { in.Sample.Failure = "Prometheus is down" }, DistrustMissing, 0, false},
		"stale":                      {func(in *Input, n int) { in.Sample.Time = in.Now.Add(-time.Duration(n) * time.Second) }, DistrustStale, 16 * time.Second, false},
		"all zero":                   {func(in *Input, _ int) { in.Sample = Sample{Time: in.Now} }, DistrustNobody, 0, false},
		"zero, counters at zero":     {func(in *Input, _ int) { zero(in); in.Sample.Counters = Counters{Known: true} }, DistrustReset, 0, true},
		"zero, counters stand":       {func(in *Input, _ int) { zero(in); in.Sample.Counters = standing }, DistrustVanished, 0, false},
		"NaN waiting":                {func(in *Input, _ int) { in.Sample.Waiting = math.NaN() }, DistrustImpossible, 0, false},
		"NaN busy":                   {func(in *Input, _ int) { in.Sample.Busy = math.NaN() }, DistrustImpossible, 0, false},
		"NaN counter":                {func(in *Input, _ int) { in.Sample.Counters.Arrived = math.NaN() }, DistrustImpossible, 0, false},
		"infinite":                   {func(in *Input, _ int) { in.Sample.Waiting = math.Inf(1) }, DistrustImpossible, 0, false},
		"negative":                   {func(in *Input, _ int) { in.Sample.Waiting = -1 }, DistrustImpossible, 0, false},
		"negative busy":              {func(in *Input, _ int) { in.Sample.Busy = -math.MaxFloat64 }, DistrustImpossible, 0, false},
		"huge":                       {func(in *Input, _ int) { in.Sample.Waiting = 1e12 }, DistrustImpossible, 0, false},
		"more than capacity":         {func(in *Input, _ int) { in.Sample.Waiting, in.Sample.QueueCapacity = 2000, 1280 }, DistrustImpossible, 0, false},
		"more busy than slots":       {func(in *Input, _ int) { in.Sample.Busy = in.Sample.Slots + 1 }, DistrustImpossible, 0, false},
		"more busy, slots unknown":   {func(in *Input, _ int) { in.Sample.Slots, in.Sample.Busy = 0, 200 }, DistrustImpossible, 0, false},
		"half silent":                {func(in *Input, _ int) { in.Sample.Answered /= 2; in.Sample.Busy, in.Sample.Waiting = 0, 0 }, DistrustSilent, 0, false},
		"all silent":                 {func(in *Input, _ int) { in.Sample.Answered = 0; in.Sample.Busy, in.Sample.Waiting = 0, 0 }, DistrustSilent, 0, false},
		"more answers than asked":    {func(in *Input, _ int) { in.Sample.Answered++ }, DistrustImpossible, 0, false},
		"frozen while low":           {func(in *Input, _ int) { in.Sample.Waiting, in.Sample.Busy, in.Sample.Counters = 0, 10, standing }, DistrustFrozen, 77 * time.Second, false},
		"counters fall":              {func(in *Input, n int) { in.Sample.Counters.Arrived = float64(1000 - n) }, DistrustReset, 0, false},
		"sample in the future":       {func(in *Input, _ int) { in.Sample.Time = in.Now.Add(10 * time.Minute) }, DistrustClock, 0, false},
		"clock jumps back and forth": {func(in *Input, n int) { jump(in, n) }, DistrustClock, 2 * time.Second, false},
		"time goes backwards":        {func(in *Input, n int) { in.Now, in.Sample.Time = old, old.Add(-time.Duration(n)*time.Minute) }, DistrustClock, 0, true},
	} {
		for _, window := range []time.Duration{5 * time.Minute, 30 * time.Second} {
			t.Run(name+" "+window.String(), func(t *testing.T) {
				p := newPool(3)
				p.in.Policy.Stabilization = window
				p.busy(10*time.Minute, 72)
				need := p.last.Replicas
				if need < 9 {
					t.Fatalf("72 slots busy: %d replicas: %s", need, p.last.Reason)
				}
				standing = p.in.Sample.Counters
				for n := range 900 {
					correct := p.in
					p.sample(time.Second, 0, 0, 0, 0)
					now := p.in.Now
					fault.apply(&p.in, n)
					d := p.decide()
					if d.Replicas < need {
						t.Fatalf("second %d: %d replicas (fresh %v): %s", n, d.Replicas, d.Fresh, d.Reason)
					}
					switch detected := time.Duration(n)*time.Second >= fault.within; {
					case detected && !fault.recurs && (d.Fresh || d.Distrust != fault.want || d.DistrustReason == ""):
						t.Fatalf("second %d: fresh %v, %s: %s; want %s", n, d.Fresh, d.Distrust, d.DistrustReason, fault.want)
					case fault.recurs && n == 0 && d.Distrust != fault.want:
						t.Fatalf("first sample: %s: %s; want %s", d.Distrust, d.DistrustReason, fault.want)
					}
					p.in.Now, p.in.Sample, p.in.Sample.Counters = now, correct.Sample, standing.later(n+1, 36)
					if fault.recurs && n >= int(window.Seconds()*0.8) {
						break // over a whole window this cannot be distinguished from a pool without work
					}
				}
				for range 60 {
					if p.busy(time.Second, 72); p.last.Replicas < need || p.last.Replicas > need+1 {
						t.Fatalf("correct again: %d replicas, not %d: %s", p.last.Replicas, need, p.last.Reason)
					}
				}
				if !p.last.Fresh {
					t.Fatalf("correct again for a minute: %s: %s", p.last.Distrust, p.last.DistrustReason)
				}
				p.second(0, 72, 0, 0)
				if got := p.idle(20 * time.Minute); got != 3 {
					t.Errorf("%d replicas 20 minutes after the load: %s; %s", got, p.last.Reason, p.last.DistrustReason)
				}
			})
		}
	}
}

// standing are the counters before the fault.
var standing Counters

// later returns the counters after a time with rate arrivals per second, all finished in 2 s.
func (k Counters) later(seconds int, rate float64) Counters {
	n := float64(seconds) * rate
	return Counters{true, k.Arrived + n, k.Finished + n, k.ServiceSeconds + 2*n, k.Gone}
}

func zero(in *Input) { in.Sample.Waiting, in.Sample.Busy = 0, 0 }

// jump moves the clock ten minutes ahead in every other second, with samples of that clock.
func jump(in *Input, n int) {
	if n%2 == 0 {
		in.Now = in.Now.Add(10 * time.Minute)
	}
	in.Sample.Time = in.Now
}

// One jump of the clock in either direction, with an idle sample, is reported at once, is over with
// the next samples, and does not advance the window.
func TestClockJumpsOnce(t *testing.T) {
	for name, by := range map[string]time.Duration{"ahead": 10 * time.Minute, "back": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			p := newPool(3)
			p.busy(10*time.Minute, 72)
			need := p.last.Replicas
			p.second(0, 72, 0, 0)
			p.in.Now = p.in.Now.Add(by)
			if d := p.second(0, 0, 0, 0); d.Fresh || d.Distrust != DistrustClock || d.Replicas != need {
				t.Errorf("at the jump: %d replicas, fresh %v, %s: %s", d.Replicas, d.Fresh, d.Distrust, d.DistrustReason)
			}
			p.idle(3 * time.Second)
			if !p.last.Fresh {
				t.Errorf("3 s later: %s: %s", p.last.Distrust, p.last.DistrustReason)
			}
			if got := p.idle(4 * time.Minute); got != need {
				t.Errorf("%d replicas within the window: %s", got, p.last.Reason)
			}
			if got := p.idle(10 * time.Minute); got != 3 {
				t.Errorf("%d replicas after it: %s", got, p.last.Reason)
			}
		})
	}
}

// A minority of replicas that do not answer counts as busy in every slot, with the mean queue of
// the others.
func TestSilentMinorityCountsAsBusy(t *testing.T) {
	p := newPool(9)
	p.slow = true
	silent := func(n int32, waiting, busy float64) Decision {
		p.sample(time.Second, 0, 0, waiting, busy)
		p.in.Sample.Asked, p.in.Sample.Answered = 9, 9-n
		return p.decide()
	}
	for range 120 {
		silent(3, 0, 0)
	}
	if p.last.Need != 4 || !p.last.Fresh {
		t.Errorf("24 slots of silent replicas: %d are needed (%s), want 4", p.last.Need, p.last.Reason)
	}
	if want := "750 waiting + 72 busy"; !strings.HasPrefix(silent(3, 500, 48).Reason, want) {
		t.Errorf("got %q, want %q", p.last.Reason, want)
	}
	for range 400 {
		silent(1, 0, 0)
	}
	if p.last.Replicas != 3 {
		t.Errorf("%d replicas with one that never answers: %s", p.last.Replicas, p.last.Reason)
	}
}

// A pod ends with the submissions it held, and the sampler does not count them: one sample is
// distrusted, the next is trusted.
func TestLostPodDistrustsOneSample(t *testing.T) {
	p := newPool(3)
	p.busy(10*time.Minute, 60)
	if d := p.second(0, 0, 0, 45); d.Distrust != DistrustVanished {
		t.Errorf("15 submissions disappeared: %s", d.Distrust)
	}
	p.second(20, 20, 0, 45)
	if !p.last.Fresh {
		t.Errorf("after other submissions arrived and finished: %s: %s", p.last.Distrust, p.last.DistrustReason)
	}
}

// The same sample has the same assessment in each decision.
func TestSameSampleSameAssessment(t *testing.T) {
	p := newPool(3)
	p.busy(10*time.Minute, 60)
	p.sample(time.Second, -1000, 0, 0, 60)
	for range 3 {
		if d := p.decide(); d.Distrust != DistrustReset {
			t.Errorf("got %q, want %s", d.Distrust, DistrustReset)
		}
	}
	clock, window := p.in.State.clock, p.in.State.window
	p.sample(time.Second, 0, 0, 0, 60)
	p.decide()
	once := p.in.State
	p.decide()
	if once != p.in.State {
		t.Error("a sample that was absorbed twice changed the state twice")
	}
	if clock != once.clock || window.highest() != once.window.highest() {
		t.Error("the first sample after a reset advanced the clock")
	}
}
