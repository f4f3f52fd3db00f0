package main

import (
	"errors"
	"fmt"

	"executorpool.dev/executor/api"
)

// against compares the throughput of this checkout's executor with that of another executable in
// alternating rounds, which cancel changes of the processor's clock.
func (b *bench) against() (err error) {
	if b.Against == "" {
		return fmt.Errorf("section against needs --against=EXECUTABLE, for example the executor of the commit before a change")
	}
	other, err := startBinary(b.Against, "Restricted")
	if err != nil {
		return fmt.Errorf("start %s: %w", b.Against, err)
	}
	defer func() { err = errors.Join(err, other.stop()) }()
	for _, w := range b.workloads()[:2] {
		w, err := b.withCount(w, w.seconds)
		if err != nil {
			return err
		}
		for _, clients := range []int{2, 8} {
			ratio, err := b.pairedRatios(other, w.request, clients, w.count)
			if err != nil {
				return err
			}
			fmt.Printf("%-16s %d clients: %s of the throughput of the other executor (%d paired rounds: median, quartiles)\n",
				w.name, clients, ratio.fineString(), len(ratio))
		}
	}
	return nil
}

// pairedRatios returns the throughput of b.executor divided by that of the other executor, one
// ratio per round. Each round measures both, and the order alternates.
func (b *bench) pairedRatios(other *executor, request api.Request, clients, count int) (measurements, error) {
	var ratio measurements
	for round := range b.rounds(24) {
		var rates [2]float64
		for i := range 2 {
			side := (round + i) % 2
			rate, _, err := b.submitTo([]*executor{b.executor, other}[side], request, clients, count)
			if err != nil {
				return nil, err
			}
			rates[side] = rate
		}
		ratio = append(ratio, rates[0]/rates[1])
	}
	return ratio, nil
}
