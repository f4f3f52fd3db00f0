package contest

import (
	"fmt"
	"time"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/capacity"
)

const (
	// assumedService is the mean service time without a declaration and without measurements.
	assumedService = 2 * time.Second
	// minMeasured is the number of submissions from which on their mean is used.
	minMeasured = 100
	// serviceStep is the unit to which a measured service time is rounded, so that small changes do
	// not change plans.
	serviceStep = 100 * time.Millisecond
	// assumedSCV is the squared coefficient of variation of service times: 1, that of an
	// exponential distribution. Executors do not measure it.
	assumedSCV = 1
	// maxReplicas is the highest number of replicas of a pool, from the API.
	maxReplicas = 10000
)

// plan sets the number of replicas, the reason for it, and the warm-up.
func plan(next *v1alpha1.ContestStatus, in Input) {
	spec := in.Contest.Spec
	next.WarmUpSeconds = warmUp(in)
	next.ServableParticipants, next.ExpectedWaitMillis, next.SlotMillis = 0, 0, 0
	if in.Pool == nil {
		next.Replicas, next.Sizing = spec.Replicas, ""
		return
	}
	load, pool, target := demand(in)
	next.SlotMillis = load.Service.Mean.Milliseconds()
	switch limit := in.Pool.Spec.Scaling.MaxReplicas; {
	case spec.Replicas > 0:
		next.Replicas, next.Sizing = spec.Replicas, fmt.Sprintf("replicas is %d", spec.Replicas)
	default:
		sizing := capacity.Size(load, pool, target)
		next.Replicas, next.Sizing = int32(min(sizing.Replicas, maxReplicas)), sizing.String()
		if limit > 0 && next.Replicas > limit {
			next.Replicas = limit
			next.Sizing += fmt.Sprintf(", of which the pool's scaling.maxReplicas allows %d", limit)
		}
	}
	next.ServableParticipants = int32(capacity.Fit(load, pool, target, int(next.Replicas)))
	if spec.Participants > 0 {
		next.ExpectedWaitMillis = capacity.BurstWait(load, pool, int(next.Replicas)).Milliseconds()
	}
}

// demand returns the contest's load, the pool and the target wait in the form of package capacity.
func demand(in Input) (load capacity.Load, pool capacity.Pool, target time.Duration) {
	spec := in.Contest.Spec
	pool = capacity.Pool{Slots: int(in.Pool.Spec.Workers * in.Pool.Spec.Threads)}
	load = capacity.Load{
		Participants:       int(spec.Participants),
		BurstPercent:       int(spec.Load.BurstPercent),
		SubmissionsPerHour: int(spec.Load.SubmissionsPerHour),
		Service:            capacity.Service{Mean: service(in), SCV: assumedSCV},
	}
	target = seconds(spec.TargetWaitSeconds)
	if target == 0 {
		target = seconds(in.Pool.Spec.Scaling.TargetWaitSeconds)
	}
	return load, pool, target
}

// service returns the mean service time: declared, else measured, else assumed.
func service(in Input) time.Duration {
	if s := in.Contest.Spec.Load.SecondsPerRun; s > 0 {
		return seconds(s)
	}
	if in.Measured.Finished < minMeasured {
		return assumedService
	}
	return max(serviceStep, (in.Measured.ServiceTime / time.Duration(in.Measured.Finished)).Round(serviceStep))
}

// warmUp returns the warm-up in seconds. A measured one is rounded up to a full minute.
func warmUp(in Input) int32 {
	if s := in.Contest.Spec.WarmUpSeconds; s != nil {
		return *s
	}
	lead := calendar.Lead(in.Measured.PodStarts)
	return int32((lead + time.Minute - 1).Truncate(time.Minute) / time.Second)
}

// Planning reports whether Decide makes a plan, which needs the measurements and the headroom of
// the pool.
func Planning(c *v1alpha1.Contest, now time.Time) bool {
	return !planIsFixed(Input{Contest: c, Now: now}) && !Entry(c).Phase(now).Over()
}

// planIsFixed reports whether the plan in the status stays: it is of the current spec and its
// replicas are held.
func planIsFixed(in Input) bool {
	s := in.Contest.Status
	return s.ObservedGeneration == in.Contest.Generation && s.Replicas > 0 && Entry(in.Contest).Phase(in.Now).Holds()
}
