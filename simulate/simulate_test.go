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

// The bar, on three draws of the arrivals: p95 within the target wherever that is possible, replica-hours at most 1.25 of the
// bound. Where a peer is better at anything, the table says so.
func TestBar(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			testBar(t, seed)
		})
	}
}

func testBar(t *testing.T, seed uint64) {
	var reports []report
	for _, each := range trace.All(seed) {
		r := play(each)
		reports = append(reports, r)
		testBounds(t, r)
		own := r.of(ours)
		if !r.impossible() && own.P95 > r.TargetWait {
			t.Errorf("seed %d, %s: p95 %.1f s, target %.0f s, possible %.1f s", seed, r.Trace, own.P95, r.TargetWait, r.of(atOnce).P95)
		}
		if own.OverHeld > bar {
			t.Errorf("seed %d, %s: %.2f of the replica-hours of the bound", seed, r.Trace, own.OverHeld)
		}
		for _, peer := range r.Figures {
			worse := round(100*peer.OverTarget) >= round(100*own.OverTarget) && peer.ReplicaHours > own.ReplicaHours*0.995
			told := slices.ContainsFunc(r.Remarks, func(s string) bool { return strings.HasPrefix(s, peer.Name) })
			if peer.Name != ours && ways[peer.Name] != "" && !worse && !told {
				t.Errorf("seed %d, %s: %s is better at something, and nothing says so: %+v", seed, r.Trace, peer.Name, peer)
			}
		}
	}
	if seed == 0 {
		testDocumented(t, reports)
	}
	own, kpa := total(reports).of(ours), total(reports).of("kpa")
	if own.OverHeld > bar || own.OverFree > bar || own.ReplicaHours > kpa.ReplicaHours || own.Turns > kpa.Turns/5 {
		t.Errorf("seed %d, all traces: %.2f of held, %.2f of free, %.1f replica-hours and %d turns, kpa %.1f and %d", seed,
			own.OverHeld, own.OverFree, own.ReplicaHours, own.Turns, kpa.ReplicaHours, kpa.Turns)
	}
}

// testDocumented: the documentation shows what is printed.
func testDocumented(t *testing.T, reports []report) {
	page, err := os.ReadFile("../docs/autoscaling.md")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := printSummary(&out, reports); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&out)
	if err := printTrace(&out, total(reports)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(trimmed(string(page), ""), trimmed(out.String(), "    ")) {
		t.Errorf("docs/autoscaling.md does not show the end of what make simulate prints:\n%s", &out)
	}
}

// trimmed has each line indented and leaves out the spaces at its end.
func trimmed(text, indent string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(indent+line, " ")
	}
	return strings.Join(lines, "\n")
}

// testBounds: whoever lets nobody wait over the target pays at least the free bound.
func testBounds(t *testing.T, r report) {
	if r.FreeHours > r.HeldHours {
		t.Errorf("%s: free %.2f is more than held %.2f", r.Trace, r.FreeHours, r.HeldHours)
	}
	for _, f := range r.Figures {
		if f.OverTarget == 0 && f.OverFree < 1 {
			t.Errorf("%s: %s lets nobody wait, for %.3f of the bound", r.Trace, f.Name, f.OverFree)
		}
	}
}

// It prints the same each time.
func TestOutputRepeats(t *testing.T) {
	for _, json := range []bool{false, true} {
		var first, second bytes.Buffer
		o := options{Only: []string{"contest", "trickle"}, JSON: json}
		for _, out := range []*bytes.Buffer{&first, &second} {
			if err := o.run(out); err != nil {
				t.Fatal(err)
			}
		}
		if first.String() != second.String() || !strings.Contains(first.String(), ours) {
			t.Errorf("first:\n%s\nsecond:\n%s", &first, &second)
		}
	}
	if err := (options{Only: []string{"nonsense"}}).run(&bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "--only=nonsense") {
		t.Errorf("a trace of no such name: %v", err)
	}
}
