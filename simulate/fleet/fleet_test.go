package fleet

import (
	"slices"
	"testing"
	"time"

	"executorpool.dev/simulate/trace"
)

// script is the number of replicas for each second; the last one holds.
type script []int

func (script) Period() time.Duration { return time.Second }
func (s script) Replicas(v View) int { return s[min(int(v.Now/time.Second), len(s)-1)] }

func seconds(n ...float64) []time.Duration {
	var out []time.Duration
	for _, s := range n {
		out = append(out, time.Duration(s*float64(time.Second)))
	}
	return out
}

// at returns submissions with the given service time and arrival times.
func at(service time.Duration, times ...time.Duration) []trace.Submission {
	var out []trace.Submission
	for _, t := range times {
		out = append(out, trace.Submission{At: t, Service: service})
	}
	return out
}

func TestPlay(t *testing.T) {
	base := trace.Trace{Length: 10 * time.Second, PodStart: 3 * time.Second, Floor: 1, Ceiling: 9, Slots: 2, Target: time.Second}
	for name, tc := range map[string]struct {
		submissions []trace.Submission
		script      script
		waits       []time.Duration
		cost        float64
		turns       int
	}{
		"first in, first out on two slots":    {at(2*time.Second, seconds(0, 0, 0, 0.5, 5)...), script{1}, seconds(0, 0, 2, 1.5, 0), 10, 0},
		"a second replica after its start":    {at(4*time.Second, seconds(0, 0, 0, 0, 0)...), script{2}, seconds(0, 0, 3, 3, 4), 20, 0},
		"a draining replica ends its work":    {at(4*time.Second, seconds(3.5, 3.5, 3.5)...), script{2, 2, 2, 2, 1}, seconds(0, 0, 0), 17.5, 1},
		"a starting replica is removed first": {at(2*time.Second, seconds(0, 0)...), script{2, 1}, seconds(0, 0), 11, 1},
	} {
		t.Run(name, func(t *testing.T) {
			base.Submissions = tc.submissions
			got := Play(base, tc.script)
			if !slices.Equal(got.Waits, tc.waits) || got.ReplicaSeconds != tc.cost || got.Turns != tc.turns {
				t.Errorf("got waits %v, %v replica-seconds, %d turns; want %v, %v, %d", got.Waits, got.ReplicaSeconds, got.Turns, tc.waits, tc.cost, tc.turns)
			}
		})
	}
}

// watcher records the views.
type watcher struct {
	script
	views []View
}

func (w *watcher) Replicas(v View) int {
	w.views = append(w.views, v)
	return w.script.Replicas(v)
}

// In each view every submission that arrived waits, runs, has finished, or ran on a replica that
// drains.
func TestViewAddsUp(t *testing.T) {
	g := trace.All(0)[0]
	w := &watcher{script: script{3, 3, 9, 3, 20, 4}}
	for i := range 5000 {
		w.script = append(w.script, 3+i*7%11)
	}
	Play(g, w)
	for _, v := range w.views {
		if v.Waiting+v.Busy+v.Finished+v.Gone != v.Arrived || v.Ready > v.SpecReplicas {
			t.Fatalf("%+v", v)
		}
	}
}
