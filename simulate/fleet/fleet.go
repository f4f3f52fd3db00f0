// Package fleet plays a trace against an autoscaler in virtual time: one queue in order of arrival, replicas that take their
// time to start and drain before they go. Nothing in it is random.
//
// It is not a model of the cluster: no node is full, no pod fails, and any free slot takes the head of the queue at once,
// as with a gateway in front.
package fleet

import (
	"container/heap"
	"time"

	"executorpool.dev/simulate/trace"
)

// View is what an autoscaler may know at a moment.
type View struct {
	Now time.Duration
	// Written are the replicas last asked for, Ready those that take work.
	Written, Ready int
	// Waiting and Busy, of the replicas that are ready; one that drains is no longer asked.
	Waiting, Busy int
	// Totals since the beginning. Gone is what replicas held when they began to drain.
	Arrived, Finished, Gone int
	ServiceSeconds          float64
	Fault                   trace.Fault
}

// Autoscaler is asked each Period and answers how many replicas there are to be.
type Autoscaler interface {
	Period() time.Duration
	Replicas(View) int
}

// Result is how it went.
type Result struct {
	// Waits of all submissions, in order of arrival.
	Waits []time.Duration
	// ReplicaSeconds from the moment a replica is asked for until it is gone, draining included, within the trace's length.
	ReplicaSeconds float64
	// Peak is the highest number asked for. Turns are how often the direction changed.
	Peak, Turns int
}

type replica struct {
	asked, ready time.Duration
	busy         int
	draining     bool
}

type fleet struct {
	trace    trace.Trace
	now      time.Duration
	replicas []*replica
	// queue holds indexes of submissions, from head on.
	queue  []int
	head   int
	events events
	next   int // submission to arrive
	view   View
	result Result
	last   int // direction of the last change
}

// Play plays a trace. Past its length it goes on until nothing waits, without cost.
func Play(t trace.Trace, a Autoscaler) Result {
	f := &fleet{trace: t}
	f.result.Waits = make([]time.Duration, len(t.Submissions))
	for range t.Floor {
		f.replicas = append(f.replicas, &replica{})
	}
	f.view.Written, f.result.Peak = t.Floor, t.Floor
	tick := time.Duration(0)
	for f.now < t.Length || f.next < len(t.Submissions) || f.head < len(f.queue) {
		at := tick
		if len(f.events) > 0 {
			at = min(at, f.events[0].at)
		}
		if f.next < len(t.Submissions) {
			at = min(at, t.Submissions[f.next].At)
		}
		f.now = at
		for len(f.events) > 0 && f.events[0].at == at {
			f.happen(heap.Pop(&f.events).(event))
		}
		for f.next < len(t.Submissions) && t.Submissions[f.next].At == at {
			f.queue = append(f.queue, f.next)
			f.next++
		}
		f.dispatch()
		if at == tick {
			f.scale(a.Replicas(f.look()))
			tick += a.Period()
		}
	}
	for _, r := range f.replicas {
		f.charge(r)
	}
	return f.result
}

func (f *fleet) look() View {
	v := f.view
	v.Now, v.Waiting, v.Arrived = f.now, len(f.queue)-f.head, f.next
	for _, r := range f.replicas {
		if !r.draining && r.ready <= f.now {
			v.Ready++
			v.Busy += r.busy
		}
	}
	if f.trace.Fault != nil {
		v.Fault = f.trace.Fault(f.now)
	}
	return v
}

// happen ends a run, or does nothing but make time pass until a replica is ready.
func (f *fleet) happen(e event) {
	if e.run == 0 {
		return
	}
	e.replica.busy--
	if !e.replica.draining {
		f.view.Finished++
		f.view.ServiceSeconds += e.run.Seconds()
	} else if e.replica.busy == 0 {
		f.remove(e.replica)
	}
}

// dispatch gives the head of the queue to the replica with the most free slots, until there is none.
func (f *fleet) dispatch() {
	for f.head < len(f.queue) {
		var best *replica
		for _, r := range f.replicas {
			if !r.draining && r.ready <= f.now && r.busy < f.trace.Slots && (best == nil || r.busy < best.busy) {
				best = r
			}
		}
		if best == nil {
			return
		}
		i := f.queue[f.head]
		f.head++
		best.busy++
		run := f.trace.Submissions[i].Takes
		f.result.Waits[i] = f.now - f.trace.Submissions[i].At
		heap.Push(&f.events, event{f.now + run, run, best, i})
	}
}

// scale starts or removes replicas: those that are not ready first, then those with the least to do.
func (f *fleet) scale(to int) {
	from := f.view.Written
	f.view.Written = to
	f.result.Peak = max(f.result.Peak, to)
	if direction := sign(to - from); direction != 0 {
		if f.last == -direction {
			f.result.Turns++
		}
		f.last = direction
	}
	for ; from < to; from++ {
		r := &replica{asked: f.now, ready: f.now + f.trace.PodStart}
		f.replicas = append(f.replicas, r)
		heap.Push(&f.events, event{at: r.ready, replica: r})
	}
	for ; from > to; from-- {
		var goes *replica
		for _, r := range f.replicas {
			if !r.draining && (goes == nil || f.before(r, goes)) {
				goes = r
			}
		}
		goes.draining = true
		f.view.Gone += goes.busy
		if goes.busy == 0 {
			f.remove(goes)
		}
	}
}

func (f *fleet) before(a, b *replica) bool {
	if aReady, bReady := a.ready <= f.now, b.ready <= f.now; aReady != bReady {
		return !aReady
	}
	if a.busy != b.busy {
		return a.busy < b.busy
	}
	return a.asked > b.asked
}

func (f *fleet) remove(gone *replica) {
	f.charge(gone)
	kept := f.replicas[:0]
	for _, r := range f.replicas {
		if r != gone {
			kept = append(kept, r)
		}
	}
	f.replicas = kept
}

func (f *fleet) charge(r *replica) {
	until := min(f.now, f.trace.Length)
	f.result.ReplicaSeconds += max(0, until-r.asked).Seconds()
}

func sign(n int) int {
	switch {
	case n > 0:
		return 1
	case n < 0:
		return -1
	}
	return 0
}

// event is the end of a run, or a replica that becomes ready (run 0).
type event struct {
	at, run time.Duration
	replica *replica
	order   int // of arrival, so that what happens at one moment has an order
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if e[i].at != e[j].at {
		return e[i].at < e[j].at
	}
	return e[i].order < e[j].order
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	last := old[len(old)-1]
	*e = old[:len(old)-1]
	return last
}
