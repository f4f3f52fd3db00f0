package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"testing"
	"text/tabwriter"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/rehearse/summary"
	"executorpool.dev/simulate/fleet"
	"executorpool.dev/simulate/hpa"
)

const (
	// A short contest. The warm-up is the time that its replicas, and their canaries in nine
	// languages, need on one small machine.
	contestWarmUp   = 120 * time.Second
	contestLength   = 50 * time.Second
	contestCoolDown = 10 * time.Second
	contestTarget   = 5 * time.Second
	// There are few replicas with many slots, because a Service assigns connections to replicas at
	// random. A replica with n slots answers 3n submissions of 2 s within 6 s. With 200 submissions on
	// 10 replicas of 8 slots, the probability is 1/20 that more than 5 % of them exceed 24 on their
	// replica and need a fourth round. With 5 replicas of 16 slots and a limit of 48, it is 1/200.
	contestSlots    = 16
	contestReplicas = 5
)

// play has the measurements of one contest start.
type play struct {
	name    string
	ready   int32 // ready replicas at the start
	figures summary.Summary
	peak    int32
	// extra is the time integral of the replicas above 1, from the warm-up to the release of the
	// replicas.
	extra time.Duration
}

// TestContestIsReadyBeforeItsStart compares four ways to run a contest of 200 participants, who all
// submit at its start, on a pool of one replica: with a Contest; without a Contest on a pool with
// spec.scaling; on a pool that the rule of the HPA scales; and on a pool that nothing scales.
func TestContestIsReadyBeforeItsStart(t *testing.T) {
	plays := []play{
		playContest(t),
		playWithout(t, "no Contest, scaling", v1alpha1.ScalingSpec{MaxReplicas: contestReplicas + 1}, nil),
		playWithout(t, "no Contest, HPA", v1alpha1.ScalingSpec{}, &hpa.HPA{Min: 1, Max: contestReplicas + 1,
			// The target is the number of submissions that one replica answers within the target wait.
			Target: contestSlots * contestTarget.Seconds() / 2, Metric: func(v fleet.View) float64 { return float64(v.Waiting) }}),
		playWithout(t, "no Contest, 1 replica", v1alpha1.ScalingSpec{}, nil),
	}
	t.Logf("\n%s", table(plays))
	if with := plays[0].figures; !with.AllRight() || with.QueueWaitMillis.P95 > contestTarget.Milliseconds() {
		t.Errorf("with the Contest: %d of %d right, p95 wait %d ms; want all, and at most %s", with.Right, with.Submissions, with.QueueWaitMillis.P95, contestTarget)
	}
	for _, without := range plays[1:] {
		if without.figures.LatencyMillis.P95 <= plays[0].figures.LatencyMillis.P95 {
			t.Errorf("%s: p95 latency %d ms, with the Contest %d ms: want a longer one without the Contest", without.name,
				without.figures.LatencyMillis.P95, plays[0].figures.LatencyMillis.P95)
		}
		if without.figures.Lost+without.figures.Wrong > 0 {
			t.Errorf("%s: %d lost, %d wrong", without.name, without.figures.Lost, without.figures.Wrong)
		}
	}
}

func table(plays []play) string {
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\treplicas at the start\tpeak\tright\trepeated\trejected\tlost\tp50, p95, p99 to the answer, s\textra replica-minutes")
	for _, p := range plays {
		f := p.figures
		seconds := func(ms int64) float64 { return float64(ms) / 1e3 }
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%.1f, %.1f, %.1f\t%.1f\n", p.name, p.ready, p.peak, f.Right, f.Retries, f.Rejected, f.Lost,
			seconds(f.LatencyMillis.P50), seconds(f.LatencyMillis.P95), seconds(f.LatencyMillis.P99), p.extra.Minutes())
	}
	w.Flush()
	return out.String()
}

// contestPool creates the pool for one play and returns its namespace and URL.
func contestPool(t *testing.T, scaling v1alpha1.ScalingSpec) (ns, url string) {
	t.Helper()
	ns = newNamespace(t)
	newPool(t, ns, "demo", func(s *v1alpha1.ExecutorPoolSpec) {
		s.Replicas, s.Workers, s.Threads = ptr.To[int32](1), 4, contestSlots/4
		s.Limits.MemoryMiB = 128
		s.Scaling = scaling
	})
	waitReady(t, ns, "demo")
	compileOnEach(t, ns)
	return ns, serviceURL(t, ns, "demo")
}

