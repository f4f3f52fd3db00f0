package supervisor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/wire"
)

// slot is the supervisor's side of one slot of a worker process. For one submission it costs a message each way, which
// its goroutine sends and waits for itself, and a timer.
type slot struct {
	process *process
	index   int
	wire    *wire.Wire
	seq     uint64
	ahead   *ahead
}

// loop takes and runs jobs until the process takes no more work.
func (s *slot) loop() {
	q := s.process.sup.cfg.Queue
	for {
		taken, sent := s.ahead.take(s.process.gone)
		if !sent {
			var err error
			if taken, err = q.Pop(s.process.take); err != nil {
				return
			}
		}
		if !s.run(taken, sent) {
			s.ahead.lose()
			return
		}
	}
}

// run answers one job, whose order may have been sent ahead. False: the process is gone.
func (s *slot) run(taken queue.Taken[*job.Job], sent bool) bool {
	p, sup := s.process, s.process.sup
	sup.busy.Add(1)
	free := sync.OnceFunc(func() { sup.busy.Add(-1) })
	defer free()
	var err error
	if !sent {
		err = s.order(taken.Value)
	}
	w := &wait{slot: s, seq: s.seq, taken: taken, begun: time.Now()}
	w.begin()
	var v wire.Verdict
	if err == nil {
		err = s.sendAhead()
	}
	if err == nil {
		err = s.wire.Receive(&v)
	}
	w.end()
	if err != nil {
		// The worker has just died, or the stream is useless.
		p.end(Crashed)
		<-p.gone
		w.answer(lost(p.cause))
		return false
	}
	free() // first: who has the answer may rely on the slot
	w.answer(*v.Result)
	s.ahead.lasted(time.Since(w.begun))
	p.ranOut(max(1, len(v.Result.Runs)))
	return true
}

// order sends the worker a job.
func (s *slot) order(j *job.Job) error {
	s.seq++
	return s.wire.Send(&wire.Order{Seq: s.seq, Timeout: s.process.sup.cfg.Timeout, Request: j.Request})
}

// wait is for one verdict: it answers for a worker that is late, cancels when nobody reads any more, and ends a worker
// that hangs.
type wait struct {
	slot  *slot
	seq   uint64
	taken queue.Taken[*job.Job]
	begun time.Time

	mu     sync.Mutex
	over   bool
	late   *time.Timer
	hung   *time.Timer
	forget func() bool
}

func (w *wait) begin() {
	timeout := w.slot.process.sup.cfg.Timeout
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late = time.AfterFunc(timeout+Grace, func() {
		w.answer(api.Result{Verdict: api.TimeLimit, Cause: fmt.Sprintf("the pool's timeout of %s for one submission", timeout)})
		w.expectSoon()
	})
	w.forget = context.AfterFunc(w.taken.Value.Context, w.abandon)
}

// abandon ends the run of a client that is gone, so that the slot becomes free. The worker reports as usual.
func (w *wait) abandon() {
	p := w.slot.process
	w.taken.Value.Answer(job.Outcome{Fate: job.Abandoned, Held: time.Since(w.begun), Waited: w.taken.Waited})
	if err := p.link.Send(wire.Cancel{Slot: w.slot.index, Seq: w.seq}, wire.Silence); err != nil {
		p.end(Crashed)
	}
	w.expectSoon()
}

// expectSoon gives the worker a last while.
func (w *wait) expectSoon() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over && w.hung == nil {
		w.hung = time.AfterFunc(hangPatience, w.giveUp)
	}
}

func (w *wait) giveUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.slot.process.end(Hung)
	}
}

func (w *wait) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	w.forget()
	w.late.Stop()
	if w.hung != nil {
		w.hung.Stop()
	}
}

func (w *wait) answer(r api.Result) {
	j := w.taken.Value
	r.ID, r.QueueMillis, r.Tier = j.ID, w.taken.Waited.Milliseconds(), w.slot.process.sup.cfg.Tier.String()
	if r.Runs == nil {
		r.Runs = []api.Stage{} // gob does not tell empty from absent; JSON does
	}
	j.Answer(job.Outcome{Fate: job.Ran, Result: r, Held: time.Since(w.begun), Waited: w.taken.Waited})
}

// lost is the answer for a submission whose worker is gone: the fleet's fault, safe to retry.
func lost(cause string) api.Result {
	return api.Result{Verdict: api.InternalError, Cause: cause}
}
