package sampling

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"executorpool.dev/executor/api"
)

var demo = types.NamespacedName{Namespace: "contests", Name: "demo"}

// fleet answers for pods in virtual time.
type fleet struct {
	mu       sync.Mutex
	began    time.Time
	states   map[string]api.State
	silent   map[string]bool
	asked    []string
	readings []Reading
	at       []time.Time
}

func newFleet() *fleet {
	return &fleet{began: time.Now().Add(-time.Minute), states: map[string]api.State{}, silent: map[string]bool{}}
}

func (f *fleet) ask(ctx context.Context, t Target) Answer {
	f.mu.Lock()
	state, silent := f.states[t.Name], f.silent[t.Name]
	f.asked = append(f.asked, t.Name)
	f.mu.Unlock()
	if silent {
		select {
		case <-ctx.Done():
		case <-time.After(Timeout):
		}
		return Answer{Name: t.Name, Err: errors.New("no answer")}
	}
	time.Sleep(time.Millisecond)
	if state.UptimeMillis == 0 {
		state.UptimeMillis = time.Since(f.began).Milliseconds()
	}
	answer := Answer{Name: t.Name, State: state}
	answer.Err = plausible(state)
	return answer
}

func (f *fleet) observe(_ types.NamespacedName, r Reading) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readings, f.at = append(f.readings, r), append(f.at, time.Now())
}

func (f *fleet) set(pod string, change func(*api.State)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	state, known := f.states[pod]
	if !known {
		state = api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}
	}
	change(&state)
	f.states[pod] = state
}

func (f *fleet) silence(pod string, silent bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silent[pod] = silent
}

// take returns and forgets the questions and readings since its last call.
func (f *fleet) take() (asked []string, readings []Reading) {
	f.mu.Lock()
	defer f.mu.Unlock()
	asked, readings = f.asked, f.readings
	f.asked, f.readings, f.at = nil, nil, nil
	return asked, readings
}

func (f *fleet) targets(n int) []Target {
	var targets []Target
	for i := range n {
		name := fmt.Sprintf("pod-%d", i)
		f.set(name, func(*api.State) {})
		targets = append(targets, Target{Name: name, UID: types.UID(name), IP: "10.0.0.1", Ready: true})
	}
	return targets
}

