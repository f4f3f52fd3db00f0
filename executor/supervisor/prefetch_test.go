package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/wire"
)

// newBriefSlot returns a slot with brief jobs, whose worker reads nothing, and the first n jobs of
// its queue.
func newBriefSlot(t *testing.T, n int) (*slot, *prefetcher, []*job.Job) {
	t.Helper()
	ends, inherited, err := wire.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ends.Close()
		for _, f := range inherited {
			_ = f.Close()
		}
	})
	q := job.NewQueue(n, queue.RealClock{})
	var jobs []*job.Job
	for i := range n {
		j := job.New(t.Context(), fmt.Sprint(i), &api.Request{})
		if _, err := q.Push(j, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	sup := &Supervisor{cfg: Config{Queue: q, Timeout: time.Minute, Log: slog.New(slog.DiscardHandler)}}
	p := &process{sup: sup, ends: ends, exited: make(chan struct{})}
	p.intake, p.stopIntake = context.WithCancel(t.Context())
	t.Cleanup(p.stopIntake)
	s := &slot{process: p, conn: ends.Slots[0]}
	source := newPrefetcher(s)
	source.meanService = 0
	s.source = source
	return s, source, jobs
}

// expectNext fails the test unless next returns the job.
func expectNext(t *testing.T, s source, want *job.Job, wantAssigned bool) {
	t.Helper()
	item, assigned, err := s.next()
	if err != nil {
		t.Fatal(err)
	}
	if item.Value != want || assigned != wantAssigned {
		t.Fatalf("next returns job %s, assigned %t; want %s, %t", item.Value.ID, assigned, want.ID, wantAssigned)
	}
}

// prefetchSecond runs the first job and prefetches the second one. The test cancels the prefetch,
// not the timer.
func prefetchSecond(t *testing.T, s *slot, p *prefetcher, jobs []*job.Job) {
	t.Helper()
	expectNext(t, p, jobs[0], false)
	if err := p.running(); err != nil {
		t.Fatal(err)
	}
	if p.ticket == nil || p.ticket.Value() != jobs[1] {
		t.Fatalf("prefetched %v, want job 1", p.ticket)
	}
	p.timer.Stop()
	if got, want := s.process.sup.cfg.Queue.Depth(), len(jobs)-1; got != want {
		t.Errorf("depth %d, want %d: a prefetched job still waits", got, want)
	}
}

func TestPrefetchedJobIsNext(t *testing.T) {
	s, p, jobs := newBriefSlot(t, 3)
	prefetchSecond(t, s, p, jobs)
	expectNext(t, p, jobs[1], true)
	expectNext(t, p, jobs[2], false)
}

func TestCancelledPrefetchReturnsToTheHead(t *testing.T) {
	s, p, jobs := newBriefSlot(t, 3)
	prefetchSecond(t, s, p, jobs)
	p.cancel(p.seq)
	p.notify(wire.Notification{Kind: wire.PrefetchCancelled, Seq: p.seq + 1}) // of another assignment
	p.notify(wire.Notification{Kind: wire.PrefetchCancelled, Seq: p.seq})
	expectNext(t, p, jobs[1], false)
	if err := p.running(); err != nil || p.ticket != nil {
		t.Errorf("prefetched %v, %v; want nothing, because the jobs are not known to be brief", p.ticket, err)
	}
}

func TestPrefetchThatHasBegunIsNext(t *testing.T) {
	s, p, jobs := newBriefSlot(t, 2)
	prefetchSecond(t, s, p, jobs)
	p.cancel(p.seq)
	p.notify(wire.Notification{Kind: wire.Begun, Seq: p.seq})
	expectNext(t, p, jobs[1], true)
}

func TestPrefetchReturnsToTheQueueWhenTheWorkerEnds(t *testing.T) {
	s, p, jobs := newBriefSlot(t, 2)
	prefetchSecond(t, s, p, jobs)
	p.close()
	expectNext(t, p, jobs[1], false)
}

func TestPrefetchIsDroppedWhenTheQueueWasCleared(t *testing.T) {
	s, p, jobs := newBriefSlot(t, 2)
	prefetchSecond(t, s, p, jobs)
	s.process.sup.cfg.Queue.Close()
	if left := s.process.sup.cfg.Queue.Clear(); len(left) > 0 {
		t.Errorf("cleared %v, want nothing", left)
	}
	p.close()
	if o := <-jobs[1].Done(); o.Disposition != job.Dropped {
		t.Errorf("disposition %d, want Dropped", o.Disposition)
	}
}
