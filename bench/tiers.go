package main

import (
	"errors"
	"fmt"
)

// tiers compares the time of a submission in tier Namespaced with that in Restricted: two executors side by side, of which
// one is asked and then the other.
func (b *bench) tiers() (err error) {
	namespaced, err := start(b.dir, "Namespaced")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, namespaced.stop()) }()
	other := &bench{options: b.options, dir: b.dir, executor: namespaced}
	for _, w := range b.works() {
		w, err := b.sized(w, w.seconds/9)
		if err != nil {
			return err
		}
		for _, side := range []*bench{b, other} {
			if _, _, err := side.through(w.request, 2, 20); err != nil {
				return err
			}
		}
		var ratios, added spread
		for range b.rounds(24) {
			var median [2]float64
			for i, side := range []*bench{b, other} {
				var err error
				if _, median[i], err = side.through(w.request, 1, w.count); err != nil {
					return err
				}
			}
			ratios = append(ratios, median[1]/median[0])
			added = append(added, 1000*(median[1]-median[0]))
		}
		fmt.Printf("%-15s median time in tier Namespaced, of that in Restricted: %s\n", w.name, ratios)
		fmt.Printf("%-15s the difference, µs: %s\n", w.name, added)
	}
	return nil
}
