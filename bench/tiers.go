package main

import (
	"errors"
	"fmt"
)

// tiers compares the time of a submission in tier Namespaced with that in Restricted. Two executors
// run at the same time and receive submissions in turn.
func (b *bench) tiers() (err error) {
	namespaced, err := start(b.dir, "Namespaced")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, namespaced.stop()) }()
	other := &bench{options: b.options, dir: b.dir, executor: namespaced}
	for _, w := range b.workloads() {
		w, err := b.withCount(w, w.seconds/9)
		if err != nil {
			return err
		}
		for _, side := range []*bench{b, other} {
			if _, _, err := side.submit(w.request, 2, 20); err != nil {
				return err
			}
		}
		var ratios, added measurements
		for range b.rounds(24) {
			var median [2]float64
			for i, side := range []*bench{b, other} {
				var err error
				if _, median[i], err = side.submit(w.request, 1, w.count); err != nil {
					return err
				}
			}
			ratios = append(ratios, median[1]/median[0])
			added = append(added, 1000*(median[1]-median[0]))
		}
		fmt.Printf("%-15s median time in tier Namespaced, divided by that in Restricted: %s\n", w.name, ratios)
		fmt.Printf("%-15s difference, µs: %s\n", w.name, added)
	}
	return nil
}
