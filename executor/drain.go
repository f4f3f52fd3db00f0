package executor

import (
	"errors"
	"net"
	"os"
	"time"

	"executorpool.dev/executor/job"
	"executorpool.dev/executor/server"
	"executorpool.dev/executor/settings"
)

var (
	// ErrForced is the error of an executor that a second signal stopped before it had drained.
	ErrForced = errors.New("stopped at once by a second signal")
	// ErrNotDrained is the error of an executor whose drain exceeded the sum of all deadlines.
	ErrNotDrained = errors.New("stopped before every submission had its verdict: draining took too long")
)

// drain stops the acceptance of submissions and returns when every accepted submission has its
// outcome. It returns ErrForced after a second signal and ErrNotDrained after the drain limit; it
// then answers the queued submissions with 503 and kills the workers.
func (e *executor) drain(listener net.Listener, signals <-chan os.Signal, supervisorDone <-chan struct{}, abort func()) error {
	e.server.SetPhase(server.PhaseTerminating)
	delay := time.NewTimer(e.options.DrainDelay)
	defer delay.Stop()
	var drainErr error
	select {
	case <-delay.C:
	case <-signals:
		drainErr = ErrForced
	}
	e.server.SetPhase(server.PhaseDraining)
	_ = listener.Close() // open connections stay open
	e.queue.Close()
	if drainErr == nil {
		// After this time every queued submission has expired, and every slot has reported or its
		// worker was replaced.
		limit := time.NewTimer(e.options.drainBudget().Outcomes())
		defer limit.Stop()
		select {
		case <-supervisorDone:
			return nil
		case <-limit.C:
			drainErr = ErrNotDrained
		case <-signals:
			drainErr = ErrForced
		}
	}
	e.log.Warn("stopping at once", "waiting", e.queue.Depth(), "busy", e.supervisor.Busy())
	for _, j := range e.queue.Clear() {
		j.Answer(job.Outcome{Disposition: job.Dropped})
	}
	abort()
	select {
	case <-supervisorDone:
	case <-time.After(settings.AbortTime):
		e.log.Error("the workers did not end", "seconds", settings.AbortTime.Seconds())
	}
	return drainErr
}
