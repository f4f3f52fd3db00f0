package recording

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/calendar"
	"executorpool.dev/controllers/contest"
)

// A season is 300 contests on 20 pools over 60 days in virtual time, with the functions that the
// controllers use. Contests overlap, and are moved, resized and cancelled, also while they run;
// some are declared late. Pods start slowly, and the manager is down at times.
const (
	seasonPools    = 20
	seasonContests = 300
	seasonDays     = 60
)

// edit is a change by an admin.
type edit struct {
	at      time.Time
	contest int
	do      func(*v1alpha1.Contest)
}

// outage is a time in which the manager is down.
type outage struct{ from, to time.Time }

// seasonPod exists from created on and serves from ready on.
type seasonPod struct {
	created, ready time.Time
	executor       *seasonExecutor
}

// seasonPool is one pool with its contests.
type seasonPool struct {
	random   *rand.Rand
	contests []*v1alpha1.Contest // nil until declared
	edited   []time.Time         // the last declaration or edit of each contest
	edits    []edit
	outages  []outage
	usual    time.Duration // the typical start time of a pod

	now    time.Time
	pods   []seasonPod
	books  *seasonBooks
	floor  int
	back   time.Time // the end of the last outage
	starts []time.Duration

	// Results.
	replicaTime, floorTime time.Duration
	met, impossible        int
	faults                 []string
}

func drawPool(seed uint64, contests int, outages []outage) *seasonPool {
	r := rand.New(rand.NewPCG(seed, 9))
	begin := time.Date(2028, 2, 1, 0, 0, 0, 0, time.UTC)
	p := &seasonPool{random: r, now: begin, outages: outages, usual: time.Duration(5+r.IntN(120)) * time.Second,
		contests: make([]*v1alpha1.Contest, contests), edited: make([]time.Time, contests)}
	for i := range contests {
		at := begin.Add(24*time.Hour + time.Duration(r.IntN(seasonDays*24*60))*time.Minute)
		if i > 0 && r.IntN(3) == 0 {
			// Overlaps with the previous contest, or follows it.
			at = p.edits[0].at
			for _, e := range p.edits {
				if e.contest == i-1 {
					at = e.at
				}
			}
			at = at.Add(30*time.Hour + time.Duration(r.IntN(600))*time.Minute)
		}
		length := int32(3600 * (1 + r.IntN(6)))
		participants := int32(20 + r.IntN(600))
		declared := at.Add(-time.Duration(1+r.IntN(20*24)) * time.Hour)
		if r.IntN(8) == 0 {
			declared = at.Add(time.Duration(r.IntN(1200)-600) * time.Second) // late
		}
		p.edits = append(p.edits, edit{declared, i, func(c *v1alpha1.Contest) {
			c.Spec.StartTime, c.Spec.DurationSeconds, c.Spec.Participants = metav1.NewTime(at), length, participants
		}})
		when := at.Add(time.Duration(r.IntN(7200)-3600) * time.Second)
		if when.Before(declared) {
			continue
		}
		shift, bigger := time.Duration(r.IntN(14400)-7200)*time.Second, int32(20+r.IntN(600))
		switch r.IntN(8) {
		case 0:
			p.edits = append(p.edits, edit{when, i, func(c *v1alpha1.Contest) { c.Spec.StartTime = metav1.NewTime(c.Spec.StartTime.Add(shift)) }})
		case 1:
			p.edits = append(p.edits, edit{when, i, func(c *v1alpha1.Contest) { c.Spec.State = v1alpha1.ContestCancelled }})
		case 2:
			p.edits = append(p.edits, edit{when, i, func(c *v1alpha1.Contest) { c.Spec.Participants = bigger }})
		}
	}
	slices.SortStableFunc(p.edits, func(a, b edit) int { return a.at.Compare(b.at) })
	p.now = slices.MinFunc(p.edits, func(a, b edit) int { return a.at.Compare(b.at) }).at.Add(-time.Hour)
	p.books = newSeasonBooks(r)
	p.pods = []seasonPod{p.newPod(-time.Hour, 0)}
	p.floor = 1
	return p
}

