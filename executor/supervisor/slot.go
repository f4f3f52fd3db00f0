package supervisor

import (
	"context"
	"fmt"
	"sync"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/settings"
	"executorpool.dev/executor/wire"
)

// slot is the supervisor's side of one slot of a worker process. A job costs one message each way,
// which the goroutine of the slot itself sends and receives, and one timer.
type slot struct {
	process *process
	index   int
	conn    *wire.Conn
	seq     uint64
	source  source
}

// source gives a slot its jobs. The goroutine of the slot calls all methods but notify.
type source interface {
	// next waits for the next job. assigned reports whether the worker already has its assignment.
	// The errors are those of queue.Queue.Pop.
	next() (item queue.Popped[*job.Job], assigned bool, err error)
	// running is called when a job has been assigned and the slot is about to wait for its
	// completion. An error means that the worker cannot be reached.
	running() error
	// completed is called with the service time of a job after its completion.
	completed(held time.Duration)
	// notify is called with a notification of the worker about the slot.
	notify(n wire.Notification)
	// close is called when the worker has ended.
	close()
}

// serve runs jobs until the intake of the process ends.
func (s *slot) serve() {
	for {
		item, assigned, err := s.source.next()
		if err != nil {
			return
		}
		if !s.run(item, assigned) {
			s.source.close()
			return
		}
	}
}

// run runs one job and assigns it first unless it is assigned. It reports whether the worker is
// alive.
func (s *slot) run(item queue.Popped[*job.Job], assigned bool) bool {
	p, sup := s.process, s.process.sup
	sup.busy.Add(1)
	release := sync.OnceFunc(func() { sup.busy.Add(-1) })
	defer release()
	var err error
	if !assigned {
		err = s.assign(item.Value)
	}
	e := &execution{slot: s, seq: s.seq, item: item, started: time.Now()}
	e.start()
	var completion wire.Completion
	if err == nil {
		err = s.source.running()
	}
	size := 0
	if err == nil {
		size, err = s.conn.Next()
	}
	e.finish()
	var free func()
	if err == nil {
		free, err = s.receive(item.Value, size, &completion)
	}
	if err != nil {
		// The worker has ended, or the stream is malformed.
		p.kill(Crashed)
		<-p.exited
		e.answer(workerLost(p.cause), nil)
		return false
	}
	release() // before the answer: a client that has its answer may rely on a free slot
	e.answer(*completion.Result, free)
	s.source.completed(time.Since(e.started))
	p.countRuns(max(1, len(completion.Result.Runs)))
	return true
}

// receive reads a completion of the given size. A large one waits for its memory, for which free is
// then set: until its clients have read the answers before it, the worker waits in its write, and
// the slot takes no other job. Nobody reads the answer to a job whose client has left.
func (s *slot) receive(j *job.Job, size int, completion *wire.Completion) (free func(), err error) {
	if size <= settings.ConnectionAllowance {
		return nil, s.conn.Receive(completion)
	}
	ctx, cancel := context.WithTimeout(j.Context, settings.AnswerTime)
	defer cancel()
	free, err = s.process.sup.cfg.Budget.ClaimAnswer(ctx, int64(size))
	if err != nil {
		completion.Result = &api.Result{Verdict: api.InternalError, Cause: "no memory for the answer: clients do not read the answers before it"}
		return nil, s.conn.Discard()
	}
	if err := s.conn.Receive(completion); err != nil {
		free()
		return nil, err
	}
	return free, nil
}

// assign sends the worker the assignment of a job. The worker then has the request, and a large one
// is dropped here: the budget counts it once.
func (s *slot) assign(j *job.Job) error {
	s.seq++
	err := s.conn.Send(&wire.Assignment{Seq: s.seq, Timeout: s.process.sup.cfg.Timeout, Request: j.Request})
	if j.Request.Size() > settings.ConnectionAllowance {
		j.Request = &api.Request{Language: j.Request.Language}
	}
	return err
}

// execution is one job in a slot. It answers the job when the worker is late, cancels the job when
// its client leaves, and kills a worker that hangs.
type execution struct {
	slot    *slot
	seq     uint64
	item    queue.Popped[*job.Job]
	started time.Time

	mu              sync.Mutex
	finished        bool
	timeoutTimer    *time.Timer
	hangTimer       *time.Timer
	stopClientWatch func() bool
}

func (e *execution) start() {
	timeout := e.slot.process.sup.cfg.Timeout
	e.mu.Lock()
	defer e.mu.Unlock()
	e.timeoutTimer = time.AfterFunc(timeout+Grace, func() {
		e.answer(api.Result{Verdict: api.TimeLimit, Cause: fmt.Sprintf("the pool's timeout of %s for one submission", timeout)}, nil)
		e.startHangTimer()
	})
	e.stopClientWatch = context.AfterFunc(e.item.Value.Context, e.abandon)
}

// abandon ends the job of a client that has left, so that the slot becomes free. The worker still
// sends a completion.
func (e *execution) abandon() {
	p := e.slot.process
	e.item.Value.Answer(job.Outcome{Disposition: job.Abandoned, Held: time.Since(e.started), Waited: e.item.Waited})
	if err := p.ends.Control.Send(&wire.Cancel{Slot: e.slot.index, Seq: e.seq}); err != nil {
		p.kill(Crashed)
	}
	e.startHangTimer()
}

// startHangTimer gives the worker hangTimeout to send its completion.
func (e *execution) startHangTimer() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.finished && e.hangTimer == nil {
		e.hangTimer = time.AfterFunc(hangTimeout, e.killHung)
	}
}

func (e *execution) killHung() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.finished {
		e.slot.process.kill(Hung)
	}
}

func (e *execution) finish() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.finished = true
	e.stopClientWatch()
	e.timeoutTimer.Stop()
	if e.hangTimer != nil {
		e.hangTimer.Stop()
	}
}

// answer answers the job. free returns the memory of the result to the budget; nil if it has none.
func (e *execution) answer(r api.Result, free func()) {
	j := e.item.Value
	r.ID, r.QueueMillis, r.Tier = j.ID, e.item.Waited.Milliseconds(), e.slot.process.sup.cfg.Tier.String()
	if r.Runs == nil {
		r.Runs = []api.Stage{} // the wire decodes an empty list as nil, which JSON would show as null
	}
	j.Answer(job.Outcome{Disposition: job.Ran, Result: r, Held: time.Since(e.started), Waited: e.item.Waited, Free: free})
}

// workerLost returns the result of a job whose worker has ended. The client can safely retry it.
func workerLost(cause string) api.Result {
	return api.Result{Verdict: api.InternalError, Cause: cause}
}
