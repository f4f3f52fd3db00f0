package worker

import (
	"fmt"
	"sync"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/queue"
)

// slot is the supervisor's side of one slot of a worker process. For one submission it costs two goroutine switches
// here, two on the other side, one message each way and a timer.
type slot struct {
	process *process
	index   int
	seq     uint64
	reports chan report // buffered: the reader of the socket never waits
}

// loop takes and runs jobs until the process takes no more work.
func (s *slot) loop() {
	q := s.process.sup.cfg.Queue
	for {
		taken, err := q.Pop(s.process.take)
		if err != nil {
			return
		}
		if !s.run(taken) {
			return
		}
	}
}

// run answers one job. False: the process is gone.
func (s *slot) run(taken queue.Taken[*Job]) bool {
	p, sup, job := s.process, s.process.sup, taken.Value
	sup.busy.Add(1)
	free := sync.OnceFunc(func() { sup.busy.Add(-1) })
	defer free()
	begun := time.Now()
	timeout := sup.cfg.Timeout
	s.seq++

	answer := func(r api.Result) {
		r.ID, r.QueueMillis, r.Tier = job.ID, taken.Waited.Milliseconds(), sup.cfg.Tier.String()
		if r.Runs == nil {
			r.Runs = []api.Stage{} // gob does not tell empty from absent; JSON does
		}
		job.Answer(Outcome{Fate: Ran, Result: r, Held: time.Since(begun), Waited: taken.Waited})
	}
	o := order{Kind: orderRun, Slot: s.index, Seq: s.seq, Timeout: timeout, Request: job.Request}
	if err := p.link.send(o, min(timeout, silence)); err != nil {
		// Half a message makes the stream useless; the worker may also just have died.
		p.end(Crashed)
		<-p.gone
		answer(lost(p.cause))
		return false
	}

	overdue := time.NewTimer(timeout + Grace)
	defer overdue.Stop()
	left := job.Context.Done()
	answered := false
	for {
		select {
		case r := <-s.reports:
			if r.Seq != s.seq {
				continue
			}
			free() // first: who has the answer may rely on the slot
			answer(*r.Result)
			p.ranOut(max(1, len(r.Result.Runs)))
			return true
		case <-left:
			// Nobody reads the answer: end the run and free the slot. The worker reports as usual.
			left = nil
			job.Answer(Outcome{Fate: Abandoned, Held: time.Since(begun), Waited: taken.Waited})
			if err := p.link.send(order{Kind: orderCancel, Slot: s.index, Seq: s.seq}, min(timeout, silence)); err != nil {
				p.end(Crashed)
			}
			if !answered {
				answered = true
				overdue.Reset(hangPatience)
			}
		case <-overdue.C:
			if answered {
				p.end(Hung)
				continue
			}
			answered = true
			answer(api.Result{Verdict: api.TimeLimit, Cause: fmt.Sprintf("the pool's timeout of %s for one submission", timeout)})
			overdue.Reset(hangPatience)
		case <-p.gone:
			answer(lost(p.cause))
			return false
		}
	}
}

// lost is the answer for a submission whose worker is gone: the fleet's fault, safe to retry.
func lost(cause string) api.Result {
	return api.Result{Verdict: api.InternalError, Cause: cause}
}
