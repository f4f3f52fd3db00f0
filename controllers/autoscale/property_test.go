package autoscale

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// move is a change of the replicas.
type move struct {
	at       time.Time
	from, to int32
}

// world is a pool under a random load: one queue, slots, and pods with a start time.
type world struct {
	in                Input
	arrived, inSystem float64
	finished          float64
	pods              []time.Time // when each is ready
}

func (w *world) step(d time.Duration, arrivals int, service float64) {
	w.in.Now = w.in.Now.Add(d)
	ready := int32(0)
	for _, at := range w.pods {
		if !at.After(w.in.Now) {
			ready++
		}
	}
	slots := float64(ready * w.in.Policy.SlotsPerReplica)
	w.arrived += float64(arrivals)
	w.inSystem += float64(arrivals)
	ended := math.Floor(min(w.inSystem, slots) * min(1, d.Seconds()/service))
	w.inSystem -= ended
	w.finished += ended
	busy := min(w.inSystem, slots)
	w.in.Fleet.ReadyReplicas = ready
	w.in.Sample = Sample{Time: w.in.Now, Asked: ready, Answered: ready, Waiting: w.inSystem - busy, Busy: busy, Slots: slots,
		Counters: Counters{Known: true, Arrived: w.arrived, Finished: w.finished, ServiceSeconds: w.finished * service}}
}

func (w *world) scale(replicas int32, start time.Duration) {
	for int32(len(w.pods)) < replicas {
		w.pods = append(w.pods, w.in.Now.Add(start))
	}
	w.pods = w.pods[:replicas]
	w.in.Fleet.SpecReplicas = replicas
}

var faults = map[string]func(*Sample){
	"missing": func(s *Sample) { *s = Sample{} },
	"NaN":     func(s *Sample) { s.Busy = math.NaN() },
	"silent":  func(s *Sample) { s.Answered /= 2; s.Busy, s.Waiting = 0, 0 },
	"zero":    func(s *Sample) { s.Busy, s.Waiting, s.Counters = 0, 0, Counters{Known: true} },
	"huge":    func(s *Sample) { s.Waiting = 1e300 },
	"old":     func(s *Sample) { s.Time = s.Time.Add(-time.Hour) },
	"unknown": func(s *Sample) { s.Counters = Counters{} },
}

func TestDecideProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		floor := rapid.Int32Range(0, 10).Draw(t, "floor")
		ceiling := rapid.Int32Range(1, 40).Draw(t, "ceiling")
		window := time.Duration(rapid.IntRange(30, 300).Draw(t, "window")) * time.Second
		start := time.Duration(rapid.IntRange(0, 60).Draw(t, "pod start")) * time.Second
		service := rapid.Float64Range(0.1, 20).Draw(t, "service")
		steps := rapid.IntRange(50, 400).Draw(t, "steps")
		holds := rapid.SampledFrom([]Hold{HoldNone, HoldNone, HoldNone, HoldIn, HoldOut, HoldBoth}).Draw(t, "hold")

		w := &world{in: Input{Now: epoch, Policy: Policy{Replicas: floor, Floor: floor, Ceiling: ceiling, SlotsPerReplica: 8,
			TargetWait: 5 * time.Second, Stabilization: window, Hold: holds}, Fleet: Fleet{PodStart: start}}}
		w.scale(floor, 0)
		var moves []move
		rate := 0.0
		for range steps {
			if rapid.IntRange(0, 20).Draw(t, "change") == 0 {
				rate = rapid.Float64Range(0, 40).Draw(t, "rate")
			}
			burst := 0
			if rapid.IntRange(0, 60).Draw(t, "burst?") == 0 {
				burst = rapid.IntRange(0, 500).Draw(t, "burst")
			}
			d := time.Duration(rapid.IntRange(1, 5).Draw(t, "seconds")) * time.Second
			w.step(d, int(rate*d.Seconds())+burst, service)
			if rapid.IntRange(0, 9).Draw(t, "fault?") == 0 {
				faults[rapid.SampledFrom([]string{"missing", "NaN", "silent", "zero", "huge", "old", "unknown"}).Draw(t, "fault")](&w.in.Sample)
			}
			before := w.in.Fleet.SpecReplicas
			decision := Decide(w.in)
			if again := Decide(w.in); again != decision {
				t.Fatalf("the same input gave %+v and %+v", decision, again)
			}
			got := decision.Replicas
			switch {
			case got < floor:
				t.Fatalf("%d replicas, floor %d: %s", got, floor, decision.Reason)
			case got > max(floor, ceiling):
				t.Fatalf("%d replicas, ceiling %d, floor %d: %s", got, ceiling, floor, decision.Reason)
			case !decision.Fresh && got != before:
				t.Fatalf("from %d to %d on a distrusted sample (%s): %s", before, got, decision.DistrustReason, decision.Reason)
			case decision.Reason == "" || decision.Fresh != (decision.DistrustReason == ""):
				t.Fatalf("no reason: %+v", decision)
			case holds != HoldNone && (holds != HoldIn && got > before || holds != HoldOut && got < before):
				t.Fatalf("from %d to %d with hold %s", before, got, holds)
			}
			if got != before {
				moves = append(moves, move{w.in.Now, before, got})
			}
			w.in.State = decision.State
			w.scale(got, start)
		}
		atMostOneTurn(t, moves, window)
	})
}

