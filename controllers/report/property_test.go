package report

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"executorpool.dev/executor/api"
)

var start = time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC)

// process counts like an executor, and a second time for the expected result.
type process struct {
	name   string
	born   time.Time
	totals api.Totals
	waits  map[uint64]uint64
}

func (p *process) read(now time.Time) *api.Totals {
	t := p.totals
	t.Process, t.UptimeMillis = p.name, now.Sub(p.born).Milliseconds()
	t.Verdicts, t.Rejections = maps.Clone(t.Verdicts), maps.Clone(t.Rejections)
	for _, bucket := range slices.Sorted(maps.Keys(p.waits)) {
		t.Waits = append(t.Waits, [2]uint64{bucket, p.waits[bucket]})
	}
	return &t
}

// world is a pool in virtual time with its true counts since the start.
type world struct {
	t         *rapid.T
	now       time.Time
	pods      map[string]*process
	created   map[string]time.Time
	processes int
	truth     Counts
	// cut counts the submissions of ended processes after their last snapshot, lost those that they
	// held then.
	cut, lost uint64
	observed  map[string]Counts
	listed    map[string]bool
	restarts  map[string]int
}

func (w *world) process() *process {
	w.processes++
	return &process{name: fmt.Sprint("process-", w.processes), born: w.now, waits: map[uint64]uint64{},
		totals: api.Totals{Verdicts: map[api.Verdict]uint64{}, Rejections: map[string]uint64{}}}
}

func (w *world) counts(c Counts) {
	if w.now.After(start) {
		w.truth.add(c)
	}
}

// work lets a replica accept some submissions and answer some.
func (w *world) work(p *process) {
	take := uint64(rapid.IntRange(0, 50).Draw(w.t, "take"))
	p.totals.Accepted += take
	w.counts(Counts{accepted: take})
	done := uint64(rapid.IntRange(0, int(p.totals.Accepted-p.totals.Answered)).Draw(w.t, "answer"))
	for range done {
		v := rapid.SampledFrom(api.Verdicts()).Draw(w.t, "verdict")
		bucket := uint64(rapid.IntRange(0, api.WaitBuckets-1).Draw(w.t, "wait"))
		p.totals.Verdicts[v]++
		p.waits[bucket]++
		p.totals.ServedMillis += 7
		w.counts(Counts{verdict + string(v): 1, waited + fmt.Sprint(bucket): 1, served: 7})
	}
	p.totals.Answered += done
	w.counts(Counts{answered: done})
	if rapid.Bool().Draw(w.t, "refuse") {
		p.totals.Rejections[api.ReasonQueueFull]++
		w.counts(Counts{rejected + api.ReasonQueueFull: 1})
	}
}

// snapshot asks all replicas. Unless every is set, some do not answer.
func (w *world) snapshot(l *Ledger, every bool) {
	snapshot := Snapshot{Asked: w.now, Answered: w.now}
	for _, uid := range slices.Sorted(maps.Keys(w.pods)) {
		observed := Replica{UID: uid, Name: uid, Created: w.created[uid], Ready: true, Restarts: w.restarts[uid]}
		w.listed[uid] = true
		if every || rapid.IntRange(0, 9).Draw(w.t, "silent") > 0 {
			observed.Totals = w.pods[uid].read(w.now)
			w.observed[w.pods[uid].name] = countsOf(*observed.Totals)
		}
		snapshot.Replicas = append(snapshot.Replicas, observed)
	}
	l.Add(snapshot)
}

// end ends the process of a replica. final reports whether the process leaves its final counts.
func (w *world) end(l *Ledger, uid string, final bool) {
	p := w.pods[uid]
	last := countsOf(*p.read(w.now))
	if final {
		l.AddFinal(uid, *p.read(w.now), w.now)
		if w.now.After(start) && w.observed[p.name] != nil {
			w.lost += last.unanswered()
			return
		}
	}
	if !w.now.After(start) {
		return
	}
	missed, err := last.gain(w.observed[p.name])
	if err != nil {
		w.t.Fatal(err)
	}
	w.cut += missed[accepted]
	w.lost += w.observed[p.name].unanswered()
	for name, n := range missed {
		w.truth[name] -= n
	}
}

// TestLedgerAddsUpToTruth lets a pool work, gain, lose and restart replicas, while a ledger takes
// snapshots at random times, misses answers and moves from process to process. The report must
// equal the true counts without those that nobody could read, and must be incomplete if there were
// any.
func TestLedgerAddsUpToTruth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{t: t, now: start.Add(-time.Minute), pods: map[string]*process{}, created: map[string]time.Time{}, truth: Counts{}, observed: map[string]Counts{},
			listed: map[string]bool{}, restarts: map[string]int{}}
		l := New(start)
		add := func() {
			uid := fmt.Sprint("pod-", len(w.created))
			w.created[uid], w.pods[uid] = w.now, w.process()
		}
		for range rapid.IntRange(1, 5).Draw(t, "replicas") {
			add()
		}
		w.snapshot(l, true)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.now = w.now.Add(time.Duration(rapid.IntRange(1, 20_000).Draw(t, "ms")) * time.Millisecond)
			uids := slices.Sorted(maps.Keys(w.pods))
			action := rapid.IntRange(0, 9).Draw(t, "action")
			if len(uids) == 0 {
				action = 9
			}
			switch action {
			case 0, 1, 2:
				// A pod that is in no snapshot is not ready yet.
				if uid := rapid.SampledFrom(uids).Draw(t, "who"); w.listed[uid] {
					w.work(w.pods[uid])
				}
			case 3, 4:
				// Before the start all replicas answer; another test covers counters that are
				// unknown then.
				w.snapshot(l, !w.now.After(start))
			case 5:
				packed, err := l.Checkpoint()
				if err != nil {
					t.Fatal(err)
				}
				if l, err = Restore(packed); err != nil {
					t.Fatal(err)
				}
			case 6:
				uid := rapid.SampledFrom(uids).Draw(t, "restarts")
				w.end(l, uid, false)
				w.pods[uid] = w.process()
				w.restarts[uid]++
			case 7, 8:
				uid := rapid.SampledFrom(uids).Draw(t, "goes")
				w.end(l, uid, action == 7)
				delete(w.pods, uid)
			default:
				add()
			}
			if !w.now.After(start) {
				w.snapshot(l, true)
			}
		}
		w.now = start.Add(max(time.Hour, w.now.Sub(start)+time.Second))
		w.snapshot(l, true)
		l.Close()
		got, complete := l.Render(Expected{})
		for name, n := range w.truth {
			if l.s.Total[name] != n {
				t.Errorf("%s is %d, want %d", name, l.s.Total[name], n)
			}
		}
		for name, n := range l.s.Total {
			if w.truth[name] != n {
				t.Errorf("%s is %d, want %d", name, n, w.truth[name])
			}
		}
		if got.Lost != int64(w.lost) {
			t.Errorf("%d lost, want %d", got.Lost, w.lost)
		}
		if complete && w.cut > 0 {
			t.Errorf("complete, though %d submissions ended unseen", w.cut)
		}
		var verdicts int64
		for _, v := range got.Verdicts {
			verdicts += v.Count
		}
		if got.Submissions != int64(w.truth[accepted]) || verdicts != int64(w.truth[answered]) {
			t.Errorf("reports %d submissions and %d verdicts, want %d and %d", got.Submissions, verdicts, w.truth[accepted], w.truth[answered])
		}
	})
}