// compileOnEach submits the participants' program to each replica, so that it is in the compile
// cache. The measured wait is then for slots, and not for the compilers of all replicas on the CPUs
// of one machine.
func compileOnEach(t *testing.T, ns string) {
	t.Helper()
	for _, pod := range (&scalingWatch{ns: ns}).pods() {
		if figures := participate(t, fmt.Sprintf("http://%s:%d", pod.Status.PodIP, executorPort), 1); !figures.AllRight() {
			t.Errorf("pod %s: %+v", pod.Name, figures.Counts)
		}
	}
}

func playContest(t *testing.T) play {
	ns, url := contestPool(t, v1alpha1.ScalingSpec{})
	seen := recordReplicas(t, ns, "demo")
	start := time.Now().Add(contestWarmUp + 5*time.Second).Truncate(time.Second)
	contest := &v1alpha1.Contest{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "finals"},
		Spec: v1alpha1.ContestSpec{PoolName: "demo", StartTime: metav1.NewTime(start), DurationSeconds: int32(contestLength.Seconds()), Participants: 200,
			WarmUpSeconds: ptr.To(int32(contestWarmUp.Seconds())), CoolDownSeconds: ptr.To(int32(contestCoolDown.Seconds()))},
	}
	if err := k8s.Create(t.Context(), contest); err != nil {
		t.Fatalf("create the contest: %v", err)
	}
	begun := time.Now()
	waitContest(t, contest, time.Until(start), "Prewarmed before the start", func() bool {
		return meta.IsStatusConditionTrue(contest.Status.Conditions, v1alpha1.ConditionPrewarmed)
	})
	t.Logf("Prewarmed %s before the start; %s\n%s", time.Until(start).Round(time.Second), contest.Status.Sizing, kubectl(t, "-n", ns, "get", "contests,executorpools"))
	pool := waitReady(t, ns, "demo")
	compileOnEach(t, ns)
	if contest.Status.Replicas != contestReplicas || pool.Status.ReadyReplicas != contestReplicas {
		t.Errorf("%d replicas planned and %d ready; want %d", contest.Status.Replicas, pool.Status.ReadyReplicas, contestReplicas)
	}
	<-time.After(time.Until(start))
	result := play{name: "Contest", ready: pool.Status.ReadyReplicas, figures: burst(t, url)}
	t.Logf("during the contest:\n%s", kubectl(t, "-n", ns, "get", "contests,executorpools"))
	waitContest(t, contest, time.Until(start.Add(contestLength+contestCoolDown+noticed)), "Finished", func() bool {
		holding := meta.FindStatusCondition(contest.Status.Conditions, v1alpha1.ConditionHolding)
		return holding != nil && holding.Reason == v1alpha1.ReasonFinished
	})
	waitContest(t, contest, noticed, "the final report", func() bool {
		return meta.IsStatusConditionTrue(contest.Status.Conditions, v1alpha1.ConditionReported)
	})
	compareReport(t, contest.Status.Report, result.figures)
	waitPool(t, ns, "demo", settled, "1 replica after the release", func(p *v1alpha1.ExecutorPool) bool { return p.Status.Replicas == 1 && p.Status.ReadyReplicas == 1 })
	t.Logf("after the contest:\n%s\n%s", kubectl(t, "-n", ns, "get", "contests,executorpools"), kubectl(t, "-n", ns, "describe", "contest", "finals"))
	result.peak, result.extra = extraReplicas(seen.all(), begun, start.Add(contestLength+contestCoolDown))
	return result
}

