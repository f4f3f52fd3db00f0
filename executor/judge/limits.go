package judge

import (
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/sandbox"
)

// pair is a limit of a request and the limit of the sandbox that enforces it.
type pair struct {
	request *int64
	sandbox *int64
	unit    int64 // of the request's limit, in units of the sandbox's
}

func pairs(r *api.Limits, s *sandbox.Limits) []pair {
	return []pair{
		{&r.CPUMillis, (*int64)(&s.CPU), int64(time.Millisecond)},
		{&r.WallMillis, (*int64)(&s.Wall), int64(time.Millisecond)},
		{&r.MemoryMiB, &s.Memory, 1 << 20},
		{&r.OutputKiB, &s.Output, 1 << 10},
		{&r.Processes, &s.Processes, 1},
	}
}

// Ceilings returns the highest limits that a request may ask for, in a pool with the given
// limits.
func Ceilings(pool sandbox.Limits) api.Limits {
	var ceilings api.Limits
	for _, p := range pairs(&ceilings, &pool) {
		*p.request = *p.sandbox / p.unit
	}
	return ceilings
}

// PoolLimits returns the limits of a pool with the given ceilings. It is the inverse of Ceilings;
// the limits that a request cannot ask for are 0.
func PoolLimits(ceilings api.Limits) sandbox.Limits {
	var pool sandbox.Limits
	for _, p := range pairs(&ceilings, &pool) {
		*p.sandbox = *p.request * p.unit
	}
	return pool
}

// effectiveLimits returns the requested limits, bounded by the pool's. A limit that is not
// requested is the pool's.
func effectiveLimits(requested api.Limits, pool sandbox.Limits) sandbox.Limits {
	for _, p := range pairs(&requested, &pool) {
		if *p.request > 0 {
			*p.sandbox = min(*p.sandbox, *p.request*p.unit)
		}
	}
	return pool
}
