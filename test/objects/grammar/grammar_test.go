package grammar

import (
	"slices"
	"testing"
)

func TestDrawReachesEveryForm(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(1500) {
		for _, name := range Draw(seed, 1).Names() {
			seen[name]++
		}
	}
	for _, f := range Forms() {
		if seen[f.Name] < 10 {
			t.Errorf("1500 seeds have %s in %d programs, want at least 10", f.Name, seen[f.Name])
		}
	}
}

func TestDrawIsDeterminedBySeed(t *testing.T) {
	texts := map[string]bool{}
	for seed := range uint64(200) {
		text := Draw(seed, 1).String()
		if again := Draw(seed, 1).String(); again != text {
			t.Errorf("seed %d: got %q, then %q", seed, text, again)
		}
		texts[text] = true
	}
	if len(texts) < 190 {
		t.Errorf("200 seeds have %d different programs", len(texts))
	}
}

// TestDrawKeepsRanges draws each number in its range, and both ends of it.
func TestDrawKeepsRanges(t *testing.T) {
	for _, divisor := range []int64{1, 1000} {
		large := 0
		check := func(s Statement, n Number, value int64) {
			least, most := int64(1), max(2, n.Max/divisor)
			if n.Choice || n.Max == 0 {
				least, most = 0, n.Max
			}
			if value < least || value > most {
				t.Errorf("divisor %d: %s is outside of %d to %d", divisor, s, least, most)
			}
			if !n.Choice && value > n.Max/2 {
				large++
			}
		}
		var walk func(Program, int)
		walk = func(p Program, depth int) {
			if len(p) > 0 && depth > maxDepth {
				t.Errorf("%s is %d deep", p, depth)
			}
			for _, s := range p {
				check(s, s.Form.A, s.A)
				check(s, s.Form.B, s.B)
				walk(s.Body, depth+1)
			}
		}
		for seed := range uint64(400) {
			walk(Draw(seed, divisor), 0)
		}
		if divisor == 1 && large < 40 {
			t.Errorf("%d sizes are in the upper half of their range, want at least 40", large)
		}
	}
}

// TestSmallerEnds follows the last smaller program, which differs least, to the end.
func TestSmallerEnds(t *testing.T) {
	for seed := range uint64(5) {
		p := Draw(seed, 1)
		for steps := 0; ; steps++ {
			smaller := Smaller(p)
			if len(smaller) == 0 {
				break
			}
			text := p.String()
			if slices.ContainsFunc(smaller, func(q Program) bool { return q.String() == text }) {
				t.Fatalf("seed %d: %s is smaller than itself", seed, text)
			}
			if p = smaller[len(smaller)-1]; steps > 5000 {
				t.Fatalf("seed %d: no end after %d steps", seed, steps)
			}
		}
		if len(p) != 1 || p[0].Form.Block {
			t.Errorf("seed %d: %s is left, want one statement", seed, p)
		}
	}
}
