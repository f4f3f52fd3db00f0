package recording

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/report"
	"executorpool.dev/executor/api"
)

// seasonExecutor is the executor in a pod of the season.
type seasonExecutor struct {
	uid      string
	process  int
	born     time.Time
	restarts int
	totals   api.Totals
	waits    map[uint64]uint64
}

func (e *seasonExecutor) read(now time.Time) *api.Totals {
	t := e.totals
	t.Process, t.UptimeMillis = fmt.Sprintf("%s.%d", e.uid, e.process), now.Sub(e.born).Milliseconds()
	t.Verdicts = maps.Clone(t.Verdicts)
	for _, bucket := range slices.Sorted(maps.Keys(e.waits)) {
		t.Waits = append(t.Waits, [2]uint64{bucket, e.waits[bucket]})
	}
	return &t
}

func (e *seasonExecutor) boot(now time.Time) {
	e.process++
	e.born, e.totals, e.waits = now, api.Totals{Verdicts: map[api.Verdict]uint64{}}, map[uint64]uint64{}
}

// done is what a replica did up to one instant. The simulation keeps its own ledger of these.
type done struct {
	at       time.Time
	accepted uint64
	verdicts map[api.Verdict]uint64
	lost     uint64
}

// seasonBooks holds the recordings under test and the simulation's ledger.
type seasonBooks struct {
	random     *rand.Rand
	recordings Recordings
	ledger     []done
	pods       int
}

func newSeasonBooks(parent *rand.Rand) *seasonBooks {
	// Random numbers of its own, so that the season does not depend on the ledger.
	_ = parent
	return &seasonBooks{random: rand.New(rand.NewPCG(7, 9)), recordings: Recordings{}}
}

// restart drops the state of the manager.
func (b *seasonBooks) restart() { b.recordings = Recordings{} }

// next returns the instant of the next snapshot.
func (b *seasonBooks) next(now time.Time) (time.Time, bool) {
	if len(b.recordings) == 0 {
		return time.Time{}, false
	}
	at := now.Add(time.Duration(60+b.random.IntN(240)) * time.Second)
	if last := b.recordings.NextFinal(now); last.Before(at) {
		at = last
	}
	return at, true
}

var seasonPoolName = types.NamespacedName{Namespace: "season", Name: "demo"}

func keyOf(c *v1alpha1.Contest) types.NamespacedName {
	return types.NamespacedName{Namespace: c.Namespace, Name: c.Name}
}

func (p *seasonPool) newPod(ago, took time.Duration) seasonPod {
	p.books.pods++
	created := p.now.Add(ago)
	e := &seasonExecutor{uid: fmt.Sprintf("pod-%d", p.books.pods)}
	e.boot(created)
	return seasonPod{created: created, ready: created.Add(took), executor: e}
}

// work lets the ready replicas accept and answer submissions for the given time. Rarely a process
// crashes.
func (p *seasonPool) work(passed time.Duration) {
	if passed > time.Hour {
		return
	}
	r := p.books.random
	for _, pod := range p.pods {
		if pod.ready.After(p.now.Add(-passed)) {
			continue
		}
		e := pod.executor
		counts := done{at: p.now, accepted: uint64(r.IntN(12)), verdicts: map[api.Verdict]uint64{}}
		e.totals.Accepted += counts.accepted
		for n := e.totals.Accepted - e.totals.Answered; n > uint64(r.IntN(3)); n-- {
			v := []api.Verdict{api.OK, api.OK, api.TimeLimit, api.RuntimeError}[r.IntN(4)]
			counts.verdicts[v]++
			e.totals.Verdicts[v]++
			e.totals.Answered++
			e.waits[uint64(20+r.IntN(25))]++
		}
		if r.IntN(20_000) == 0 {
			counts.lost = e.totals.Accepted - e.totals.Answered
			e.restarts++
			e.boot(p.now)
		}
		p.books.ledger = append(p.books.ledger, counts)
	}
}