// compareReport compares the contest's report with the participants' measurements.
func compareReport(t *testing.T, got *v1alpha1.ContestReport, want summary.Summary) {
	t.Helper()
	verdicts := map[string]int{}
	for _, v := range got.Verdicts {
		verdicts[v.Verdict] = int(v.Count)
	}
	if got.Submissions != int64(want.Submissions) || !maps.Equal(verdicts, want.Verdicts) || got.Rejected != int64(want.Retries+want.Rejected) ||
		got.Lost != int64(want.Lost) || got.Uncounted != 0 || got.Notes != "" || got.PeakReplicas != contestReplicas {
		t.Errorf("the report has %+v; the participants counted %+v on %d replicas", got, want.Counts, contestReplicas)
	}
	// All submissions arrive at once, when all slots are free.
	if free := int64(contestReplicas * contestSlots); got.PeakQueueDepth < int64(want.Submissions)-free || got.PeakQueueDepth > int64(want.Submissions) {
		t.Errorf("the report has a peak queue depth of %d; %d submissions arrived at once at %d slots", got.PeakQueueDepth, want.Submissions, free)
	}
	// The replicas exist from the start to their release.
	if length := int64((contestLength + contestCoolDown).Seconds()); got.ReplicaSeconds < contestReplicas*(length-5) || got.ReplicaSeconds > contestReplicas*(length+1) {
		t.Errorf("the report has %d replica-seconds; %d replicas existed for %d s", got.ReplicaSeconds, contestReplicas, length)
	}
	waits := want.QueueWaitMillis
	for q, pair := range map[string][2]int64{"p50": {got.WaitP50Millis, waits.P50}, "p95": {got.WaitP95Millis, waits.P95}, "p99": {got.WaitP99Millis, waits.P99}} {
		// The field promises an accuracy of 5 %, and the participants' values are rounded to
		// milliseconds.
		if apart := math.Abs(float64(pair[0] - pair[1])); apart > 0.05*float64(pair[1])+2 {
			t.Errorf("the report has a %s wait of %d ms, the participants measured %d ms", q, pair[0], pair[1])
		}
	}
}

// playWithout measures the same start without a Contest. If rule is not nil, it scales the pool
// through the scale subresource.
func playWithout(t *testing.T, name string, scaling v1alpha1.ScalingSpec, rule *hpa.HPA) play {
	ns, url := contestPool(t, scaling)
	seen := recordReplicas(t, ns, "demo")
	start := time.Now()
	release := start.Add(contestLength + contestCoolDown)
	if rule != nil {
		go scaleWithHPA(t, rule, ns, start, release)
	}
	result := play{name: name, ready: 1, figures: burst(t, url)}
	<-time.After(time.Until(release))
	result.peak, result.extra = extraReplicas(seen.all(), start, release)
	return result
}

// scaleWithHPA applies the rule to the pool's replicas as a HorizontalPodAutoscaler does. The burst
// arrives half a period after the last evaluation of the rule.
func scaleWithHPA(t *testing.T, rule *hpa.HPA, ns string, start, release time.Time) {
	for at := start.Add(rule.Period() / 2); at.Before(release); at = at.Add(rule.Period()) {
		<-time.After(time.Until(at))
		pool := &v1alpha1.ExecutorPool{}
		if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "demo"}, pool); err != nil {
			t.Errorf("get the pool: %v", err)
			return
		}
		view := fleet.View{Now: time.Since(start), SpecReplicas: int(*pool.Spec.Replicas), Ready: int(pool.Status.ReadyReplicas)}
		w := &scalingWatch{ns: ns}
		for _, pod := range w.pods() {
			if state, err := stateOf(pod.Status.PodIP); err == nil {
				view.Waiting += state.Queued
				view.Busy += state.Busy
			}
		}
		replicas := rule.Replicas(view)
		if replicas == view.SpecReplicas {
			continue
		}
		if out, err := tryKubectl(t.Context(), "-n", ns, "scale", "executorpool/demo", fmt.Sprintf("--replicas=%d", replicas)); err != nil {
			t.Errorf("%v: %s", err, out)
			return
		}
	}
}

func waitContest(t *testing.T, contest *v1alpha1.Contest, within time.Duration, what string, want func() bool) {
	t.Helper()
	NewWithT(t).Eventually(func() error {
		if err := k8s.Get(t.Context(), client.ObjectKeyFromObject(contest), contest); err != nil {
			return err
		}
		if !want() {
			status, err := json.Marshal(contest.Status)
			return fmt.Errorf("%s %w", status, err)
		}
		return nil
	}, within, 250*time.Millisecond).Should(Succeed(), what)
}

// extraReplicas returns the highest number of replicas between the two times, and the time integral
// of the replicas above 1.
func extraReplicas(steps []step, from, to time.Time) (peak int32, held time.Duration) {
	for i, s := range steps {
		end := to
		if i+1 < len(steps) && steps[i+1].at.Before(to) {
			end = steps[i+1].at
		}
		begin := s.at
		if begin.Before(from) {
			begin = from
		}
		if begin.Before(end) {
			peak = max(peak, s.replicas)
			held += time.Duration(s.replicas-1) * end.Sub(begin)
		}
	}
	return peak, held
}