// seasonContest is the contest of the design document. The first edit sets its times and
// participants.
func seasonContest() *v1alpha1.Contest {
	return &v1alpha1.Contest{
		Spec: v1alpha1.ContestSpec{
			PoolName:        "demo",
			Load:            v1alpha1.ContestLoad{BurstPercent: 100, SubmissionsPerHour: 20},
			CoolDownSeconds: new(int32(900)), State: v1alpha1.ContestScheduled, TTLSecondsAfterFinished: new(int32(3600)),
		},
	}
}

func seasonExecutorPool() *v1alpha1.ExecutorPool {
	return &v1alpha1.ExecutorPool{
		Spec: v1alpha1.ExecutorPoolSpec{Workers: 4, Threads: 2, Scaling: v1alpha1.ScalingSpec{TargetWaitSeconds: 5}},
		Status: v1alpha1.ExecutorPoolStatus{Conditions: []metav1.Condition{
			{Type: v1alpha1.ConditionIsolationEnforced, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonTierProved},
		}},
	}
}

// away reports whether the manager is down, and until when.
func (p *seasonPool) away() (until time.Time, is bool) {
	for _, o := range p.outages {
		if !p.now.Before(o.from) && p.now.Before(o.to) {
			return o.to, true
		}
	}
	return time.Time{}, false
}

// play runs the season until nothing is left to happen.
func (p *seasonPool) play() {
	for next := 0; ; {
		for next < len(p.edits) && !p.edits[next].at.After(p.now) {
			p.apply(p.edits[next])
			next++
		}
		var wake time.Time
		if until, is := p.away(); is {
			wake, p.back = until, until
			p.books.restart()
		} else {
			p.snapshot()
			wake = p.reconcile()
			if next, is := p.books.next(p.now); is && (wake.IsZero() || next.Before(wake)) {
				wake = next
			}
		}
		for _, at := range p.moments() {
			if at.After(p.now) && (wake.IsZero() || at.Before(wake)) {
				wake = at
			}
		}
		if next < len(p.edits) && (wake.IsZero() || p.edits[next].at.Before(wake)) {
			wake = p.edits[next].at
		}
		p.judge()
		if wake.IsZero() {
			return
		}
		passed := wake.Sub(p.now)
		p.replicaTime += passed * time.Duration(len(p.pods))
		p.floorTime += passed * time.Duration(p.wanted())
		p.now = wake
		p.work(passed)
	}
}

// moments returns the instants at which the expected floor changes or an outage begins.
func (p *seasonPool) moments() []time.Time {
	var all []time.Time
	for _, c := range p.contests {
		if c == nil {
			continue
		}
		start := c.Spec.StartTime.Time
		all = append(all, start.Add(-time.Duration(c.Status.WarmUpSeconds)*time.Second), start, start.Add(time.Duration(c.Spec.DurationSeconds+900)*time.Second))
	}
	for _, o := range p.outages {
		all = append(all, o.from)
	}
	return all
}

// apply applies an edit.
func (p *seasonPool) apply(e edit) {
	c := p.contests[e.contest]
	if c == nil {
		c = seasonContest()
		c.Name, c.Namespace, c.Generation, c.CreationTimestamp = fmt.Sprintf("contest-%d", e.contest), "season", 0, metav1.NewTime(p.now)
		p.contests[e.contest] = c
	}
	e.do(c)
	c.Generation++
	p.edited[e.contest] = p.now
}

// reconcile updates the contests and then the replicas of the pool. It returns the instant of the
// next reconcile.
func (p *seasonPool) reconcile() time.Time {
	entries := func() []calendar.Contest {
		var all []calendar.Contest
		for _, c := range p.contests {
			if c != nil {
				all = append(all, contest.Entry(c))
			}
		}
		return all
	}
	for _, c := range p.contests {
		if c == nil {
			continue
		}
		if settled := contest.Entry(c).Phase(p.now).Over() && c.Status.ObservedGeneration == c.Generation && len(c.Status.Checkpoint) == 0 && p.books.recordings[keyOf(c)] == nil; !settled {
			in := contest.Input{Contest: c, Pool: seasonExecutorPool(), Now: p.now, Measured: contest.Measured{PodStarts: p.starts}}
			d := contest.Decide(in)
			if err := p.books.recordings.Record(in, &d); err != nil {
				p.faults = append(p.faults, err.Error())
			}
			c.Status = d.Status
		}
	}
	held, _ := calendar.Floor(entries(), p.now)
	p.floor = max(1, held)
	for len(p.pods) < p.floor {
		took := p.usual/2 + time.Duration(p.random.Int64N(int64(p.usual)))
		p.starts = append(p.starts, took)
		p.pods = append(p.pods, p.newPod(0, took))
	}
	for _, pod := range p.pods[p.floor:] {
		p.drain(pod)
	}
	p.pods = p.pods[:p.floor]
	if next, ok := calendar.Next(entries(), p.now); ok {
		return next
	}
	return time.Time{}
}

