package autoscale

import "time"

// Decide returns the number of replicas that the pool should have now: the highest need within the
// stabilization window, at most the ceiling and at least the floor. See need for the need.
//
// The replicas rise at once and in one step. They fall once the window has passed since the last
// higher need, so within one window the direction changes at most once. A distrusted sample lowers
// nothing and raises nothing above the floor.
func Decide(in Input) Decision {
	in.Policy, in.Fleet = normalize(in.Policy, in.Fleet)
	p, s := in.Policy, in.State
	s.initialize(in)
	s.applyPolicy(p)
	s.recordScaleUp(in)

	assessed := s.assess(in)
	s.now = in.Now
	d := Decision{Fresh: assessed.distrust == "", Distrust: assessed.distrust, DistrustReason: assessed.reason}
	c := chooser{policy: p, fleet: in.Fleet, last: s.last}
	if d.Fresh {
		r := s.absorbSample(in)
		c.work = s.history.measure(minRateInterval(s, p), r.waiting, r.busy, in.Fleet.PodStart, p)
		c.waiting, c.busy = r.waiting, r.busy
		c.demand = need(r.waiting, r.busy, c.work, in.Fleet, s.podStartLeft(in), p)
		s.window.push(s.clock, c.demand.replicas, observed, p.Stabilization)
		d.Need = c.demand.replicas
		c.wanted = s.window.highest()
	} else {
		c.distrust = assessed.reason
	}
	c.choose(&d)
	s.last = d.Replicas
	d.State = s
	return d
}

// initialize sets up the state after a restart, when all existing replicas are assumed to be
// needed.
func (s *State) initialize(in Input) {
	if s.initialized {
		return
	}
	s.initialized = true
	s.replicas, s.ceiling = in.Policy.Replicas, in.Policy.Ceiling
	s.last = max(in.Fleet.SpecReplicas, in.Policy.Floor)
	s.specReplicas = in.Fleet.SpecReplicas
	s.window.push(0, in.Fleet.SpecReplicas, assumed, in.Policy.Stabilization)
}

// applyPolicy removes replicas at once if an admin lowered spec.replicas or scaling.maxReplicas,
// but for spec.replicas not below a need that samples have shown.
func (s *State) applyPolicy(p Policy) {
	if p.Replicas < s.replicas {
		s.window.dropAssumed()
		s.last = min(s.last, max(p.Floor, s.window.highest()))
	}
	if p.Ceiling < s.ceiling {
		s.last = min(s.last, max(p.Floor, p.Ceiling))
	}
	s.replicas, s.ceiling = p.Replicas, p.Ceiling
}

// recordScaleUp records when the Deployment's spec.replicas last rose.
func (s *State) recordScaleUp(in Input) {
	if in.Fleet.SpecReplicas > s.specReplicas {
		s.scaledUpAt = in.Now
	}
	s.specReplicas = in.Fleet.SpecReplicas
}

// podStartLeft returns the estimated time until the pods that start become ready. Pods that take
// longer than PodStart are expected to take a quarter of PodStart more.
func (s *State) podStartLeft(in Input) time.Duration {
	start := in.Fleet.PodStart
	return min(max(start-in.Now.Sub(s.scaledUpAt), start/4), start)
}

// absorbSample adds the sample to the state and returns its numbers with an estimate for the
// replicas that did not answer: all their slots are busy, and they queue as much as the others.
func (s *State) absorbSample(in Input) reading {
	r := readingOf(in.Sample)
	if silent := float64(in.Sample.Asked - in.Sample.Answered); silent > 0 {
		r.busy += silent * float64(in.Policy.SlotsPerReplica)
		r.waiting += r.waiting * silent / float64(in.Sample.Answered)
	}
	s.absorb(r)
	return r
}

// minRateInterval returns the shortest interval over which an arrival rate is measured. Over a
// shorter one the rate of a burst would ask for more replicas than the backlog of the burst does.
func minRateInterval(s State, p Policy) time.Duration {
	service := time.Duration(min(s.history.serviceTime(), minute.Seconds()) * float64(time.Second))
	return min(max(p.TargetWait+service, 3*time.Second), minute/2)
}

// normalize replaces absent values by their defaults and clamps values to the range in which the
// arithmetic is meaningful.
func normalize(p Policy, f Fleet) (Policy, Fleet) {
	p.Replicas, p.Floor, p.Ceiling = max(p.Replicas, 0), max(p.Floor, p.Replicas, 0), max(p.Ceiling, 0)
	p.SlotsPerReplica = min(max(p.SlotsPerReplica, 1), 4096)
	if p.TargetWait <= 0 {
		p.TargetWait = 5 * time.Second
	}
	p.TargetWait = min(max(p.TargetWait, 100*time.Millisecond), time.Hour)
	p.Stabilization = min(max(p.Stabilization, 0), 24*time.Hour)
	if p.Timeout <= 0 {
		p.Timeout = time.Minute
	}
	p.Timeout = min(p.Timeout, time.Hour)
	if p.StaleAfter <= 0 {
		p.StaleAfter = 15 * time.Second
	}
	f.SpecReplicas, f.ReadyReplicas = max(f.SpecReplicas, 0), max(f.ReadyReplicas, 0)
	if f.PodStart <= 0 {
		f.PodStart = assumedPodStart
	}
	f.PodStart = min(f.PodStart, time.Hour)
	return p, f
}
