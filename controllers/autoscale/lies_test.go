package autoscale

import (
	"math"
	"strings"
	"testing"
	"time"
)

// Ten replicas are needed, and then the samples are not true: for a quarter of an hour nothing goes down, it is said what is
// wrong, and when the samples are true again the pool finds back by itself.
func TestLiesNeverScaleDown(t *testing.T) {
	old := epoch
	for name, lie := range map[string]struct {
		// tell spoils a true sample; n counts the seconds of the lie.
		tell func(in *Input, n int)
		want Problem
		// within is how long the lie may go on until it is seen as one.
		within time.Duration
		// recurs says that the lie is only there at some of its seconds.
		recurs bool
	}{
		"none":                     {func(in *Input, _ int) { in.Sample = Sample{} }, ProblemMissing, 0, false},
		"source says why":          {func(in *Input, _ int) { in.Sample.Problem = "Prometheus is down" }, ProblemMissing, 0, false},
		"stale":                    {func(in *Input, n int) { in.Sample.Time = in.Now.Add(-time.Duration(n) * time.Second) }, ProblemStale, 16 * time.Second, false},
		"all zero":                 {func(in *Input, _ int) { in.Sample = Sample{Time: in.Now} }, ProblemNobody, 0, false},
		"zero, counters at zero":   {func(in *Input, _ int) { zero(in); in.Sample.Counters = Counters{Known: true} }, ProblemReset, 0, true},
		"zero, counters stand":     {func(in *Input, _ int) { zero(in); in.Sample.Counters = standing }, ProblemVanished, 0, false},
		"NaN waiting":              {func(in *Input, _ int) { in.Sample.Waiting = math.NaN() }, ProblemImpossible, 0, false},
		"NaN busy":                 {func(in *Input, _ int) { in.Sample.Busy = math.NaN() }, ProblemImpossible, 0, false},
		"NaN counter":              {func(in *Input, _ int) { in.Sample.Counters.Arrived = math.NaN() }, ProblemImpossible, 0, false},
		"infinite":                 {func(in *Input, _ int) { in.Sample.Waiting = math.Inf(1) }, ProblemImpossible, 0, false},
		"negative":                 {func(in *Input, _ int) { in.Sample.Waiting = -1 }, ProblemImpossible, 0, false},
		"negative busy":            {func(in *Input, _ int) { in.Sample.Busy = -math.MaxFloat64 }, ProblemImpossible, 0, false},
		"huge":                     {func(in *Input, _ int) { in.Sample.Waiting = 1e12 }, ProblemImpossible, 0, false},
		"more than there is room":  {func(in *Input, _ int) { in.Sample.Waiting, in.Sample.Room = 2000, 1280 }, ProblemImpossible, 0, false},
		"more busy than slots":     {func(in *Input, _ int) { in.Sample.Busy = in.Sample.Slots + 1 }, ProblemImpossible, 0, false},
		"more busy, slots unknown": {func(in *Input, _ int) { in.Sample.Slots, in.Sample.Busy = 0, 200 }, ProblemImpossible, 0, false},
		"half silent":              {func(in *Input, _ int) { in.Sample.Answered /= 2; in.Sample.Busy, in.Sample.Waiting = 0, 0 }, ProblemSilent, 0, false},
		"all silent":               {func(in *Input, _ int) { in.Sample.Answered = 0; in.Sample.Busy, in.Sample.Waiting = 0, 0 }, ProblemSilent, 0, false},
		"more answers than asked":  {func(in *Input, _ int) { in.Sample.Answered++ }, ProblemImpossible, 0, false},
		"frozen while low":         {func(in *Input, _ int) { in.Sample.Waiting, in.Sample.Busy, in.Sample.Counters = 0, 10, standing }, ProblemFrozen, 77 * time.Second, false},
		"counters fall":            {func(in *Input, n int) { in.Sample.Counters.Arrived = float64(1000 - n) }, ProblemReset, 0, false},
		"from the future":          {func(in *Input, _ int) { in.Sample.Time = in.Now.Add(10 * time.Minute) }, ProblemClock, 0, false},
		"clock to and fro":         {func(in *Input, n int) { jump(in, n) }, ProblemClock, 2 * time.Second, false},
		"from before":              {func(in *Input, n int) { in.Now, in.Sample.Time = old, old.Add(-time.Duration(n)*time.Minute) }, ProblemClock, 0, true},
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
					truth := p.in
					p.sample(time.Second, 0, 0, 0, 0)
					now := p.in.Now
					lie.tell(&p.in, n)
					d := p.decide()
					if d.Replicas < need {
						t.Fatalf("second %d: %d replicas (fresh %v): %s", n, d.Replicas, d.Fresh, d.Reason)
					}
					switch seen := time.Duration(n)*time.Second >= lie.within; {
					case seen && !lie.recurs && (d.Fresh || d.Problem != lie.want || d.ProblemReason == ""):
						t.Fatalf("second %d: fresh %v, %s: %s; want %s", n, d.Fresh, d.Problem, d.ProblemReason, lie.want)
					case lie.recurs && n == 0 && d.Problem != lie.want:
						t.Fatalf("at first: %s: %s; want %s", d.Problem, d.ProblemReason, lie.want)
					}
					p.in.Now, p.in.Sample, p.in.Sample.Counters = now, truth.Sample, standing.later(n+1, 36)
					if lie.recurs && n >= int(window.Seconds()*0.8) {
						break // what goes on like this for a whole window is not told from a pool without work
					}
				}
				for range 60 {
					if p.busy(time.Second, 72); p.last.Replicas < need || p.last.Replicas > need+1 {
						t.Fatalf("true again: %d replicas, not %d: %s", p.last.Replicas, need, p.last.Reason)
					}
				}
				if !p.last.Fresh {
					t.Fatalf("true again for a minute: %s: %s", p.last.Problem, p.last.ProblemReason)
				}
				p.second(0, 72, 0, 0)
				if got := p.idle(20 * time.Minute); got != 3 {
					t.Errorf("%d replicas 20 minutes after it: %s; %s", got, p.last.Reason, p.last.ProblemReason)
				}
			})
		}
	}
}

