package main

import (
	"fmt"
	"math"
)

// maxOverHeld is the highest acceptable ratio of replica-hours to the bound "held".
const maxOverHeld = 1.25

// differences explains, for each other autoscaler, why its waits or its cost differ.
var differences = map[string]string{
	"hpa-queue": "it observes no load without a queue, adds at most 4 replicas or 100 % every 15 s, and orders more replicas while pods start",
	"hpa-work":  "it decides every 15 s, adds at most 4 replicas or 100 %, and requests a slot for each waiting submission",
	"kpa":       "it keeps 30 % of its slots free, orders many replicas for a burst, and removes them after a minute",
}

// remarks returns a sentence if the target is missed, one if the cost is above maxOverHeld, and one
// for each other autoscaler that waits less or costs less.
func remarks(r comparison) []string {
	var out []string
	own, best := r.of(ownName), r.of(atOnce)
	switch {
	case r.impossible():
		out = append(out, fmt.Sprintf("p95 within the target is impossible: ceiling-at-once has a p95 of %.1f s", best.P95))
	case own.P95 > r.TargetWait:
		out = append(out, fmt.Sprintf("p95 is above the target; ceiling-at-once has a p95 of %.1f s", best.P95))
	}
	if own.OverHeld > maxOverHeld {
		out = append(out, fmt.Sprintf("replica-hours are above %.2f times the bound held", maxOverHeld))
	}
	for _, peer := range r.Figures {
		if better := compare(own, peer); better != "" && differences[peer.Name] != "" {
			out = append(out, fmt.Sprintf("%s %s: %s", peer.Name, better, differences[peer.Name]))
		}
	}
	return out
}

// compare describes in what the peer is better than own, and what it costs; "" if it is better in
// nothing. Shares are compared to a tenth of a percent, hours to a percent.
func compare(own, peer figures) string {
	waits := round(100*peer.OverTarget) - round(100*own.OverTarget)
	cost := math.Round(100*peer.ReplicaHours/own.ReplicaHours) - 100
	shares := fmt.Sprintf("%.1f %% over the target instead of %.1f %%", 100*peer.OverTarget, 100*own.OverTarget)
	switch {
	case waits < 0 && cost > 0:
		return fmt.Sprintf("waits less (%s), for %.0f %% more replica-hours", shares, cost)
	case waits < 0:
		return fmt.Sprintf("waits less (%s), without more replica-hours", shares)
	case waits == 0 && cost < 0:
		return fmt.Sprintf("waits as much (%.1f %% over the target), for %.0f %% fewer replica-hours", 100*peer.OverTarget, -cost)
	case cost < 0:
		return fmt.Sprintf("costs %.0f %% less, and waits more (%s)", -cost, shares)
	}
	return ""
}

// round rounds to a tenth.
func round(percent float64) float64 { return math.Round(10*percent) / 10 }
