package supervisor

import (
	"sync"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/wire"
)

const (
	// briefService is the mean service time of a slot below which the slot prefetches. Only then is
	// the way to the supervisor and back a large part of the whole.
	briefService = 3 * time.Millisecond
	// prefetchTimeout is how long a prefetched assignment may wait for its slot.
	prefetchTimeout = 5 * time.Millisecond
	// prefetchMaxBytes is a size in bytes that fits into any empty pipe (PIPE_BUF in pipe(7)). A
	// supervisor that blocked in the write would not read the completion that the worker writes.
	prefetchMaxBytes = 4 << 10
)

// prefetcher is the source of a slot that prefetches while its jobs are brief: the next assignment
// waits in the pipe of the slot while the slot runs another job, so that the worker does not wait
// for the supervisor after each.
//
// The prefetched job still counts as waiting. The slot claims it when the completion of the job
// before it arrives. When that takes longer than prefetchTimeout, the supervisor cancels the
// prefetch: the worker decides, under the lock under which jobs begin, whether the assignment has
// begun. If it has not, the job goes back to the head of the queue, where any slot can pop it. So
// no job waits for the long run of another one while a slot is free.
type prefetcher struct {
	slot *slot

	mu          sync.Mutex
	meanService time.Duration // exponential moving average with weight 1/8
	seq         uint64
	ticket      *queue.Ticket[*job.Job] // nil while nothing is prefetched
	timer       *time.Timer
	resolved    chan struct{} // not nil after a cancellation; closed by the answer of the worker
}

// newPrefetcher returns the source of a slot whose jobs are not known to be brief.
func newPrefetcher(s *slot) *prefetcher {
	return &prefetcher{slot: s, meanService: 2 * briefService}
}

// next implements source. It claims the prefetched job if there is one.
func (p *prefetcher) next() (item queue.Popped[*job.Job], assigned bool, err error) {
	if item, ok := p.claim(); ok {
		return item, true, nil
	}
	process := p.slot.process
	item, err = process.sup.cfg.Queue.Pop(process.intake)
	return item, false, err
}

// claim returns the prefetched job, which the slot now runs. ok is false when nothing was
// prefetched or the prefetch was cancelled.
func (p *prefetcher) claim() (item queue.Popped[*job.Job], ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if resolved := p.resolved; resolved != nil {
		p.mu.Unlock()
		select {
		case <-resolved:
		case <-p.slot.process.exited:
		}
		p.mu.Lock()
	}
	if p.ticket == nil {
		return item, false
	}
	p.timer.Stop()
	item = p.ticket.Claim()
	p.ticket, p.resolved = nil, nil
	return item, true
}

// running implements source. It prefetches the head of the queue if the jobs of the slot are brief
// and the head is small.
func (p *prefetcher) running() error {
	s := p.slot
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.meanService >= briefService || s.process.intake.Err() != nil {
		return nil
	}
	ticket := s.process.sup.cfg.Queue.Reserve(func(j *job.Job) bool { return wireSize(j.Request) < prefetchMaxBytes })
	if ticket == nil {
		return nil
	}
	if err := s.assign(ticket.Value()); err != nil {
		returnTicket(ticket)
		return err
	}
	seq := s.seq
	p.ticket, p.seq, p.resolved = ticket, seq, nil
	p.timer = time.AfterFunc(prefetchTimeout, func() { p.cancel(seq) })
	return nil
}

// completed implements source.
func (p *prefetcher) completed(held time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.meanService += (held - p.meanService) / 8
}

// cancel sends the worker a cancellation of the prefetched assignment seq.
func (p *prefetcher) cancel(seq uint64) {
	p.mu.Lock()
	waiting := p.ticket != nil && p.seq == seq
	if waiting {
		p.resolved = make(chan struct{})
		p.meanService = max(p.meanService, 2*briefService)
	}
	p.mu.Unlock()
	if !waiting {
		return
	}
	process := p.slot.process
	if err := process.ends.Control.Send(&wire.Cancel{Slot: p.slot.index, Seq: seq, PrefetchOnly: true}); err != nil {
		process.kill(Crashed)
	}
}

// notify implements source. It receives the worker's answer to a cancellation.
func (p *prefetcher) notify(n wire.Notification) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ticket == nil || p.seq != n.Seq || p.resolved == nil {
		return
	}
	close(p.resolved)
	p.resolved = nil
	if n.Kind == wire.PrefetchCancelled {
		returnTicket(p.ticket)
		p.ticket = nil
	}
}

// close implements source. It returns the prefetched job to the queue. The job has not begun,
// because the completion of the job before it never arrived.
func (p *prefetcher) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ticket == nil {
		return
	}
	p.timer.Stop()
	returnTicket(p.ticket)
	p.ticket = nil
}

// returnTicket returns a reserved job to the queue. Jobs that were cleared meanwhile are answered
// Dropped.
func returnTicket(ticket *queue.Ticket[*job.Job]) {
	if !ticket.Return() {
		ticket.Value().Answer(job.Outcome{Disposition: job.Dropped})
	}
}

// wireSize returns an upper bound of the encoded size of the request in bytes.
func wireSize(r *api.Request) int {
	const field = 10 // bytes of a varint at most
	size := 16*field + len(r.Language) + len(r.Source) + len(r.Stdin) + len(r.StopOnFailure) + len(r.Encoding)
	for _, f := range r.Files {
		size += 3*field + len(f.Name) + len(f.Content) + len(f.Encoding)
	}
	for _, arg := range r.Args {
		size += field + len(arg)
	}
	for _, run := range r.Runs {
		size += 2*field + len(run.Stdin)
		for _, arg := range run.Args {
			size += field + len(arg)
		}
	}
	return size
}
