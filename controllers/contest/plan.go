package contest

import (
	"fmt"
	"time"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/capacity"
)

const (
	// assumedService is the mean service time where nothing is declared or measured.
	assumedService = 2 * time.Second
	// enough is how many submissions make a measurement.
	enough = 100
	// step is what a measured service time is rounded to, so that a pool at work does not change plans all the time.
	step = 100 * time.Millisecond
	// exponential is how service times are taken to vary, since nothing tells how they do.
	exponential = 1
	// most is what a pool can have.
	most = 10000
)

// plan fills in how many replicas are held, why, and for how long before the start.
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
		next.Replicas, next.Sizing = int32(min(sizing.Replicas, most)), sizing.String()
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

// demand is what the contest asks of its pool.
func demand(in Input) (load capacity.Load, pool capacity.Pool, target time.Duration) {
	spec := in.Contest.Spec
	pool = capacity.Pool{Slots: int(in.Pool.Spec.Workers * in.Pool.Spec.Threads)}
	load = capacity.Load{
		Participants:       int(spec.Participants),
		BurstPercent:       int(spec.Load.BurstPercent),
		SubmissionsPerHour: int(spec.Load.SubmissionsPerHour),
		Service:            capacity.Service{Mean: service(in), SCV: exponential},
	}
	target = seconds(spec.TargetWaitSeconds)
	if target == 0 {
		target = seconds(in.Pool.Spec.Scaling.TargetWaitSeconds)
	}
	return load, pool, target
}

// service is the mean time a submission holds a slot: declared, else measured, else assumed.
func service(in Input) time.Duration {
	if s := in.Contest.Spec.Load.SecondsPerRun; s > 0 {
		return seconds(s)
	}
	if in.Past.Finished < enough {
		return assumedService
	}
	return max(step, (in.Past.Served / time.Duration(in.Past.Finished)).Round(step))
}

// warmUp is the lead in seconds, to the next full minute where it is measured.
func warmUp(in Input) int32 {
	if s := in.Contest.Spec.WarmUpSeconds; s != nil {
		return *s
	}
	lead := calendar.Lead(in.Past.Starts)
	return int32((lead + time.Minute - 1).Truncate(time.Minute) / time.Second)
}

// Planning says whether a plan is to be made, for which the past and the room of the pool are wanted.
func Planning(c *v1alpha1.Contest, now time.Time) bool {
	return !stands(Input{Contest: c, Now: now}) && !Entry(c).Phase(now).Over()
}

// stands says whether the plan in the status is one to keep: it is of this spec, and its replicas are held.
func stands(in Input) bool {
	s := in.Contest.Status
	return s.ObservedGeneration == in.Contest.Generation && s.Replicas > 0 && Entry(in.Contest).Phase(in.Now).Holds()
}
