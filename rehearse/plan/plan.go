package plan

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Spec sizes a rehearsal.
type Spec struct {
	Participants int
	// Submissions is how many each participant makes, one after the other.
	Submissions int
	// ArrivalWindow spreads the participants' first submissions evenly at random; 0 means all at once.
	ArrivalWindow time.Duration
	// ThinkTime is the mean of the exponential pause between an answer and the next submission.
	ThinkTime time.Duration
	// Weights are the programs' shares; at least one is above 0.
	Weights []int
	Seed    uint64
}

// Participant makes its steps in order, each after the answer to the one before.
type Participant struct {
	// Arrival is the first submission's offset from the start.
	Arrival time.Duration
	Steps   []Step
}

// Step is one submission.
type Step struct {
	// Program is an index into Spec.Weights.
	Program int
	// Think passes between the answer before and this submission; 0 for the first.
	Think time.Duration
}

// Make lays out the whole rehearsal. Every program gets its exact share of the submissions, to less than one, in an
// order drawn from the seed; drawing each submission on its own would let the load vary from seed to seed.
func Make(spec Spec) []Participant {
	random := rand.New(rand.NewPCG(spec.Seed, 0))
	programs := deal(spec.Participants*spec.Submissions, spec.Weights)
	random.Shuffle(len(programs), func(i, j int) { programs[i], programs[j] = programs[j], programs[i] })

	participants := make([]Participant, spec.Participants)
	for i := range participants {
		if spec.ArrivalWindow > 0 {
			participants[i].Arrival = time.Duration(random.Int64N(int64(spec.ArrivalWindow)))
		}
		for step := range spec.Submissions {
			var think time.Duration
			if step > 0 {
				think = time.Duration(random.ExpFloat64() * float64(spec.ThinkTime))
			}
			participants[i].Steps = append(participants[i].Steps, Step{Program: programs[0], Think: think})
			programs = programs[1:]
		}
	}
	slices.SortStableFunc(participants, func(a, b Participant) int { return cmp.Compare(a.Arrival, b.Arrival) })
	return participants
}

// deal divides total by weights with the largest-remainder method: of 10 by weights 1, 1, 1 the shares are 3.33 each,
// so 3, 3, 3, and the one left goes to the first of the largest remainders: 4, 3, 3.
func deal(total int, weights []int) []int {
	sum := 0
	for _, weight := range weights {
		sum += weight
	}
	type share struct{ program, count, remainder int }
	shares, left := make([]share, len(weights)), total
	for i, weight := range weights {
		shares[i] = share{program: i, count: total * weight / sum, remainder: total * weight % sum}
		left -= shares[i].count
	}
	slices.SortStableFunc(shares, func(a, b share) int { return cmp.Compare(b.remainder, a.remainder) })
	dealt := make([]int, 0, total)
	for i, s := range shares {
		if i < left {
			s.count++
		}
		dealt = append(dealt, slices.Repeat([]int{s.program}, s.count)...)
	}
	return dealt
}
