package sampling

import (
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/executor/api"
)

// ledger adds up what the counters of a pool's pods gained, pod by pod, so that the totals never fall: a pod that restarts
// or goes takes nothing away. At every moment
//
//	arrived - finished - gone = what the pods in the ledger hold, waiting or in a slot
//
// so what a pod holds when it is first seen counts as arrived, and what it held when it was last seen as gone.
type ledger struct {
	total autoscale.Counters
	pods  map[types.UID]account
}

// account is what was last seen of a pod.
type account struct {
	state api.State
	// gone is answered less finished. It is kept because the two are read while they move.
	gone uint64
}

func held(s api.State) float64 { return float64(s.Queued + s.Busy) }

// saw takes in an answer of a pod.
func (l *ledger) saw(pod types.UID, now api.State) {
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
		l.gain(account{}, after)
	default:
		after.gone = max(after.gone, before.gone)
		l.gain(before, after)
	}
	l.pods[pod] = after
}

func gone(s api.State) uint64 {
	if s.Answered < s.Finished {
		return 0
	}
	return s.Answered - s.Finished
}

func (l *ledger) gain(before, after account) {
	l.total.Arrived += float64(after.state.Accepted - before.state.Accepted)
	l.total.Finished += float64(after.state.Finished - before.state.Finished)
	l.total.ServiceSeconds += float64(after.state.ServedMillis-before.state.ServedMillis) / 1000
	l.total.Gone += float64(after.gone - before.gone)
}

// keep lets go of all pods but these.
func (l *ledger) keep(pods map[types.UID]bool) {
	for pod, account := range l.pods {
		if !pods[pod] {
			l.total.Gone += held(account.state)
			delete(l.pods, pod)
		}
	}
}