// atMostOneTurn checks that the moves within any window change direction at most once: no
// scale-down follows a scale-up in it.
func atMostOneTurn(t *rapid.T, moves []move, window time.Duration) {
	for i, up := range moves {
		for _, down := range moves[i+1:] {
			if up.to > up.from && down.to < down.from && down.at.Sub(up.at) < window {
				t.Fatalf("up %d -> %d and down %d -> %d only %s later", up.from, up.to, down.from, down.to, down.at.Sub(up.at))
			}
		}
	}
}

// The highest need of a window equals the highest need pushed within the span. A full window may be
// higher, never lower.
func TestWindowIsHighest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const span = 100 * time.Second
		var w window
		var all []step
		at := time.Duration(0)
		most := rapid.SampledFrom([]int32{5, maxSteps, 1000}).Draw(t, "most")
		for range rapid.IntRange(1, 300).Draw(t, "n") {
			at += time.Duration(rapid.IntRange(0, 10).Draw(t, "after")) * time.Second
			need := rapid.Int32Range(0, most).Draw(t, "need")
			w.push(at, need, observed, span)
			all = append(all, step{at: at, need: need})
			highest := int32(0)
			for _, s := range all {
				if at-s.at < span {
					highest = max(highest, s.need)
				}
			}
			if got := w.highest(); got < highest || most < maxSteps && got != highest {
				t.Fatalf("got %d, want %d", got, highest)
			}
		}
	})
}

// FuzzDecide passes arbitrary samples to a busy pool. Decide does not panic, and within one window
// of an observed need no replica goes.
func FuzzDecide(f *testing.F) {
	f.Add(int64(1), 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, int32(9), int32(9), int32(9), int32(9), int64(0), true)
	f.Add(int64(1), math.NaN(), -1.0, 1e300, math.Inf(1), math.Copysign(0, -1), 5e-324, int32(-1), int32(1<<31-1), int32(-1<<31), int32(4), int64(math.MinInt64), false)
	f.Add(int64(-600), 100.0, 72.0, 1e9, 1e9, 1e9, 0.0, int32(10), int32(3), int32(10), int32(9), int64(math.MaxInt64), true)
	working := *newPool(3)
	working.busy(5*time.Minute, 72)
	need := working.last.Replicas
	f.Fuzz(func(t *testing.T, seconds int64, waiting, busy, arrived, finished, served, slots float64, written, ready, asked, answered int32, offset int64, known bool) {
		p := working
		for range 3 {
			p.in.Now = p.in.Now.Add(time.Duration(seconds%1e9) * time.Second)
			p.in.Fleet = Fleet{SpecReplicas: written, ReadyReplicas: ready, PodStart: time.Duration(offset)}
			p.in.Sample = Sample{Time: p.in.Now.Add(time.Duration(offset)), Asked: asked, Answered: answered, Waiting: waiting, Busy: busy, Slots: slots,
				Counters: Counters{known, arrived, finished, served, 0}}
			d := Decide(p.in)
			if d.Replicas < need || d.Replicas > p.in.Policy.Ceiling || d.Reason == "" || d.Fresh != (d.Distrust == "") {
				t.Fatalf("need %d, got %+v", need, d)
			}
			if !d.Fresh && d.Replicas != p.last.Replicas {
				t.Fatalf("%d replicas after %d on a distrusted sample: %s", d.Replicas, p.last.Replicas, d.Reason)
			}
			p.last, p.in.State = d, d.State
			waiting, busy, written = busy, waiting, ready
		}
		// Any policy, with an empty state.
		in := p.in
		in.State = State{}
		in.Policy = Policy{Replicas: written, Floor: ready, Ceiling: asked, SlotsPerReplica: answered, TargetWait: time.Duration(offset),
			Stabilization: time.Duration(seconds), Timeout: time.Duration(offset), StaleAfter: time.Duration(seconds), Hold: Hold("?")}
		if d := Decide(in); d.Replicas < max(ready, 0) {
			t.Fatalf("floor %d, got %+v", ready, d)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	p := newPool(3)
	p.busy(20*time.Minute, 72)
	for _, tc := range []struct {
		name string
		load float64
	}{{"idle", 0}, {"busy", 72}, {"burst", 300}} {
		b.Run(tc.name, func(b *testing.B) {
			p := *p
			p.busy(10*time.Second, tc.load)
			p.sample(time.Second, tc.load/2, tc.load/2, p.in.Sample.Waiting, p.in.Sample.Busy)
			b.ReportAllocs()
			for b.Loop() {
				Decide(p.in)
			}
		})
	}
}
