package main

import (
	"fmt"
	"math"
)

// bar is what replica-hours may be at most over the held bound.
const bar = 1.25

// ways are how the peers differ, which is why they wait or cost more or less.
var ways = map[string]string{
	"hpa-queue": "it sees no load before there is a queue, adds at most 4 replicas or as many as there are each 15 s, and orders again while pods start",
	"hpa-work":  "it looks each 15 s, adds at most 4 replicas or as many as there are, and asks for a slot for each that waits",
	"kpa":       "it keeps 30 % of its slots free, orders many for a burst, and lets go after a minute",
}

// remarks say where the target is missed, where the cost is over the bar, and where a peer is better at something.
func remarks(r report) []string {
	var out []string
	own, best := r.of(ours), r.of(atOnce)
	switch {
	case r.impossible():
		out = append(out, fmt.Sprintf("p95 within the target is impossible: with the ceiling asked for at the first sign of a queue it is %.1f s", best.P95))
	case own.P95 > r.TargetWait:
		out = append(out, fmt.Sprintf("p95 is over the target, and with the ceiling asked for at the first sign of a queue it would be %.1f s", best.P95))
	}
	if own.OverHeld > bar {
		out = append(out, fmt.Sprintf("replica-hours are over %.2f of the bound", bar))
	}
	for _, peer := range r.Figures {
		if better := compare(own, peer); better != "" && ways[peer.Name] != "" {
			out = append(out, fmt.Sprintf("%s %s: %s", peer.Name, better, ways[peer.Name]))
		}
	}
	return out
}

// compare says what a peer is better at, and at what price; empty when it is better at nothing.
func compare(own, peer figures) string {
	waits := round(100*peer.OverTarget) - round(100*own.OverTarget)
	cost := math.Round(100*peer.ReplicaHours/own.ReplicaHours) - 100
	shares := fmt.Sprintf("%.1f %% over the target, not %.1f %%", 100*peer.OverTarget, 100*own.OverTarget)
	switch {
	case waits < 0 && cost > 0:
		return fmt.Sprintf("waits less (%s), for %.0f %% more replica-hours", shares, cost)
	case waits < 0:
		return fmt.Sprintf("waits less (%s), for no more replica-hours", shares)
	case waits == 0 && cost < 0:
		return fmt.Sprintf("waits as much (%.1f %% over the target), for %.0f %% fewer replica-hours", 100*peer.OverTarget, -cost)
	case cost < 0:
		return fmt.Sprintf("costs %.0f %% less, and waits more (%s)", -cost, shares)
	}
	return ""
}

func round(percent float64) float64 { return math.Round(10*percent) / 10 }