// wanted returns the floor by the rule itself, from the plans and the declared times.
func (p *seasonPool) wanted() int {
	sum := 0
	for _, c := range p.contests {
		if c != nil && c.Spec.State != v1alpha1.ContestCancelled {
			start, now := c.Spec.StartTime.Unix(), p.now.Unix()
			if now >= start-int64(c.Status.WarmUpSeconds) && now < start+int64(c.Spec.DurationSeconds)+900 {
				sum += int(c.Status.Replicas)
			}
		}
	}
	return max(1, sum)
}

// judge checks each contest that starts now: the replicas of its floor are ready if there was time
// for them to start.
func (p *seasonPool) judge() {
	for i, c := range p.contests {
		if c == nil || c.Spec.State == v1alpha1.ContestCancelled || !c.Spec.StartTime.Time.Equal(p.now) {
			continue
		}
		ready := 0
		for _, pod := range p.pods {
			if !pod.ready.After(p.now) {
				ready++
			}
		}
		// The last instant at which the start became known and a manager was up to act on it.
		known := slices.MaxFunc([]time.Time{p.edited[i], p.back, c.Spec.StartTime.Add(-time.Duration(c.Status.WarmUpSeconds) * time.Second)},
			func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
		possible := !known.Add(p.usual + p.usual/2).After(p.now)
		_, away := p.away()
		switch {
		case ready >= p.wanted():
			p.met++
		case possible && !away && c.Status.WarmUpSeconds >= 300:
			p.faults = append(p.faults, fmt.Sprintf("%s at %v: %d of %d replicas serve, known since %v", c.Name, p.now, ready, p.wanted(), p.now.Sub(known)))
		default:
			p.impossible++
		}
	}
}

func TestSeason(t *testing.T) {
	var held, own time.Duration
	met, impossible, late := 0, 0, 0
	var reported seasonReports
	r := rand.New(rand.NewPCG(1, 9))
	var outages []outage
	for range 40 {
		from := time.Date(2028, 2, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(seasonDays*24*3600)) * time.Second)
		outages = append(outages, outage{from, from.Add(time.Duration(10+r.IntN(600)) * time.Second)})
	}
	for i := range seasonPools {
		p := drawPool(uint64(i), seasonContests/seasonPools, outages)
		p.play()
		held, own = held+p.replicaTime, own+p.floorTime
		reported.add(t, i, p)
		met, impossible, late = met+p.met, impossible+p.impossible, late+len(p.faults)
		for _, f := range p.faults {
			t.Errorf("pool %d: %s", i, f)
		}
	}
	t.Logf("%d starts at their floor, %d that nobody could have met, %d missed; %.0f replica-hours, %.3f of the floors' own %.0f",
		met, impossible, late, held.Hours(), held.Hours()/own.Hours(), own.Hours())
	t.Logf("%d reports, %d of them complete and %d saying that they are not; %d submissions, %d lost; all as in the simulation's ledger",
		reported.complete+reported.incomplete, reported.complete, reported.incomplete, reported.submissions, reported.lost)
	if reported.complete < seasonContests/2 || reported.incomplete == 0 {
		t.Errorf("%d reports are complete and %d not: the season does not test what it should", reported.complete, reported.incomplete)
	}
	if ratio := held.Hours() / own.Hours(); ratio > 1.15 || ratio < 0.95 {
		t.Errorf("replica-hours are %.3f of the floors' own, want at most 1.15, and no fewer than floors are for", ratio)
	}
	if met < seasonContests/2 {
		t.Errorf("only %d contests started at their floor: the season does not test what it should", met)
	}
}
