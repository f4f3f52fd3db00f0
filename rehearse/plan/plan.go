package plan

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// Spec holds the sizes of a rehearsal.
type Spec struct {
	Participants int
	// Submissions is the number of submissions of each participant, one after the other.
	Submissions int
	// ArrivalWindow is the time over which the first submissions of the participants spread,
	// uniformly at random; 0 is all at one time.
	ArrivalWindow time.Duration
	// ThinkTime is the mean of the exponential pause between an answer and the next submission.
	ThinkTime time.Duration
	// Weights are the shares of the programs; at least one is above 0.
	Weights []int
	Seed    uint64
}

// Participant takes its steps in order, each after the answer to the one before.
type Participant struct {
	// Arrival is the time of the first submission, from the start.
	Arrival time.Duration
	Steps   []Step
}

// Step is one submission.
type Step struct {
	// Program is an index into Spec.Weights.
	Program int
	// Think is the time between the answer before and this submission; 0 for the first.
	Think time.Duration
}

// Make returns the whole plan. Every program gets its exact share of the submissions, to within
// one, in an order drawn from the seed. If each submission was drawn on its own, the load would
// vary with the seed.
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

// deal divides total by weights with the largest-remainder method. Of 10 by the weights 1, 1, 1
// each share is 3.33. The shares are 3, 3, 3, and the remaining one goes to the first of the
// largest remainders: 4, 3, 3.
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
