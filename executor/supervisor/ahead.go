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
	// brief is how short a slot's last submissions must have been, on average, for it to be sent the next one ahead: only then
	// is the way back to the supervisor a good part of the whole.
	brief = 3 * time.Millisecond
	// aheadPatience is how long an order that was sent ahead may wait for the slot before it is recalled.
	aheadPatience = 5 * time.Millisecond
	// aheadMost is the size of an order, in bytes, that a pipe takes at once however small the kernel makes it (pipe(7),
	// PIPE_BUF): a supervisor that waited for room would not read the verdict that the worker waits to be rid of.
	aheadMost = 4 << 10
)

// ahead is the order that lies in a slot's pipe while the slot has another one, so that a worker whose submissions are brief need
// not wait for the supervisor after each. The submission still counts as waiting: it is the slot's when the verdict
// before it has come. When that takes longer than aheadPatience, it is recalled and goes back to the head of the queue, where any slot
// can take it; the worker decides, under a lock, whether it has begun. So nobody waits for another one's long run.
type ahead struct {
	mu      sync.Mutex
	usual   time.Duration // moving average over about the last 8 submissions
	seq     uint64
	ticket  *queue.Ticket[*job.Job] // nil: no order is ahead
	timer   *time.Timer
	settled chan struct{} // not nil once it is recalled; closed when the worker has said what became of it
}

// newAhead is of a slot that has yet to show that its submissions are brief.
func newAhead() *ahead { return &ahead{usual: 2 * brief} }

// lasted takes what a submission took of the slot's time.
func (a *ahead) lasted(held time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.usual += (held - a.usual) / 8
}

// sendAhead sends the next order too if the slot's submissions are brief and one waits that is small.
func (s *slot) sendAhead() error {
	a := s.ahead
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.usual >= brief || s.process.take.Err() != nil {
		return nil
	}
	ticket := s.process.sup.cfg.Queue.Reserve(func(j *job.Job) bool { return sizeOf(j.Request) < aheadMost })
	if ticket == nil {
		return nil
	}
	if err := s.order(ticket.Value()); err != nil {
		giveBack(ticket)
		return err
	}
	seq := s.seq
	a.ticket, a.seq, a.settled = ticket, seq, nil
	a.timer = time.AfterFunc(aheadPatience, func() { s.recall(seq) })
	return nil
}

// take is the job that was sent ahead and is now the slot's; false: none was, or it was recalled in time.
func (a *ahead) take(gone <-chan struct{}) (taken queue.Taken[*job.Job], sent bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if settled := a.settled; settled != nil {
		a.mu.Unlock()
		select {
		case <-settled:
		case <-gone:
		}
		a.mu.Lock()
	}
	if a.ticket == nil {
		return taken, false
	}
	a.timer.Stop()
	taken = a.ticket.Take()
	a.ticket, a.settled = nil, nil
	return taken, true
}

// recall asks the worker for the order back.
func (s *slot) recall(seq uint64) {
	a := s.ahead
	a.mu.Lock()
	late := a.ticket != nil && a.seq == seq
	if late {
		a.settled = make(chan struct{})
		a.usual = max(a.usual, 2*brief)
	}
	a.mu.Unlock()
	if !late {
		return
	}
	if err := s.process.link.Send(wire.Cancel{Slot: s.index, Seq: seq, Recall: true}, wire.Silence); err != nil {
		s.process.end(Crashed)
	}
}

// settle is the worker's answer to a recall.
func (a *ahead) settle(seq uint64, recalled bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ticket == nil || a.seq != seq || a.settled == nil {
		return
	}
	close(a.settled)
	a.settled = nil
	if recalled {
		giveBack(a.ticket)
		a.ticket = nil
	}
}

// lose gives the order back whose worker has ended: it had not begun, since the verdict before it never came.
func (a *ahead) lose() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ticket == nil {
		return
	}
	a.timer.Stop()
	giveBack(a.ticket)
	a.ticket = nil
}

func giveBack(ticket *queue.Ticket[*job.Job]) {
	if !ticket.Return() {
		ticket.Value().Answer(job.Outcome{Fate: job.Dropped})
	}
}

// sizeOf is about what a request takes on the wire, in bytes.
func sizeOf(r *api.Request) int {
	const field = 10 // of a number, or a text's length, at most
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
