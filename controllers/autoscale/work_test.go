package autoscale

import (
	"math"
	"testing"
	"time"
)

// historyOf returns a history of arrivals at rate(second) with a service time in seconds, all of
// which finish, and its last reading.
func historyOf(seconds int, service float64, rate func(second int) float64) (*history, reading) {
	h := &history{}
	r := reading{time: epoch, counters: Counters{Known: true}}
	h.restart(r)
	for i := range seconds {
		before := r
		n := rate(i)
		r.busy = n * service
		r.counters.Arrived += n
		r.counters.Finished += n
		r.counters.ServiceSeconds += n * service
		h.add(r, before, time.Second)
	}
	return h, r
}

func TestMeasure(t *testing.T) {
	constant := func(rate float64) func(int) float64 { return func(int) float64 { return rate } }
	after := func(second int, before, then float64) func(int) float64 {
		return func(i int) float64 {
			if i < second {
				return before
			}
			return then
		}
	}
	for name, tc := range map[string]struct {
		seconds  int
		service  float64
		rate     func(int) float64
		podStart time.Duration
		want     float64
		// within is the tolerance. It is larger where the spacing of the points makes an interval longer.
		within float64
	}{
		"constant":                          {600, 2, constant(15), 5 * time.Second, 15, 0.01},
		"nothing":                           {600, 2, constant(0), 5 * time.Second, 0, 0.01},
		"flash, 7 s into it":                {607, 2, after(600, 2, 25), 5 * time.Second, (175 - 3*math.Sqrt(175)) / 7, 0.01},
		"flash, two minutes into it":        {720, 2, after(600, 2, 25), 5 * time.Second, 27.5, 2.5},
		"flash, four minutes into it":       {840, 2, after(600, 2, 25), 5 * time.Second, 25, 0.01},
		"an hour's flash, two minutes gone": {3720, 2, after(3600, 25, 2), 5 * time.Second, 2, 0.01},
		"10/s that became 12/s, slow pods":  {660, 2, after(600, 10, 12), time.Minute, 12 + (2-2*math.Sqrt(600+720)/60)*1.5, 0.3},
		"from 10/s to 12/s, pods at once":   {660, 2, after(600, 10, 12), time.Millisecond, 12 + (2-2*math.Sqrt(600+720)/60)*0.5, 0.3},
		"from 15/s to 15.5/s is no change":  {660, 2, after(600, 15, 15.5), time.Minute, 15.0625, 0.01},
		"no arrivals in the first minute":   {120, 2, after(60, 0, 1), 5 * time.Second, 1.3, 0.01},
	} {
		t.Run(name, func(t *testing.T) {
			h, r := historyOf(tc.seconds, tc.service, tc.rate)
			got := h.measure(7*time.Second, 0, r.busy, tc.podStart, Policy{Timeout: time.Minute})
			if math.Abs(got.rate-tc.want) > tc.within {
				t.Errorf("got %.3f/s, want %.3f/s", got.rate, tc.want)
			}
			if tc.want > 0 && (math.Abs(got.service-tc.service) > 0.01 || math.Abs(got.load-got.rate*got.service) > 0.01 || got.assumed) {
				t.Errorf("got %+v, want service %v", got, tc.service)
			}
		})
	}
}

// A queue proves growth with fewer arrivals.
func TestMeasureQueueProves(t *testing.T) {
	h, r := historyOf(607, 2, func(i int) float64 { return 2 + 23*float64(i/600) })
	want := (175 - math.Sqrt(175)) / 7
	if got := h.measure(7*time.Second, r.busy+1, r.busy, time.Second, Policy{Timeout: time.Minute}); math.Abs(got.rate-want) > 0.01 {
		t.Errorf("got %.2f/s, want %.2f/s", got.rate, want)
	}
}

// Long submissions raise the service time before the first has finished.
func TestMeasureLongRuns(t *testing.T) {
	h := &history{}
	r := reading{time: epoch, busy: 24, counters: Counters{Known: true, Arrived: 24}}
	h.restart(r)
	p := Policy{Timeout: time.Minute}
	if got := h.measure(7*time.Second, 0, 24, 0, p); got.service != assumedService || !got.assumed {
		t.Errorf("at first: %+v", got)
	}
	for range 20 {
		h.add(r, r, time.Second)
	}
	if got := h.measure(7*time.Second, 0, 24, 0, p); got.service < 10 || got.load < 24 {
		t.Errorf("24 run for 20 s and none has finished: %+v", got)
	}
	for range 200 {
		h.add(r, r, time.Second)
	}
	if got := h.measure(7*time.Second, 0, 24, 0, p); got.service > 60 {
		t.Errorf("longer than a submission may take: %+v", got)
	}
}

// Counters of a source without counters are not used.
func TestMeasureWithoutCounters(t *testing.T) {
	h := &history{}
	r := reading{time: epoch, busy: 40}
	h.restart(r)
	for range 300 {
		next := r
		next.counters.Arrived += 1000
		h.add(next, r, time.Second)
		r = next
	}
	if got := h.measure(7*time.Second, 0, 40, 0, Policy{Timeout: time.Minute}); got.rate != 0 || got.load != 40 || got.service != assumedService {
		t.Errorf("got %+v", got)
	}
}
