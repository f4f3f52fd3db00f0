package sampling

import (
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/executor/api"
)

// ledger adds up the gains of the counters of a pool's pods, pod by pod, so that the sums never
// fall when a pod restarts or goes. At every moment
//
//	arrived - finished - gone = the submissions that the pods of the ledger hold, in a queue or a slot
//
// Therefore the submissions that a pod holds when it is first seen count as arrived, and those that
// it held when it was last seen count as gone.
type ledger struct {
	total autoscale.Counters
	pods  map[types.UID]account
}

// account is the last state of a pod.
type account struct {
	state api.State
	// gone is Answered - Finished. It is kept because the pod reads the two while they change.
	gone uint64
}

func held(s api.State) float64 { return float64(s.Queued + s.Busy) }

// record takes in the state of a pod.
func (l *ledger) record(pod types.UID, now api.State) {
	if l.pods == nil {
		l.pods = map[types.UID]account{}
	}
	before, known := l.pods[pod]
	after := account{state: now, gone: gone(now)}
	switch {
	case !known:
		l.total.Arrived += held(now)
	case now.UptimeMillis < before.state.UptimeMillis:
		// The container of a pod can restart while the pod stays.
		l.total.Gone += held(before.state)
		l.add(account{}, after)
	default:
		after.gone = max(after.gone, before.gone)
		l.add(before, after)
	}
	l.pods[pod] = after
}

func gone(s api.State) uint64 {
	if s.Answered < s.Finished {
		return 0
	}
	return s.Answered - s.Finished
}

func (l *ledger) add(before, after account) {
	l.total.Arrived += float64(after.state.Accepted - before.state.Accepted)
	l.total.Finished += float64(after.state.Finished - before.state.Finished)
	l.total.ServiceSeconds += float64(after.state.ServedMillis-before.state.ServedMillis) / 1000
	l.total.Gone += float64(after.gone - before.gone)
}

// keep removes all pods but these.
func (l *ledger) keep(pods map[types.UID]bool) {
	for pod, account := range l.pods {
		if !pods[pod] {
			l.total.Gone += held(account.state)
			delete(l.pods, pod)
		}
	}
}
