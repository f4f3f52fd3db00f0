package envtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
)

// addVerdicts lets an executor accept n submissions that each waited for wait, and answer each with
// the verdict.
func addVerdicts(e *executor, n uint64, v api.Verdict, wait time.Duration) {
	e.set(func(e *executor) {
		t := &e.totals
		waits := map[uint64]uint64{}
		for _, w := range t.Waits {
			waits[w[0]] = w[1]
		}
		waits[uint64(api.WaitBucket(wait))] += n
		t.Waits = nil
		for _, bucket := range slices.Sorted(maps.Keys(waits)) {
			t.Waits = append(t.Waits, [2]uint64{bucket, waits[bucket]})
		}
		t.Verdicts = maps.Clone(t.Verdicts)
		if t.Verdicts == nil {
			t.Verdicts = map[api.Verdict]uint64{}
		}
		t.Verdicts[v] += n
		t.Accepted, t.Answered, t.ServedMillis = t.Accepted+n, t.Answered+n, t.ServedMillis+100*n
	})
}

// newRecordedContest creates a contest with two replicas and the given length, which starts after
// the duration in.
func newRecordedContest(t *testing.T, namespace string, in, length time.Duration) *v1alpha1.Contest {
	return newContest(t, namespace, "sprint", in, func(s *v1alpha1.ContestSpec) {
		s.Replicas, s.WarmUpSeconds, s.DurationSeconds, s.CoolDownSeconds = 2, new(int32(60)), int32(length/time.Second), new(int32(2))
	})
}

// finalReport waits for the final report and returns it.
func finalReport(t *testing.T, c *v1alpha1.Contest, reason string) v1alpha1.ContestReport {
	t.Helper()
	g := gomega.NewWithT(t)
	g.Eventually(func(g gomega.Gomega) {
		g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(c), c)).To(gomega.Succeed())
		cond := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReported)
		g.Expect(cond).NotTo(gomega.BeNil())
		g.Expect(string(cond.Status)).To(gomega.Equal("True"))
	}).WithTimeout(60 * time.Second).Should(gomega.Succeed())
	cond := meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionReported)
	if cond.Reason != reason {
		t.Errorf("reported %s (%s), want %s: %+v", cond.Reason, cond.Message, reason, c.Status.Report)
	}
	if len(c.Status.Checkpoint) > 0 {
		t.Errorf("a checkpoint of %d bytes is kept beside the final report", len(c.Status.Checkpoint))
	}
	return *c.Status.Report
}

// waitForRecorder waits until the recorder has stored its first counts. The recorder stores counts
// at the start and then once a minute.
func waitForRecorder(t *testing.T, c *v1alpha1.Contest) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(c), c)).To(gomega.Succeed())
		g.Expect(c.Status.Report).NotTo(gomega.BeNil())
		g.Expect(c.Status.Checkpoint).NotTo(gomega.BeEmpty())
	}).Should(gomega.Succeed())
}

// TestContestReported runs a contest of a few seconds. The report must contain what the replicas
// count during the contest, and not what they counted before it.
func TestContestReported(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	c := newRecordedContest(t, namespace, 8*time.Second, 6*time.Second)
	rollOut(t, namespace, 2, 2)
	a, b := &executor{state: api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}}, &executor{state: api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}}
	addVerdicts(a, 1000, api.OK, time.Minute)
	pod(t, namespace, "a", serving(executors.add(t, a)))
	pod(t, namespace, "b", serving(executors.add(t, b)))

	waitForRecorder(t, c)
	if got := c.Status.Report; got.Submissions != 0 {
		t.Errorf("%d submissions from before the start are in the report", got.Submissions)
	}
	for range 10 {
		addVerdicts(a, 10, api.OK, 2*time.Second)
		addVerdicts(b, 9, api.OK, 2*time.Second)
		addVerdicts(b, 1, api.TimeLimit, 4*time.Second)
	}
	b.set(func(e *executor) {
		e.totals.Rejections = map[string]uint64{api.ReasonQueueFull: 3, api.ReasonClientGone: 2, api.ReasonInvalid: 5}
		e.totals.DeepestQueue = 40
	})
	got := finalReport(t, c, v1alpha1.ReasonComplete)
	if got.FromTime.Unix() != c.Spec.StartTime.Unix() || got.ToTime.After(c.Status.ReleaseTime.Time) || got.ToTime.Before(&metav1.Time{Time: c.Status.ReleaseTime.Add(-2 * time.Second)}) {
		t.Errorf("covers %v to %v, want %v to just before %v", got.FromTime, got.ToTime, c.Spec.StartTime, c.Status.ReleaseTime)
	}
	if got.ReplicaSeconds < 14 || got.ReplicaSeconds > 16 {
		t.Errorf("%d replica-seconds of 2 replicas in 8 s", got.ReplicaSeconds)
	}
	want := v1alpha1.ContestReport{
		Submissions: 200, Verdicts: []v1alpha1.VerdictCount{{Verdict: "OK", Count: 190}, {Verdict: "TimeLimit", Count: 10}},
		Rejected: 3, GivenUp: 2, PeakQueueDepth: 40, PeakReplicas: 2, WaitP50Millis: got.WaitP50Millis, WaitP95Millis: got.WaitP95Millis, WaitP99Millis: got.WaitP99Millis,
		FromTime: got.FromTime, ToTime: got.ToTime, ReplicaSeconds: got.ReplicaSeconds, Summary: got.Summary,
		Forecast: v1alpha1.ContestFigures{Burst: 200, SubmissionsPerHour: 4000, SlotMillis: 2000, Replicas: 2, WaitP95Millis: c.Status.ExpectedWaitMillis},
		Actual:   v1alpha1.ContestFigures{Burst: 200, SubmissionsPerHour: 200, SlotMillis: 100, Replicas: 2, WaitP95Millis: got.WaitP95Millis},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	for share, tc := range map[string][2]int64{"p50": {got.WaitP50Millis, 2000}, "p99": {got.WaitP99Millis, 4000}} {
		if off := float64(tc[0])/float64(tc[1]) - 1; off < -0.05 || off > 0.05 {
			t.Errorf("%s is %d ms, want %d within 5 %%", share, tc[0], tc[1])
		}
	}
	if !strings.HasPrefix(got.Summary, "200 submissions, 200 with a verdict (OK 190, TimeLimit 10); 3 rejected, 0 lost; waits p50 ") {
		t.Errorf("summary %q", got.Summary)
	}
	eventuallyContestEvent(t, c, v1alpha1.ConditionReported, "200 submissions")
}

