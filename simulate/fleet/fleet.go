package fleet

import (
	"container/heap"
	"time"

	"executorpool.dev/simulate/trace"
)

// View is what an autoscaler may observe at one instant.
type View struct {
	// Now is the time since the beginning of the trace.
	Now time.Duration
	// SpecReplicas is the last answer of the autoscaler, Ready the number of replicas that accept
	// work.
	SpecReplicas, Ready int
	// Waiting is the queue depth. Busy is the number of busy slots of the ready replicas; a replica
	// that drains is not ready.
	Waiting, Busy int
	// Arrived, Finished, Gone and ServiceSeconds are totals since the beginning. Gone counts the
	// submissions that ran on a replica when it began to drain. ServiceSeconds is the sum of the
	// service times of the finished submissions.
	Arrived, Finished, Gone int
	ServiceSeconds          float64
	// Fault is the fault of the metrics, which the autoscaler applies to the other fields.
	Fault trace.Fault
}

// Autoscaler decides the number of replicas.
type Autoscaler interface {
	// Period returns the time between two decisions.
	Period() time.Duration
	// Replicas returns the desired number of replicas.
	Replicas(View) int
}

// Result is the outcome of a trace.
type Result struct {
	// Waits are the queue waits of all submissions, in order of arrival.
	Waits []time.Duration
	// ReplicaSeconds is the sum over all replicas of the time from the order to the end, drains
	// included. Time after the length of the trace does not count.
	ReplicaSeconds float64
	// Peak is the highest number of replicas that was ordered. Turns is the number of changes between
	// scaling up and scaling down.
	Peak, Turns int
}

// replica is a replica that was ordered and has not ended.
type replica struct {
	// ordered and ready are times since the beginning.
	ordered, ready time.Duration
	busy           int
	draining       bool
}

// fleet is the state of Play.
type fleet struct {
	trace    trace.Trace
	now      time.Duration
	replicas []*replica
	// queue[head:] are the indexes of the waiting submissions.
	queue  []int
	head   int
	events events
	next   int // index of the next submission to arrive
	view   View
	result Result
	last   int // sign of the last change of the replicas
}

// Play plays the trace against the autoscaler. After the length of the trace it continues, without
// cost, until no submission waits.
func Play(t trace.Trace, a Autoscaler) Result {
	f := &fleet{trace: t}
	f.result.Waits = make([]time.Duration, len(t.Submissions))
	for range t.Floor {
		f.replicas = append(f.replicas, &replica{})
	}
	f.view.SpecReplicas, f.result.Peak = t.Floor, t.Floor
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
			f.handle(heap.Pop(&f.events).(event))
		}
		for f.next < len(t.Submissions) && t.Submissions[f.next].At == at {
			f.queue = append(f.queue, f.next)
			f.next++
		}
		f.dispatch()
		if at == tick {
			f.scale(a.Replicas(f.observe()))
			tick += a.Period()
		}
	}
	for _, r := range f.replicas {
		f.charge(r)
	}
	return f.result
}

// observe returns the view at the current time.
func (f *fleet) observe() View {
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

// handle ends a run. The event of a replica that becomes ready only advances the time.
func (f *fleet) handle(e event) {
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

// dispatch assigns the head of the queue to the ready replica with the most free slots, until the
// queue is empty or no slot is free.
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
		run := f.trace.Submissions[i].Service
		f.result.Waits[i] = f.now - f.trace.Submissions[i].At
		heap.Push(&f.events, event{f.now + run, run, best, i})
	}
}

// scale orders or drains replicas. See before for the order in which replicas drain.
func (f *fleet) scale(to int) {
	from := f.view.SpecReplicas
	f.view.SpecReplicas = to
	f.result.Peak = max(f.result.Peak, to)
	if direction := sign(to - from); direction != 0 {
		if f.last == -direction {
			f.result.Turns++
		}
		f.last = direction
	}
	for ; from < to; from++ {
		r := &replica{ordered: f.now, ready: f.now + f.trace.PodStart}
		f.replicas = append(f.replicas, r)
		heap.Push(&f.events, event{at: r.ready, replica: r})
	}
	for ; from > to; from-- {
		var candidate *replica
		for _, r := range f.replicas {
			if !r.draining && (candidate == nil || f.before(r, candidate)) {
				candidate = r
			}
		}
		candidate.draining = true
		f.view.Gone += candidate.busy
		if candidate.busy == 0 {
			f.remove(candidate)
		}
	}
}

// before reports whether a drains before b: replicas that are not ready first, then those with
// fewer busy slots, then the newer ones.
func (f *fleet) before(a, b *replica) bool {
	if aReady, bReady := a.ready <= f.now, b.ready <= f.now; aReady != bReady {
		return !aReady
	}
	if a.busy != b.busy {
		return a.busy < b.busy
	}
	return a.ordered > b.ordered
}

// remove ends a replica.
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

// charge adds the time since the order of the replica to the result.
func (f *fleet) charge(r *replica) {
	until := min(f.now, f.trace.Length)
	f.result.ReplicaSeconds += max(0, until-r.ordered).Seconds()
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

// event is the end of a run, or the instant at which a replica becomes ready (run is 0).
type event struct {
	at, run time.Duration
	replica *replica
	order   int // index of the submission, which orders events at one instant
}

// events is a heap of events by time.
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
