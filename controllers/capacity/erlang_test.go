package capacity

import (
	"math"
	"testing"
)

// TestErlangCMatchesClosedForms compares with ρ for one slot, 2ρ²/(1+ρ) for two, and tabulated
// values for more.
func TestErlangCMatchesClosedForms(t *testing.T) {
	for _, tc := range []struct {
		slots int
		load  float64
		want  float64
	}{
		{1, 0.5, 0.5},
		{1, 0.9, 0.9},
		{2, 1, 1.0 / 3},
		{2, 1.6, 0.7111},
		{10, 8, 0.4092},
		{100, 95, 0.5065},
	} {
		if got := erlangC(tc.slots, tc.load); math.Abs(got-tc.want) > 5e-4 {
			t.Errorf("%d slots under a load of %v: %.4f of submissions wait, want %.4f", tc.slots, tc.load, got, tc.want)
		}
	}
}

// definedErlangC computes Erlang's C by its definition, as a reference for the recursion.
func definedErlangC(n int, load float64) float64 {
	term, sum := 1.0, 0.0
	for k := range n {
		sum += term
		term *= load / float64(k+1)
	}
	term *= float64(n) / (float64(n) - load)
	return term / (sum + term)
}

func TestKeepUpIsErlangC(t *testing.T) {
	for _, slots := range []int32{1, 2, 8} {
		for load := 0.1; load < 60; load *= 1.3 {
			for _, service := range []float64{0.5, 2, 20} {
				n := KeepUp(load, service, 5, slots, 1000)
				late := func(replicas int32) float64 {
					all := int(replicas * slots)
					if float64(all) <= load {
						return 1
					}
					return definedErlangC(all, load) * math.Exp(-(float64(all)-load)*5/service)
				}
				if late(n) > tailShare || n > 1 && late(n-1) <= tailShare {
					t.Errorf("load %.2f, service %v, %d slots: with %d replicas %.3f wait too long; with one fewer %.3f", load, service, slots, n, late(n), late(n-1))
				}
			}
		}
	}
}

func TestKeepUpStopsAboveLimit(t *testing.T) {
	for _, load := range []float64{100, 1e6} {
		if got := KeepUp(load, 2, 5, 1, 10); got <= 10 {
			t.Errorf("load %v, limit 10: got %d, want more than the limit", load, got)
		}
	}
}
