package capacity

import "math"

// erlang computes the probability to wait in a queue with Poisson arrivals and exponential service
// times (M/M/n), one slot after the other, by Erlang's recursions (A. K. Erlang, 1917):
//
//	B(0) = 1,  B(n) = a B(n-1) / (n + a B(n-1)),  C(n) = B(n) / (1 - (a/n)(1 - B(n)))
type erlang struct {
	load    float64 // a, the mean number of busy slots of a queue with enough slots
	slots   float64 // n
	blocked float64 // B(n)
}

func newErlang(load float64) erlang { return erlang{load: load, blocked: 1} }

// addSlot advances the recursion from n to n + 1 slots.
func (e *erlang) addSlot() {
	e.slots++
	e.blocked = e.load * e.blocked / (e.slots + e.load*e.blocked)
}

// delayed returns C(n), the share of submissions that find all slots busy; 1 if the slots do not
// suffice.
func (e erlang) delayed() float64 {
	if e.slots <= e.load {
		return 1
	}
	return e.blocked / (1 - e.load/e.slots*(1-e.blocked))
}

// erlangC returns the share of submissions that find all slots busy, for a load below slots.
func erlangC(slots int, load float64) float64 {
	e := newErlang(load)
	for range slots {
		e.addSlot()
	}
	return e.delayed()
}

// KeepUp returns the smallest number of replicas at which at most 5 % of the submissions wait
// longer than target seconds. The arrivals are random, load is the mean number of busy slots
// (arrival rate x service time), service the mean service time in seconds and slots the slots of a
// replica. All replicas share one queue of n slots, in which the share of longer waits is
//
//	C(n) exp(-(n - load) target/service)
//
// KeepUp stops counting above limit replicas and returns a number above limit.
func KeepUp(load, service, target float64, slots, limit int32) int32 {
	if load <= 0 {
		return 0
	}
	least := int32(min(math.Ceil(load/float64(slots)-1e-9), math.MaxInt32/2))
	if least > limit || load > 1e5 {
		return least // above the limit, or too large to count slot by slot
	}
	e := newErlang(load)
	for replicas := int32(1); ; replicas++ {
		for range slots {
			e.addSlot()
		}
		if e.slots <= load {
			continue
		}
		if e.delayed()*math.Exp(-(e.slots-load)*target/service) <= tailShare || replicas > limit {
			return replicas
		}
	}
}