// TestReportCountsTerminationMessage removes one replica after a drain, and restarts the container
// of another, in the middle of a contest. The submissions that they accepted after the last sample
// are in their termination messages.
func TestReportCountsTerminationMessage(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	c := newRecordedContest(t, namespace, 6*time.Second, 8*time.Second)
	rollOut(t, namespace, 2, 2)
	state := api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}
	a, b := &executor{state: state}, &executor{state: state}
	pods := []*corev1.Pod{pod(t, namespace, "a", serving(executors.add(t, a))), pod(t, namespace, "b", serving(executors.add(t, b)))}
	waitForRecorder(t, c)
	for i, e := range []*executor{a, b} {
		addVerdicts(e, 5, api.OK, time.Second)
		var message []byte
		e.set(func(e *executor) {
			// The replica does not answer any more requests.
			e.silent = true
			last := e.totals
			last.Process, last.UptimeMillis = fmt.Sprintf("%p", e), time.Since(e.started).Milliseconds()
			last.Accepted, last.Answered, last.Verdicts = 25, 25, map[api.Verdict]uint64{api.OK: 25}
			last.Waits = [][2]uint64{{uint64(api.WaitBucket(time.Second)), 25}}
			message, _ = json.Marshal(last)
		})
		ended := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Message: string(message), FinishedAt: metav1.Now()}}
		ip := pods[i].Status.PodIP
		setStatus(t, pods[i], func(s *corev1.PodStatus) {
			serving(ip)(s)
			if i == 0 {
				s.ContainerStatuses[0].State = ended
			} else {
				s.ContainerStatuses[0].LastTerminationState, s.ContainerStatuses[0].RestartCount = ended, 1
			}
		})
		if i == 0 {
			remove(t, pods[i])
			continue
		}
		// The kubelet reports the end of a process before the next one starts. The manager needs two more
		// requests to notice it.
		began := e.requests()
		g.Eventually(e.requests).Should(gomega.BeNumerically(">", began+1))
		e.set(func(e *executor) { e.silent, e.totals, e.started = false, api.Totals{Process: "another"}, time.Now() })
		addVerdicts(e, 3, api.OK, time.Second)
	}
	got := finalReport(t, c, v1alpha1.ReasonComplete)
	if got.Submissions != 53 || got.Lost != 0 {
		t.Errorf("%d submissions and %d lost, want 25 of each ended process and 3 of the new one: %s", got.Submissions, got.Lost, got.Notes)
	}
}

// TestReportOutlivesManager stops the manager in the middle of a contest. The report must count the
// remaining replicas exactly. It must report that counts are missing for a replica that disappears
// while no manager runs.
func TestReportOutlivesManager(t *testing.T) {
	for name, tc := range map[string]struct {
		disappears bool
		reason     string
		want       int64
	}{
		"replicas remain":      {false, v1alpha1.ReasonComplete, 60},
		"a replica disappears": {true, v1alpha1.ReasonIncomplete, 35},
	} {
		t.Run(name, func(t *testing.T) {
			withoutSharedManager(t)
			g := gomega.NewWithT(t)
			m := startCuttable(true)
			defer func() { g.Expect(m.stop()).To(gomega.Succeed()) }()
			namespace := namespaceOf(t)
			newPool(t, namespace, nil)
			c := newRecordedContest(t, namespace, 8*time.Second, 20*time.Second)
			rollOut(t, namespace, 2, 2)
			a, b := &executor{state: api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}}, &executor{state: api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}}
			addVerdicts(a, 7, api.OK, 0)
			pods := []*corev1.Pod{pod(t, namespace, "a", serving(executors.add(t, a))), pod(t, namespace, "b", serving(executors.add(t, b)))}
			waitForRecorder(t, c)
			addVerdicts(a, 5, api.OK, time.Second)
			addVerdicts(b, 5, api.OK, time.Second)
			g.Expect(m.stop()).To(gomega.Succeed())
			addVerdicts(a, 20, api.OK, time.Second)
			addVerdicts(b, 20, api.OK, time.Second)
			if tc.disappears {
				remove(t, pods[1])
			}
			m = startCuttable(true)
			addVerdicts(a, 10, api.OK, time.Second)
			got := finalReport(t, c, tc.reason)
			if got.Submissions != tc.want || fmt.Sprint(got.Verdicts) != fmt.Sprintf("[{OK %d}]", tc.want) {
				t.Errorf("%d submissions, verdicts %v, want %d: %s", got.Submissions, got.Verdicts, tc.want, got.Notes)
			}
			if tc.disappears && !strings.Contains(got.Notes, pods[1].Name+" was removed at ") {
				t.Errorf("notes %q, want them to name %s", got.Notes, pods[1].Name)
			}
		})
	}
}