// standing are the counters before the lie.
var standing Counters

// later are the counters when so many of 2 s have come and gone each second.
func (k Counters) later(seconds int, rate float64) Counters {
	did := float64(seconds) * rate
	return Counters{true, k.Arrived + did, k.Finished + did, k.ServiceSeconds + 2*did, k.Gone}
}

func zero(in *Input) { in.Sample.Waiting, in.Sample.Busy = 0, 0 }

// jump has the clock jump by ten minutes ahead and back, with samples of that clock.
func jump(in *Input, n int) {
	if n%2 == 0 {
		in.Now = in.Now.Add(10 * time.Minute)
	}
	in.Sample.Time = in.Now
}

// One jump, in either direction, with an idle sample: said at once, over with the next samples, and no time for the window.
func TestClockJumpsOnce(t *testing.T) {
	for name, by := range map[string]time.Duration{"ahead": 10 * time.Minute, "back": -10 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			p := newPool(3)
			p.busy(10*time.Minute, 72)
			need := p.last.Replicas
			p.second(0, 72, 0, 0)
			p.in.Now = p.in.Now.Add(by)
			if d := p.second(0, 0, 0, 0); d.Fresh || d.Problem != ProblemClock || d.Replicas != need {
				t.Errorf("at the jump: %d replicas, fresh %v, %s: %s", d.Replicas, d.Fresh, d.Problem, d.ProblemReason)
			}
			p.idle(3 * time.Second)
			if !p.last.Fresh {
				t.Errorf("3 s later: %s: %s", p.last.Problem, p.last.ProblemReason)
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

// A minority that is silent counts as busy in every slot and as having waiting what the others have.
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
		t.Errorf("%d replicas with one that stays silent: %s", p.last.Replicas, p.last.Reason)
	}
}

// A pod dies with what it held, and the sampler does not know: one sample is doubted, and no more.
func TestLostPodIsForgiven(t *testing.T) {
	p := newPool(3)
	p.busy(10*time.Minute, 60)
	if d := p.second(0, 0, 0, 45); d.Problem != ProblemVanished {
		t.Errorf("15 submissions are gone: %s", d.Problem)
	}
	p.second(20, 20, 0, 45)
	if !p.last.Fresh {
		t.Errorf("when others came and went: %s: %s", p.last.Problem, p.last.ProblemReason)
	}
}

// The same sample again is judged as before.
func TestSameSampleSameJudgement(t *testing.T) {
	p := newPool(3)
	p.busy(10*time.Minute, 60)
	p.sample(time.Second, -1000, 0, 0, 60)
	for range 3 {
		if d := p.decide(); d.Problem != ProblemReset {
			t.Errorf("got %q, want %s", d.Problem, ProblemReset)
		}
	}
	clock, window := p.in.State.clock, p.in.State.window
	p.sample(time.Second, 0, 0, 0, 60)
	p.decide()
	once := p.in.State
	p.decide()
	if once != p.in.State {
		t.Error("a sample that was taken in twice changed the state twice")
	}
	if clock != once.clock || window.highest() != once.window.highest() {
		t.Error("the first sample after a reset counts as time")
	}
}
