package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"executorpool.dev/simulate/trace"
)

// On three seeds, p95 is within the target wherever that is possible, and replica-hours are at most
// maxOverHeld times the bound. The remarks name each autoscaler that waits less or costs less.
func TestWaitsAndCost(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			testWaitsAndCost(t, seed)
		})
	}
}

func testWaitsAndCost(t *testing.T, seed uint64) {
	var comparisons []comparison
	for _, each := range trace.All(seed) {
		r := play(each)
		comparisons = append(comparisons, r)
		testBounds(t, r)
		own := r.of(ownName)
		if !r.impossible() && own.P95 > r.TargetWait {
			t.Errorf("seed %d, %s: p95 %.1f s, target %.0f s, possible %.1f s", seed, r.Trace, own.P95, r.TargetWait, r.of(atOnce).P95)
		}
		if own.OverHeld > maxOverHeld {
			t.Errorf("seed %d, %s: %.2f times the replica-hours of the bound", seed, r.Trace, own.OverHeld)
		}
		for _, peer := range r.Figures {
			worse := round(100*peer.OverTarget) >= round(100*own.OverTarget) && peer.ReplicaHours > own.ReplicaHours*0.995
			reported := slices.ContainsFunc(r.Remarks, func(s string) bool { return strings.HasPrefix(s, peer.Name) })
			if peer.Name != ownName && differences[peer.Name] != "" && !worse && !reported {
				t.Errorf("seed %d, %s: %s waits less or costs less, and no remark reports it: %+v", seed, r.Trace, peer.Name, peer)
			}
		}
	}
	if seed == 0 {
		testDocumented(t, comparisons)
	}
	own, kpa := total(comparisons).of(ownName), total(comparisons).of("kpa")
	if own.OverHeld > maxOverHeld || own.OverFree > maxOverHeld || own.ReplicaHours > kpa.ReplicaHours || own.Turns > kpa.Turns/5 {
		t.Errorf("seed %d, all traces: %.2f of held, %.2f of free, %.1f replica-hours and %d turns, kpa %.1f and %d", seed,
			own.OverHeld, own.OverFree, own.ReplicaHours, own.Turns, kpa.ReplicaHours, kpa.Turns)
	}
}

// testDocumented checks that the page contains the end of the output.
func testDocumented(t *testing.T, comparisons []comparison) {
	page, err := os.ReadFile("../docs/autoscaling.md")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := printSummary(&out, comparisons); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&out)
	if err := printTrace(&out, total(comparisons)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(trimmed(string(page), ""), trimmed(out.String(), "    ")) {
		t.Errorf("docs/autoscaling.md does not show the end of what make simulate prints:\n%s", &out)
	}
}

// trimmed indents each line and removes the spaces at its end.
func trimmed(text, indent string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(indent+line, " ")
	}
	return strings.Join(lines, "\n")
}

// testBounds checks that a contender without waits above the target costs at least the bound free.
func testBounds(t *testing.T, r comparison) {
	if r.FreeHours > r.HeldHours {
		t.Errorf("%s: free %.2f is more than held %.2f", r.Trace, r.FreeHours, r.HeldHours)
	}
	for _, f := range r.Figures {
		if f.OverTarget == 0 && f.OverFree < 1 {
			t.Errorf("%s: %s has no wait above the target, and costs only %.3f of the bound", r.Trace, f.Name, f.OverFree)
		}
	}
}

// Equal options give equal output.
func TestOutputRepeats(t *testing.T) {
	for _, json := range []bool{false, true} {
		var first, second bytes.Buffer
		o := options{Only: []string{"contest", "trickle"}, JSON: json}
		for _, out := range []*bytes.Buffer{&first, &second} {
			if err := o.run(out); err != nil {
				t.Fatal(err)
			}
		}
		if first.String() != second.String() || !strings.Contains(first.String(), ownName) {
			t.Errorf("first:\n%s\nsecond:\n%s", &first, &second)
		}
	}
	if err := (options{Only: []string{"nonsense"}}).run(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "--only=nonsense") {
		t.Errorf("a trace that does not exist: %v", err)
	}
}
