package autoscale

import "time"

// maxSteps bounds the steps of a window. The needs of the steps decrease strictly, so a window is
// full only if the need fell maxSteps - 1 times within one stabilization window without rising.
const maxSteps = 24

// window is the highest need of the stabilization window, on the time axis State.clock. It holds
// only the needs that no later need reached: the first step is the highest, the last the newest.
type window struct {
	steps [maxSteps]step
	n     int
}

// step is a need and the time at which it was added.
type step struct {
	at       time.Duration
	need     int32
	evidence evidence
}

// evidence is the origin of a need.
type evidence bool

const (
	// observed: a sample showed the need.
	observed evidence = true
	// assumed: the need stands for the time before the state began.
	assumed evidence = false
)

// push adds a need and drops the steps that are at least span old.
func (w *window) push(at time.Duration, need int32, evidence evidence, span time.Duration) {
	expired := 0
	for expired < w.n && at-w.steps[expired].at >= span {
		expired++
	}
	w.drop(expired)
	for w.n > 0 && w.steps[w.n-1].need <= need {
		w.n--
	}
	if w.n == maxSteps {
		// Merge the last two steps into the need of the higher and the time of the newer one:
		// replicas stay longer, never shorter.
		w.steps[maxSteps-2].at = w.steps[maxSteps-1].at
		w.n--
	}
	w.steps[w.n] = step{at, need, evidence}
	w.n++
}

// dropAssumed removes the steps that no sample showed.
func (w *window) dropAssumed() {
	kept := 0
	for _, s := range w.steps[:w.n] {
		if s.evidence == observed {
			w.steps[kept] = s
			kept++
		}
	}
	w.n = kept
}

// highest returns the highest need, or 0 for an empty window.
func (w *window) highest() int32 {
	if w.n == 0 {
		return 0
	}
	return w.steps[0].need
}

// drop removes the first n steps.
func (w *window) drop(n int) {
	copy(w.steps[:], w.steps[n:w.n])
	w.n -= n
}