// drain ends a replica in order: the replica answers what it holds and leaves its final counts.
func (p *seasonPool) drain(pod seasonPod) {
	e := pod.executor
	counts := done{at: p.now, verdicts: map[api.Verdict]uint64{}}
	for e.totals.Answered < e.totals.Accepted {
		counts.verdicts[api.OK]++
		e.totals.Verdicts[api.OK]++
		e.totals.Answered++
		e.waits[0]++
	}
	p.books.ledger = append(p.books.ledger, counts)
	p.books.recordings.AddFinal(seasonPoolName, e.uid, *e.read(p.now), p.now)
}

func (p *seasonPool) snapshot() {
	if len(p.books.recordings.Pools()) == 0 {
		return
	}
	snapshot := report.Snapshot{Asked: p.now, Answered: p.now}
	for _, pod := range p.pods {
		seen := report.Replica{UID: pod.executor.uid, Name: pod.executor.uid, Created: pod.created, Restarts: pod.executor.restarts}
		if seen.Ready = !pod.ready.After(p.now); seen.Ready {
			seen.Totals = pod.executor.read(p.now)
		}
		snapshot.Replicas = append(snapshot.Replicas, seen)
	}
	p.books.recordings.Add(seasonPoolName, snapshot)
}

// seasonReports compares reports with the simulation's ledger.
type seasonReports struct {
	complete, incomplete int
	submissions, lost    int64
}

func (s *seasonReports) add(t *testing.T, number int, p *seasonPool) {
	for _, c := range p.contests {
		got := c.Status.Report
		release := contest.Entry(c).End().Add(contest.Entry(c).CoolDown)
		if got == nil {
			if c.Spec.State != v1alpha1.ContestCancelled && c.CreationTimestamp.Time.Before(release) && c.Spec.StartTime.After(c.CreationTimestamp.Time) {
				t.Errorf("pool %d: %s has no report", number, c.Name)
			}
			continue
		}
		name := fmt.Sprintf("pool %d: %s", number, c.Name)
		var truth done
		truth.verdicts = map[api.Verdict]uint64{}
		to := got.ToTime.Add(time.Second)
		for _, d := range p.books.ledger {
			if d.at.After(got.FromTime.Time) && d.at.Before(to) {
				truth.accepted += d.accepted
				truth.lost += d.lost
				for v, n := range d.verdicts {
					truth.verdicts[v] += n
				}
			}
		}
		s.submissions, s.lost = s.submissions+got.Submissions, s.lost+got.Lost
		cond := reportedCondition(c)
		switch cond {
		case v1alpha1.ReasonComplete:
			s.complete++
			if got.Submissions != int64(truth.accepted) || got.Lost != int64(truth.lost) {
				t.Errorf("%s: %d submissions and %d lost, want %d and %d", name, got.Submissions, got.Lost, truth.accepted, truth.lost)
			}
			for _, v := range got.Verdicts {
				if v.Count != int64(truth.verdicts[api.Verdict(v.Verdict)]) {
					t.Errorf("%s: %s %d times, want %d", name, v.Verdict, v.Count, truth.verdicts[api.Verdict(v.Verdict)])
				}
			}
			if late := release.Sub(got.ToTime.Time); c.Spec.State != v1alpha1.ContestCancelled && (late < 0 || late > time.Second) {
				t.Errorf("%s: reports until %v, want just before its release at %v", name, got.ToTime, release)
			}
		case v1alpha1.ReasonIncomplete:
			s.incomplete++
			if got.Notes == "" || got.Submissions > int64(truth.accepted) {
				t.Errorf("%s: incomplete with %d submissions of %d, notes %q", name, got.Submissions, truth.accepted, got.Notes)
			}
		default:
			t.Errorf("%s: Reported is %q when the season is over", name, cond)
		}
	}
}

func reportedCondition(c *v1alpha1.Contest) string {
	for _, cond := range c.Status.Conditions {
		if cond.Type == v1alpha1.ConditionReported {
			return cond.Reason
		}
	}
	return ""
}
