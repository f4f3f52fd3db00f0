package autoscale

import "time"

// Decide says how many replicas the pool is to have now: the highest need of the stabilisation window, no more than the
// ceiling, no less than the floor. See need for how a need is found.
//
// Up goes at once and in one step. Down goes when the window has passed since a higher need, so in one window the
// direction changes at most once. A sample that is not believed moves nothing down, and nothing up but to the floor.
func Decide(in Input) Decision {
	in.Policy, in.Fleet = normal(in.Policy, in.Fleet)
	p, s := in.Policy, in.State
	s.begin(in)
	s.obey(p)
	s.follow(in)

	doubt := s.doubtAbout(in)
	s.now = in.Now
	d := Decision{Fresh: doubt.problem == "", Problem: doubt.problem, ProblemReason: doubt.why}
	v := view{policy: p, fleet: in.Fleet, last: s.last}
	if d.Fresh {
		r := s.take(in)
		v.work = s.history.measure(shortest(s, p), r.waiting, r.busy, in.Fleet.PodStart, p)
		v.waiting, v.busy = r.waiting, r.busy
		v.demand = need(r.waiting, r.busy, v.work, in.Fleet, s.left(in), p)
		s.window.push(s.clock, v.demand.replicas, seen, p.Stabilization)
		d.Need = v.demand.replicas
		v.wanted = s.window.highest()
	} else {
		v.problem = doubt.why
	}
	v.decide(&d)
	s.last = d.Replicas
	d.State = s
	return d
}

// begin fills in what is not known after a restart: that everything that is there is needed.
func (s *State) begin(in Input) {
	if s.begun {
		return
	}
	s.begun = true
	s.replicas, s.ceiling = in.Policy.Replicas, in.Policy.Ceiling
	s.last = max(in.Fleet.Written, in.Policy.Floor)
	s.written = in.Fleet.Written
	s.window.push(0, in.Fleet.Written, presumed, in.Policy.Stabilization)
}

// obey lets an admin who asks for fewer have them at once, down to what samples have shown to be needed.
func (s *State) obey(p Policy) {
	if p.Replicas < s.replicas {
		s.window.forgetPresumed()
		s.last = min(s.last, max(p.Floor, s.window.highest()))
	}
	if p.Ceiling < s.ceiling {
		s.last = min(s.last, max(p.Floor, p.Ceiling))
	}
	s.replicas, s.ceiling = p.Replicas, p.Ceiling
}

// follow notes when pods were ordered last.
func (s *State) follow(in Input) {
	if in.Fleet.Written > s.written {
		s.wroteAt = in.Now
	}
	s.written = in.Fleet.Written
}

// left is how long the pods on their way still need, as far as one can know: those that take longer than others need a
// quarter more.
func (s *State) left(in Input) time.Duration {
	start := in.Fleet.PodStart
	return min(max(start-in.Now.Sub(s.wroteAt), start/4), start)
}

// take takes the sample in and gives its numbers with those of silent replicas, which are taken to be busy in every slot
// and to have as many waiting as the others.
func (s *State) take(in Input) reading {
	r := readingOf(in.Sample)
	if silent := float64(in.Sample.Asked - in.Sample.Answered); silent > 0 {
		r.busy += silent * float64(in.Policy.SlotsPerReplica)
		r.waiting += r.waiting * silent / float64(in.Sample.Answered)
	}
	s.absorb(r)
	return r
}

// shortest is the shortest while from which a rate is taken: in a shorter one, a burst's rate would ask for more than the
// burst's backlog does.
func shortest(s State, p Policy) time.Duration {
	service := time.Duration(min(s.history.serviceTime(), minute.Seconds()) * float64(time.Second))
	return min(max(p.TargetWait+service, 3*time.Second), minute/2)
}

// normal puts numbers into the range in which the arithmetic means something.
func normal(p Policy, f Fleet) (Policy, Fleet) {
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
	f.Written, f.Ready = max(f.Written, 0), max(f.Ready, 0)
	if f.PodStart <= 0 {
		f.PodStart = assumedPodStart
	}
	f.PodStart = min(f.PodStart, time.Hour)
	return p, f
}
