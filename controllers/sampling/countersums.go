package sampling

import (
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/executor/api"
)

// counterSums adds up the increases of the counters of a pool's pods, pod by pod. The sums do not
// fall when a pod restarts or is removed. At every moment
//
//	arrived - finished - gone = the submissions that the recorded pods hold, in a queue or a slot
//
// Therefore the submissions that a pod holds when it is first seen count as arrived, and those that
// it held when it was last seen count as gone.
type counterSums struct {
	total autoscale.Counters
	pods  map[types.UID]account
}

// account is the last recorded state of a pod.
type account struct {
	state api.State
	// gone is Answered - Finished. It is kept because the pod reads the two while they change.
	gone uint64
}

func held(s api.State) float64 { return float64(s.Queued + s.Busy) }

// record adds the increases of a pod's counters since its last recorded state.
func (c *counterSums) record(pod types.UID, now api.State) {
	if c.pods == nil {
		c.pods = map[types.UID]account{}
	}
	before, known := c.pods[pod]
	after := account{state: now, gone: gone(now)}
	switch {
	case !known:
		c.total.Arrived += held(now)
	case now.UptimeMillis < before.state.UptimeMillis:
		// The container of a pod can restart while the pod stays.
		c.total.Gone += held(before.state)
		c.add(account{}, after)
	default:
		after.gone = max(after.gone, before.gone)
		c.add(before, after)
	}
	c.pods[pod] = after
}

func gone(s api.State) uint64 {
	if s.Answered < s.Finished {
		return 0
	}
	return s.Answered - s.Finished
}

func (c *counterSums) add(before, after account) {
	c.total.Arrived += float64(after.state.Accepted - before.state.Accepted)
	c.total.Finished += float64(after.state.Finished - before.state.Finished)
	c.total.ServiceSeconds += float64(after.state.ServedMillis-before.state.ServedMillis) / 1000
	c.total.Gone += float64(after.gone - before.gone)
}

// keep removes all pods but these.
func (c *counterSums) keep(pods map[types.UID]bool) {
	for pod, account := range c.pods {
		if !pods[pod] {
			c.total.Gone += held(account.state)
			delete(c.pods, pod)
		}
	}
}
