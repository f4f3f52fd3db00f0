package autoscale

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// chooser chooses the replicas of a decision from the measured load, and explains them.
type chooser struct {
	policy        Policy
	fleet         Fleet
	work          work
	demand        demand
	waiting, busy float64
	// last is the previous decision; wanted is the highest need of the window.
	last, wanted int32
	// distrust is why the sample is distrusted.
	distrust string
}

// choose sets replicas, cause, reason and limit of the decision.
func (c chooser) choose(d *Decision) {
	p := c.policy
	d.Replicas, d.Cause, d.Reason = p.Floor, CauseFloor, p.FloorReason
	if p.FloorReason == "" {
		d.Reason = fmt.Sprintf("the floor is %d", p.Floor)
	}
	if p.Ceiling == 0 {
		return
	}
	if !d.Fresh {
		if c.last > p.Floor {
			d.Replicas, d.Cause = c.last, CauseSample
			d.Reason = fmt.Sprintf("stays at %d, because the load is not known: %s", c.last, c.distrust)
		}
		return
	}
	wanted := min(c.wanted, p.Ceiling)
	if wanted > p.Floor {
		d.Replicas = wanted
		switch {
		case wanted < c.last:
			d.Cause, d.Reason = CauseWindow, fmt.Sprintf("at most %s needed in the last %s; now %s", were(wanted), seconds(p.Stabilization), c.load())
		case c.demand.replicas >= c.wanted:
			d.Cause, d.Reason = CauseLoad, c.load()
		default:
			d.Cause, d.Reason = CauseWindow, fmt.Sprintf("%s needed in the last %s; now %s", were(c.wanted), seconds(p.Stabilization), c.load())
		}
	} else if wanted < p.Floor || wanted < c.last {
		d.Reason += "; the load does not need more: " + c.load()
	}
	if c.wanted > max(p.Ceiling, p.Floor) {
		d.Cause, d.Limited = CauseCeiling, LimitCeiling
		d.LimitedReason = fmt.Sprintf("%s, and scaling.maxReplicas is %d", c.load(), p.Ceiling)
		if c.demand.replicas < c.wanted {
			d.LimitedReason = fmt.Sprintf("%s needed in the last %s, and scaling.maxReplicas is %d", were(c.wanted), seconds(p.Stabilization), p.Ceiling)
		}
		d.Reason = d.LimitedReason
	}
	c.hold(d)
}

// hold keeps the replicas where spec.scaling.hold forbids the change. The floor still applies.
func (c chooser) hold(d *Decision) {
	p := c.policy
	held := max(c.last, p.Floor)
	switch {
	case (p.Hold == HoldIn || p.Hold == HoldBoth) && d.Replicas < held:
		d.Limited = LimitHoldIn
	case (p.Hold == HoldOut || p.Hold == HoldBoth) && d.Replicas > held:
		d.Limited = LimitHoldOut
	default:
		return
	}
	d.LimitedReason = fmt.Sprintf("scaling.hold is %s, without it the pool would have %d: %s", p.Hold, d.Replicas, d.Reason)
	d.Replicas, d.Cause, d.Reason = held, CauseHold, d.LimitedReason
}

// load describes the need with its numbers.
func (c chooser) load() string {
	n, keep, clear := fmt.Sprintf("%d replicas", c.demand.replicas), "keep", "clear"
	if c.demand.replicas == 1 {
		n, keep, clear = "1 replica", "keeps", "clears"
	}
	service := fmt.Sprintf("%.1f s each", c.work.service)
	if c.work.assumed {
		service = fmt.Sprintf("%.0f s each assumed", c.work.service)
	}
	slots := fmt.Sprintf("%d slots a replica", c.policy.SlotsPerReplica)
	switch {
	case c.demand.backlog:
		return fmt.Sprintf("%s waiting + %s busy, %s, %s, pods ready in %.0f s: %s %s it in %.0f s", whole(c.waiting), whole(c.busy),
			service, slots, c.fleet.PodStart.Seconds(), n, clear, c.demand.within.Seconds())
	case c.work.rate > 0:
		return fmt.Sprintf("%.1f a second, %s, %s: %s %s the wait under %s", c.work.rate, service, slots, n, keep, seconds(c.policy.TargetWait))
	case c.demand.replicas > 0:
		return fmt.Sprintf("%.1f slots busy, %s, %s: %s %s the wait under %s", c.work.load, service, slots, n, keep, seconds(c.policy.TargetWait))
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
