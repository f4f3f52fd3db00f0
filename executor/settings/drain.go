package settings

import "time"

// Times after which a worker that does not answer is detected and replaced.
const (
	// Heartbeat is the interval at which a worker reports that it is alive, and Silence the time
	// without any byte from it after which it is killed.
	Heartbeat = time.Second
	Silence   = 10 * Heartbeat
	// ReportGrace is the time after the hard timeout in which a worker reports it. Then the supervisor
	// answers the client itself.
	ReportGrace = 100 * time.Millisecond
	// HangTime is the time after ReportGrace in which a slot must report. Then its worker is killed.
	HangTime = 5 * time.Second
	// AnswerTime is the time for which a large answer waits for memory in the supervisor. Then the
	// answer is lost.
	AnswerTime = 10 * time.Second
	// ExitTime is the time in which a worker without work must exit. Then it is killed.
	ExitTime = 5 * time.Second
	// OrphanTime is the time in which the killed processes of a worker must be gone.
	OrphanTime = 5 * time.Second
)

const (
	// WriteTime is the time in which a client must read its answer. Then the connection is closed.
	WriteTime = 30 * time.Second
	// AbortTime is the time in which all workers must be killed and gone if a drain is cut short, by a
	// second signal or because its budget for outcomes is used up.
	AbortTime = OrphanTime + time.Second
	// AbortWriteTime replaces WriteTime in a drain that was cut short. It also replaces the rest of
	// WriteTime if a second signal arrives while clients read their answers.
	AbortWriteTime = time.Second
)

const (
	// preStop is the time that the preStop hook of a pod sleeps: a pod that is deleted while it starts
	// must not receive SIGTERM before the executor has a handler.
	preStop = 2 * time.Second
	// finishTime is for the termination message and the exit of the process, on a busy node.
	finishTime = 2 * time.Second
)

// Drain is the drain budget: the time that each step of a drain may take, in order.
type Drain struct {
	// PreStop is the preStop hook, before SIGTERM.
	PreStop time.Duration
	// Delay is the time from SIGTERM until new submissions are rejected.
	Delay time.Duration
	// Wait is the longest remaining wait of a queued submission, Run the longest service time.
	Wait, Run time.Duration
	// Hang is the time in which a worker that does not answer is detected and replaced.
	Hang time.Duration
	// Write is the time in which clients must read the last answers.
	Write time.Duration
	// Finish is the time for the termination message and the exit.
	Finish time.Duration
}

// Drain returns the drain budget of an executor with these settings.
//
// Hang is the maximum of two ways in which a worker fails, plus the time to remove its processes. A
// slot reports late and the worker then does not exit: ReportGrace + HangTime + ExitTime. Or the
// worker sends nothing: Silence.
func (s Settings) Drain() Drain {
	return Drain{
		PreStop: preStop,
		Delay:   s.DrainDelay,
		Wait:    s.QueueWait,
		Run:     s.Timeout,
		Hang:    max(ReportGrace+HangTime+ExitTime, Silence) + OrphanTime,
		Write:   WriteTime,
		Finish:  finishTime,
	}
}

// Outcomes returns the longest time from the rejection of new submissions until every accepted one
// has its outcome.
func (d Drain) Outcomes() time.Duration { return d.Wait + d.Run + d.Hang }

// Total returns the longest time from the start of the preStop hook to the exit of the process.
func (d Drain) Total() time.Duration {
	return d.PreStop + d.Delay + d.Outcomes() + d.Write + d.Finish
}

// PreStopSeconds returns PreStop in seconds, rounded up.
func (d Drain) PreStopSeconds() int64 { return wholeSeconds(d.PreStop) }

// GracePeriodSeconds returns Total in seconds, rounded up: terminationGracePeriodSeconds of a pod,
// which includes the preStop hook. With the defaults: 2 + 5 + 30 + 60 + 15.1 + 30 + 2 = 144.1, so
// 145 s.
func (d Drain) GracePeriodSeconds() int64 { return wholeSeconds(d.Total()) }

func wholeSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