// polled runs a test beside a poller, in virtual time.
func polled(t *testing.T, test func(t *testing.T, p *Poller, f *fleet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		p := newPoller(f.ask, clock.RealClock{}, f.observe)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- p.Start(ctx) }()
		test(t, p, f)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestCalmPoolAskedInTurn(t *testing.T) {
	polled(t, func(t *testing.T, p *Poller, f *fleet) {
		p.Follow(demo, Pool{Targets: f.targets(4), Interval: time.Second, Alert: true})
		time.Sleep(3 * time.Second)
		f.take()
		time.Sleep(10 * time.Second)
		asked, readings := f.take()
		if len(asked) < 38 || len(asked) > 42 || len(readings) < 9 || len(readings) > 11 {
			t.Errorf("4 pods asked %d times and %d rounds in 10 s, want each pod each second", len(asked), len(readings))
		}
		for i := 4; i < len(asked); i++ {
			if slices.Contains(asked[i-3:i], asked[i]) {
				t.Fatalf("asked in the order %v, want each in turn", asked)
			}
		}
	})
}

// TestQueueSeenEarlyAndWhole has a burst arrive over 150 ms, at moments across the interval.
func TestQueueSeenEarlyAndWhole(t *testing.T) {
	for offset := 0 * time.Millisecond; offset < time.Second; offset += 70 * time.Millisecond {
		polled(t, func(t *testing.T, p *Poller, f *fleet) {
			p.Follow(demo, Pool{Targets: f.targets(3), Interval: time.Second, Alert: true})
			time.Sleep(5*time.Second + offset)
			f.take()
			began := time.Now()
			for range 3 {
				for i := range 3 {
					f.set(fmt.Sprintf("pod-%d", i), func(s *api.State) { s.Busy = 8; s.Queued += 20; s.Accepted += 20 })
				}
				time.Sleep(50 * time.Millisecond)
			}
			time.Sleep(600 * time.Millisecond)
			f.mu.Lock()
			defer f.mu.Unlock()
			for i, r := range f.readings {
				if r.Sample.Waiting == 0 {
					continue
				}
				if r.Sample.Waiting != 180 {
					t.Errorf("offset %v: the first reading with a queue says %v waiting, want all 180", offset, r.Sample.Waiting)
				}
				if took := f.at[i].Sub(began); took > 700*time.Millisecond {
					t.Errorf("offset %v: read after %v", offset, took)
				}
				return
			}
			t.Errorf("offset %v: no reading has the queue", offset)
		})
	}
}

func TestSilentPodCountsAsSilent(t *testing.T) {
	polled(t, func(t *testing.T, p *Poller, f *fleet) {
		p.Follow(demo, Pool{Targets: f.targets(2), Interval: time.Second, Alert: true})
		f.set("pod-0", func(s *api.State) { s.Busy = 5 })
		time.Sleep(3 * time.Second)
		f.silence("pod-0", true)
		time.Sleep(2 * time.Second)
		f.take()
		time.Sleep(time.Second)
		_, readings := f.take()
		for _, r := range readings {
			if r.Sample.Busy != 5 {
				t.Errorf("one missed answer and the pool is %v busy, want the 5 that were seen last", r.Sample.Busy)
			}
		}
		time.Sleep(12 * time.Second)
		_, readings = f.take()
		last := readings[len(readings)-1].Sample
		if last.Asked != 2 || last.Answered != 1 {
			t.Errorf("%d of %d answered, want 1 of 2", last.Answered, last.Asked)
		}
		if !slices.ContainsFunc(readings, func(r Reading) bool { return r.Changed }) {
			t.Error("no reading reports that a pod is silent")
		}
		f.silence("pod-0", false)
		time.Sleep(8 * time.Second)
		_, readings = f.take()
		if last := readings[len(readings)-1].Sample; last.Answered != 2 || last.Busy != 5 {
			t.Errorf("%d answered and %v busy after recovery, want 2 and 5", last.Answered, last.Busy)
		}
	})
}

func TestFrozenPodCountsAsSilent(t *testing.T) {
	polled(t, func(t *testing.T, p *Poller, f *fleet) {
		p.Follow(demo, Pool{Targets: f.targets(1), Interval: time.Second, Alert: true})
		f.set("pod-0", func(s *api.State) { s.UptimeMillis = 123456 })
		time.Sleep(4 * time.Second)
		reading, answers := p.Read(demo)
		if reading.Sample.Answered != 0 || !errors.Is(answers["pod-0"].Err, ErrFrozen) {
			t.Errorf("%d answered, answer %v; want none and a frozen one", reading.Sample.Answered, answers["pod-0"].Err)
		}
	})
}

// TestPodThatHidesItsWorkCountsAsSilent has a pod report no work while its counters say that it
// holds 50 submissions.
func TestPodThatHidesItsWorkCountsAsSilent(t *testing.T) {
	polled(t, func(t *testing.T, p *Poller, f *fleet) {
		p.Follow(demo, Pool{Targets: f.targets(1), Interval: time.Second, Alert: true})
		f.set("pod-0", func(s *api.State) { s.Accepted, s.Answered = 150, 100 })
		time.Sleep(1500 * time.Millisecond)
		if reading, _ := p.Read(demo); reading.Sample.Answered != 1 {
			t.Error("a state that may be due to a busy node is distrusted")
		}
		time.Sleep(3 * time.Second)
		if reading, answers := p.Read(demo); reading.Sample.Answered != 0 || !errors.Is(answers["pod-0"].Err, ErrImpossible) {
			t.Errorf("%d answered, answer %v; want none and an impossible one", reading.Sample.Answered, answers["pod-0"].Err)
		}
	})
}

func TestManySilentPodsDelayNobody(t *testing.T) {
	polled(t, func(t *testing.T, p *Poller, f *fleet) {
		dead := types.NamespacedName{Namespace: "contests", Name: "dead"}
		var targets []Target
		for i := range 400 {
			name := fmt.Sprintf("dead-%d", i)
			f.silence(name, true)
			targets = append(targets, Target{Name: name, UID: types.UID(name), IP: "10.0.0.2", Ready: true})
		}
		p.Follow(dead, Pool{Targets: targets, Interval: time.Second, Alert: true})
		p.Follow(demo, Pool{Targets: f.targets(2), Interval: time.Second, Alert: true})
		time.Sleep(30 * time.Second)
		f.take()
		time.Sleep(30 * time.Second)
		asked, _ := f.take()
		lively := 0
		for _, name := range asked {
			if name == "pod-0" || name == "pod-1" {
				lively++
			}
		}
		if lively < 15 {
			t.Errorf("2 pods were asked %d times in 30 s beside 400 silent ones", lively)
		}
	})
}

func TestRefreshWaitsForAll(t *testing.T) {
	polled(t, func(t *testing.T, p *Poller, f *fleet) {
		if !p.Follow(demo, Pool{Targets: f.targets(3), Interval: 5 * time.Second}) {
			t.Error("a pool that was not followed is not new")
		}
		p.Refresh(t.Context(), demo)
		_, answers := p.Read(demo)
		if len(answers) != 3 {
			t.Errorf("%d answers after a refresh, want 3", len(answers))
		}
		time.Sleep(2 * time.Second)
		f.set("pod-1", func(s *api.State) { s.Busy = 3 })
		began := time.Now()
		p.Refresh(t.Context(), demo)
		if reading, _ := p.Read(demo); reading.Sample.Busy != 3 || time.Since(began) > 100*time.Millisecond {
			t.Errorf("%v busy after a refresh of %v, want 3 at once", reading.Sample.Busy, time.Since(began))
		}
		f.silence("pod-2", true)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		p.Refresh(ctx, demo)
		p.Forget(demo)
		if _, answers := p.Read(demo); answers != nil {
			t.Errorf("answers of a pool that is forgotten: %v", answers)
		}
	})
}

// TestCountersOutliveTheirPods follows a pool through a restart and the end of a pod.
func TestCountersOutliveTheirPods(t *testing.T) {
	var sums counterSums
	check := func(step string, arrived, finished, served, gone float64) {
		t.Helper()
		got := []float64{sums.total.Arrived, sums.total.Finished, sums.total.ServiceSeconds, sums.total.Gone}
		if diff := cmp.Diff([]float64{arrived, finished, served, gone}, got); diff != "" {
			t.Errorf("%s: arrived, finished, slot-seconds, gone (-want +got):\n%s", step, diff)
		}
	}
	sums.record("a", api.State{UptimeMillis: 9e6, Accepted: 1000, Answered: 997, Finished: 990, ServedMillis: 2e6, Busy: 2, Queued: 1})
	check("a pod with a past", 3, 0, 0, 0)
	sums.record("a", api.State{UptimeMillis: 9.001e6, Accepted: 1010, Answered: 1004, Finished: 996, ServedMillis: 2.012e6, Busy: 4, Queued: 2})
	check("it works on", 13, 6, 12, 1)
	sums.record("a", api.State{UptimeMillis: 500, Accepted: 2, Answered: 1, Finished: 1, ServedMillis: 100, Busy: 1})
	check("its container restarted", 15, 7, 12.1, 7)
	sums.record("b", api.State{UptimeMillis: 100})
	sums.record("b", api.State{UptimeMillis: 1100, Accepted: 5, Busy: 5})
	check("another pod", 20, 7, 12.1, 7)
	sums.keep(map[types.UID]bool{"a": true})
	check("the other pod is gone", 20, 7, 12.1, 12)
	sums.record("b", api.State{UptimeMillis: 3100, Accepted: 5, Answered: 5, Finished: 5})
	check("it is back, idle", 20, 7, 12.1, 12)
}

func TestQueueBeginsInOneOfManyPools(t *testing.T) {
	polled(t, func(t *testing.T, p *Poller, f *fleet) {
		const pools = 500
		for i := range pools {
			name := fmt.Sprintf("pod-of-%d", i)
			f.set(name, func(*api.State) {})
			p.Follow(types.NamespacedName{Namespace: "contests", Name: fmt.Sprint(i)}, Pool{
				Targets:  []Target{{Name: name, UID: types.UID(name), IP: "10.0.0.1", Ready: true}},
				Interval: time.Second, Alert: true,
			})
		}
		time.Sleep(5 * time.Second)
		f.take()
		time.Sleep(10 * time.Second)
		asked, _ := f.take()
		counts := map[string]int{}
		for _, pod := range asked {
			counts[pod]++
		}
		for i := range pools {
			if n := counts[fmt.Sprintf("pod-of-%d", i)]; n < 9 || n > 11 {
				t.Fatalf("pod of pool %d was asked %d times in 10 s, want once a second", i, n)
			}
		}
		f.set("pod-of-7", func(s *api.State) { s.Busy, s.Queued = 8, 40 })
		time.Sleep(1200 * time.Millisecond)
		_, readings := f.take()
		if !slices.ContainsFunc(readings, func(r Reading) bool { return r.Sample.Waiting == 40 }) {
			t.Error("no reading has the queue within its second and the time to settle")
		}
	})
}
