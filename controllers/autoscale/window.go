package autoscale

import "time"

// places bounds the window. It is a falling staircase, so it is full only when that many different needs follow each other
// downwards within one stabilisation window.
const places = 24

// window remembers the highest need of the last stabilisation window, in the state's own time. It is the staircase of
// those needs that none after them reached: the first is the highest, the last the newest.
type window struct {
	steps [places]step
	n     int
}

type step struct {
	at    time.Duration
	need  int32
	proof proof
}

// proof says where a need comes from.
type proof bool

const (
	// seen in a sample.
	seen proof = true
	// presumed, because nothing is known of the time before.
	presumed proof = false
)

// push adds a need and forgets those that are older than span.
func (w *window) push(at time.Duration, need int32, proof proof, span time.Duration) {
	first := 0
	for first < w.n && at-w.steps[first].at >= span {
		first++
	}
	w.drop(0, first)
	for w.n > 0 && w.steps[w.n-1].need <= need {
		w.n--
	}
	if w.n == places {
		// Two steps become one that is as high as the one and as young as the other: replicas stay longer, never shorter.
		w.steps[places-2].at = w.steps[places-1].at
		w.n--
	}
	w.steps[w.n] = step{at, need, proof}
	w.n++
}

// forgetPresumed leaves what was seen.
func (w *window) forgetPresumed() {
	kept := 0
	for _, s := range w.steps[:w.n] {
		if s.proof == seen {
			w.steps[kept] = s
			kept++
		}
	}
	w.n = kept
}

// highest is the highest need, or 0.
func (w *window) highest() int32 {
	if w.n == 0 {
		return 0
	}
	return w.steps[0].need
}

func (w *window) drop(from, to int) {
	copy(w.steps[from:], w.steps[to:w.n])
	w.n -= to - from
}
