package autoscale

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// view is what is known when it comes to deciding.
type view struct {
	policy        Policy
	fleet         Fleet
	work          work
	demand        demand
	waiting, busy float64
	// last is what was decided last, wanted what the load wants now: the highest need of the window.
	last, wanted int32
	// problem is why there is no believed sample.
	problem string
}

// decide fills in replicas, cause, reason and limit.
func (v view) decide(d *Decision) {
	p := v.policy
	d.Replicas, d.Cause, d.Reason = p.Floor, CauseFloor, p.FloorReason
	if p.FloorReason == "" {
		d.Reason = fmt.Sprintf("the floor is %d", p.Floor)
	}
	if p.Ceiling == 0 {
		return
	}
	if !d.Fresh {
		if v.last > p.Floor {
			d.Replicas, d.Cause = v.last, CauseSample
			d.Reason = fmt.Sprintf("stays at %d, because the load is not known: %s", v.last, v.problem)
		}
		return
	}
	wanted := min(v.wanted, p.Ceiling)
	if wanted > p.Floor {
		d.Replicas = wanted
		switch {
		case wanted < v.last:
			d.Cause, d.Reason = CauseWindow, fmt.Sprintf("no more than %s needed in the last %s; now %s", were(wanted), seconds(p.Stabilization), v.load())
		case v.demand.replicas >= v.wanted:
			d.Cause, d.Reason = CauseLoad, v.load()
		default:
			d.Cause, d.Reason = CauseWindow, fmt.Sprintf("%s needed in the last %s; now %s", were(v.wanted), seconds(p.Stabilization), v.load())
		}
	} else if wanted < p.Floor || wanted < v.last {
		d.Reason += "; the load needs no more: " + v.load()
	}
	if v.wanted > max(p.Ceiling, p.Floor) {
		d.Cause, d.Limited = CauseCeiling, LimitCeiling
		d.LimitedReason = fmt.Sprintf("%s, and scaling.maxReplicas is %d", v.load(), p.Ceiling)
		if v.demand.replicas < v.wanted {
			d.LimitedReason = fmt.Sprintf("%s needed in the last %s, and scaling.maxReplicas is %d", were(v.wanted), seconds(p.Stabilization), p.Ceiling)
		}
		d.Reason = d.LimitedReason
	}
	v.hold(d)
}

// hold keeps the autoscaler from moving where the admin says so. The floor still counts.
func (v view) hold(d *Decision) {
	p := v.policy
	at := max(v.last, p.Floor)
	if (p.Hold == HoldIn || p.Hold == HoldBoth) && d.Replicas < at {
		d.Limited, d.LimitedReason = LimitHoldIn, fmt.Sprintf("scaling.hold is %s, or there would be %d: %s", p.Hold, d.Replicas, d.Reason)
	} else if (p.Hold == HoldOut || p.Hold == HoldBoth) && d.Replicas > at {
		d.Limited, d.LimitedReason = LimitHoldOut, fmt.Sprintf("scaling.hold is %s, or there would be %d: %s", p.Hold, d.Replicas, d.Reason)
	} else {
		return
	}
	d.Replicas, d.Cause, d.Reason = at, CauseHold, d.LimitedReason
}

// load is the need in words and numbers.
func (v view) load() string {
	n, keep, clear := fmt.Sprintf("%d replicas", v.demand.replicas), "keep", "clear"
	if v.demand.replicas == 1 {
		n, keep, clear = "1 replica", "keeps", "clears"
	}
	service := fmt.Sprintf("%.1f s each", v.work.service)
	if v.work.assumed {
		service = fmt.Sprintf("%.0f s each assumed", v.work.service)
	}
	slots := fmt.Sprintf("%d slots a replica", v.policy.SlotsPerReplica)
	switch {
	case v.demand.backlog:
		return fmt.Sprintf("%s waiting + %s busy, %s, %s, pods ready in %.0f s: %s %s it in %.0f s", whole(v.waiting), whole(v.busy),
			service, slots, v.fleet.PodStart.Seconds(), n, clear, v.demand.within.Seconds())
	case v.work.rate > 0:
		return fmt.Sprintf("%.1f a second, %s, %s: %s %s the wait under %s", v.work.rate, service, slots, n, keep, seconds(v.policy.TargetWait))
	case v.demand.replicas > 0:
		return fmt.Sprintf("%.1f slots busy, %s, %s: %s %s the wait under %s", v.work.load, service, slots, n, keep, seconds(v.policy.TargetWait))
	}
	return "nothing waits and nothing runs"
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s" }

func whole(x float64) string { return strconv.FormatFloat(math.Round(x), 'f', -1, 64) }

func were(n int32) string {
	if n == 1 {
		return "1 replica was"
	}
	return fmt.Sprintf("%d replicas were", n)
}
