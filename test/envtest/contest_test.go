package envtest

import (
	"context"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
)

// newContest creates a contest of 200 participants that starts after the duration in.
func newContest(t *testing.T, namespace, name string, in time.Duration, change func(*v1alpha1.ContestSpec)) *v1alpha1.Contest {
	t.Helper()
	c := &v1alpha1.Contest{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
		Spec: v1alpha1.ContestSpec{PoolName: poolName, StartTime: metav1.NewTime(time.Now().Add(in)), DurationSeconds: 3600,
			Participants: 200},
	}
	if change != nil {
		change(&c.Spec)
	}
	create(t, c)
	// The contest is deleted at the end of the test. Otherwise its status updates would disturb tests
	// that count writes.
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(admin.Delete(context.WithoutCancel(t.Context()), c)); err != nil {
			t.Errorf("delete contest: %v", err)
		}
	})
	return c
}

func changeContest(t *testing.T, c *v1alpha1.Contest, change func(*v1alpha1.ContestSpec)) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func() error {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(c), c); err != nil {
			return err
		}
		change(&c.Spec)
		return admin.Update(t.Context(), c)
	}).Should(gomega.Succeed())
}

func eventuallyStage(t *testing.T, c *v1alpha1.Contest, kind string, status metav1.ConditionStatus, reason string) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(c), c)).To(gomega.Succeed())
		cond := meta.FindStatusCondition(c.Status.Conditions, kind)
		g.Expect(cond).NotTo(gomega.BeNil(), "condition %s of %v", kind, c.Status.Conditions)
		g.Expect(string(cond.Status)+" "+cond.Reason).To(gomega.Equal(string(status)+" "+reason), "condition %s: %s", kind, cond.Message)
		g.Expect(c.Status.ObservedGeneration).To(gomega.Equal(c.Generation))
	}).Should(gomega.Succeed())
}

// eventuallyReplicas waits until the Deployment has the wanted replicas and status.lastScale of the
// pool has the reason.
func eventuallyReplicas(t *testing.T, namespace string, want int32, reason string) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		var d appsv1.Deployment
		g.Expect(admin.Get(t.Context(), keyOf(namespace), &d)).To(gomega.Succeed())
		g.Expect(*d.Spec.Replicas).To(gomega.Equal(want))
		var pool v1alpha1.ExecutorPool
		g.Expect(admin.Get(t.Context(), keyOf(namespace), &pool)).To(gomega.Succeed())
		g.Expect(pool.Status.LastScale).NotTo(gomega.BeNil())
		g.Expect(pool.Status.LastScale.Reason).To(gomega.Equal(reason))
		g.Expect(*pool.Spec.Replicas).To(gomega.Equal(int32(1)), "spec.replicas is the admin's")
	}).Should(gomega.Succeed())
}

func TestContestWarmsPoolAndReleasesIt(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	rollOut(t, namespace, 1, 1)
	c := newContest(t, namespace, "finals", time.Hour, nil)

	eventuallyStage(t, c, v1alpha1.ConditionHolding, metav1.ConditionFalse, v1alpha1.ReasonScheduled)
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead)
	g := gomega.NewWithT(t)
	g.Expect(c.Status.Sizing).To(gomega.Equal("200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas"))
	g.Expect(c.Status.WarmUpTime.Time).To(gomega.BeTemporally("==", c.Spec.StartTime.Add(-300*time.Second)))
	g.Eventually(func(g gomega.Gomega) {
		var pool v1alpha1.ExecutorPool
		g.Expect(admin.Get(t.Context(), keyOf(namespace), &pool)).To(gomega.Succeed())
		g.Expect(pool.Status.NextContest).NotTo(gomega.BeNil())
		g.Expect(pool.Status.NextContest.Name).To(gomega.Equal("finals"))
		g.Expect(pool.Status.DesiredReplicas).To(gomega.Equal(int32(1)))
	}).Should(gomega.Succeed())

	changeContest(t, c, func(s *v1alpha1.ContestSpec) { s.StartTime = metav1.NewTime(time.Now().Add(4 * time.Minute)) })
	eventuallyStage(t, c, v1alpha1.ConditionHolding, metav1.ConditionTrue, v1alpha1.ReasonWarmingUp)
	eventuallyReplicas(t, namespace, 10, "contest finals holds 10")
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionUnknown, v1alpha1.ReasonWarmingUp)

	second := newContest(t, namespace, "seconds", -time.Minute, func(s *v1alpha1.ContestSpec) { s.Replicas = 3 })
	eventuallyStage(t, second, v1alpha1.ConditionHolding, metav1.ConditionTrue, v1alpha1.ReasonRunning)
	eventuallyReplicas(t, namespace, 13, "contests finals and seconds hold 13")
	changeContest(t, second, func(s *v1alpha1.ContestSpec) { s.State = v1alpha1.ContestCancelled })
	eventuallyStage(t, second, v1alpha1.ConditionHolding, metav1.ConditionFalse, v1alpha1.ReasonCancelled)
	eventuallyReplicas(t, namespace, 10, "contest finals holds 10")

	changeContest(t, c, func(s *v1alpha1.ContestSpec) {
		s.StartTime, s.State = metav1.NewTime(time.Now().Add(-3*time.Hour)), v1alpha1.ContestPaused
	})
	eventuallyStage(t, c, v1alpha1.ConditionHolding, metav1.ConditionTrue, v1alpha1.ReasonPaused)
	g.Consistently(func() (int32, error) {
		var d appsv1.Deployment
		err := admin.Get(t.Context(), keyOf(namespace), &d)
		return *d.Spec.Replicas, err
	}, 500*time.Millisecond).Should(gomega.Equal(int32(10)))
	changeContest(t, c, func(s *v1alpha1.ContestSpec) { s.State = v1alpha1.ContestScheduled })
	eventuallyStage(t, c, v1alpha1.ConditionHolding, metav1.ConditionFalse, v1alpha1.ReasonFinished)
	eventuallyReplicas(t, namespace, 1, "spec.replicas is 1")
}

// TestContestProvesReplicas runs the canaries of a contest against a replica with wrong verdicts, a
// replica that the Service does not reach, and a healthy one.
func TestContestProvesReplicas(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	c := newContest(t, namespace, "finals", 10*time.Second, func(s *v1alpha1.ContestSpec) { s.Replicas = 2 })
	rollOut(t, namespace, 2, 2)
	state := api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}
	good, bad := &executor{state: state}, &executor{state: state, verdict: api.RuntimeError}
	pods := []*corev1.Pod{pod(t, namespace, "a", serving(executors.add(t, good))), pod(t, namespace, "b", serving(executors.add(t, bad)))}
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionFalse, v1alpha1.ReasonCanaryFailed)
	eventuallyContestEvent(t, c, v1alpha1.ReasonCanaryFailed, "Replica "+pods[1].Name+" is ready and fails: the canary in python3 got the verdict RuntimeError instead of OK.")

	bad.set(func(e *executor) { e.verdict = "" })
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionFalse, v1alpha1.ReasonNotInService)

	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: "demo-1", Namespace: namespace,
		Labels: map[string]string{discoveryv1.LabelServiceName: poolName}}, AddressType: discoveryv1.AddressTypeIPv4}
	for _, p := range pods {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{p.Status.PodIP},
			TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: p.Name, UID: p.UID}})
	}
	create(t, slice)
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionTrue, v1alpha1.ReasonEveryReplicaProved)
	eventuallyContestEvent(t, c, "Prewarmed", "2 replicas are ready, behind the Service and isolated")
}

// TestContestFollowsItsClock lets a contest of a few seconds start and end without any other event.
func TestContestFollowsItsClock(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	rollOut(t, namespace, 1, 1)
	c := newContest(t, namespace, "sprint", 5*time.Second, func(s *v1alpha1.ContestSpec) {
		s.Replicas, s.WarmUpSeconds, s.DurationSeconds, s.CoolDownSeconds = 4, new(int32(2)), 2, new(int32(1))
	})
	for _, stage := range []string{v1alpha1.ReasonScheduled, v1alpha1.ReasonWarmingUp, v1alpha1.ReasonRunning, v1alpha1.ReasonCoolingDown, v1alpha1.ReasonFinished} {
		held := metav1.ConditionTrue
		if stage == v1alpha1.ReasonScheduled || stage == v1alpha1.ReasonFinished {
			held = metav1.ConditionFalse
		}
		eventuallyStage(t, c, v1alpha1.ConditionHolding, held, stage)
		if stage == v1alpha1.ReasonWarmingUp {
			eventuallyReplicas(t, namespace, 4, "contest sprint holds 4")
		}
	}
	eventuallyReplicas(t, namespace, 1, "spec.replicas is 1")
}

func TestContestConditionNamesFault(t *testing.T) {
	namespace := namespaceOf(t)
	c := newContest(t, namespace, "finals", 240*time.Hour, nil)
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionFalse, v1alpha1.ReasonPoolNotFound)
	eventuallyContestEvent(t, c, v1alpha1.ReasonPoolNotFound, "There is no ExecutorPool demo")
	eventuallyPrewarmedMetric(t, namespace, 0)

	newPool(t, namespace, func(s *v1alpha1.ExecutorPoolSpec) { s.Scaling.MaxReplicas = 6 })
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionFalse, v1alpha1.ReasonExceedsMaxReplicas)
	eventuallyContestEvent(t, c, v1alpha1.ReasonExceedsMaxReplicas, "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas, of which the pool's scaling.maxReplicas allows 6")

	pool := &v1alpha1.ExecutorPool{}
	modify(t, namespace, pool, func(p *v1alpha1.ExecutorPool) { p.Spec.Scaling.MaxReplicas = 20 })
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead)
	eventuallyPrewarmedMetric(t, namespace, 1)

	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "team", Namespace: namespace}}
	create(t, quota)
	quota.Status.Hard = corev1.ResourceList{corev1.ResourcePods: resource.MustParse("4")}
	if err := admin.Status().Update(t.Context(), quota); err != nil {
		t.Fatalf("write status of quota: %v", err)
	}
	modify(t, namespace, pool, func(p *v1alpha1.ExecutorPool) { p.Spec.Scaling.MaxReplicas = 21 })
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionFalse, v1alpha1.ReasonExceedsQuota)
	eventuallyContestEvent(t, c, v1alpha1.ReasonExceedsQuota, "200 participants x 2.0 s over 8 slots a replica within 5 s: 10 replicas, and quota team (pods) allows 4")

	gomega.NewWithT(t).Expect(admin.Delete(t.Context(), c)).To(gomega.Succeed())
	eventuallyPrewarmedMetric(t, namespace)
}

// eventuallyPrewarmedMetric waits until the manager exposes these values for the contests of the
// namespace.
func eventuallyPrewarmedMetric(t *testing.T, namespace string, want ...float64) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func() ([]float64, error) {
		families, err := metrics.Registry.Gather()
		values := []float64{}
		for _, f := range families {
			if f.GetName() != "executorpool_contest_prewarmed" {
				continue
			}
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if l.GetName() == "namespace" && l.GetValue() == namespace {
						values = append(values, m.GetGauge().GetValue())
					}
				}
			}
		}
		return values, err
	}).Should(gomega.Equal(append([]float64{}, want...)))
}

func TestContestSizedByPoolsPast(t *testing.T) {
	namespace, replica := readyPool(t)
	replica.set(func(e *executor) {
		e.state = api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted", Accepted: 1000, Answered: 1000, Finished: 1000,
			ServedMillis: 1000 * 1000, UptimeMillis: 3_600_000, Busy: 1}
	})
	// The contest reads the last sample of the pool, which the busy slot shows.
	gomega.NewWithT(t).Eventually(get(t, namespace, &v1alpha1.ExecutorPool{})).Should(gomega.HaveField("Status.BusySlots", int32(1)))
	c := newContest(t, namespace, "finals", 240*time.Hour, nil)
	gomega.NewWithT(t).Eventually(func() string {
		_ = admin.Get(t.Context(), client.ObjectKeyFromObject(c), c)
		return c.Status.Sizing
	}).Should(gomega.Equal("200 participants x 1.0 s over 8 slots a replica within 5 s: 5 replicas"))
}

func TestOldContestRemoved(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	kept := newContest(t, namespace, "kept", -240*time.Hour, nil)
	gone := newContest(t, namespace, "gone", -240*time.Hour, func(s *v1alpha1.ContestSpec) { s.TTLSecondsAfterFinished = new(int32(1)) })
	gomega.NewWithT(t).Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(t.Context(), client.ObjectKeyFromObject(gone), gone))
	}).Should(gomega.BeTrue())
	eventuallyStage(t, kept, v1alpha1.ConditionHolding, metav1.ConditionFalse, v1alpha1.ReasonFinished)
}

func eventuallyContestEvent(t *testing.T, c *v1alpha1.Contest, reason, note string) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		var list eventsv1.EventList
		g.Expect(admin.List(t.Context(), &list, client.InNamespace(c.Namespace))).To(gomega.Succeed())
		var got []string
		for _, e := range list.Items {
			if e.Regarding.Kind == "Contest" && e.Regarding.Name == c.Name {
				got = append(got, e.Reason+": "+e.Note)
			}
		}
		g.Expect(got).To(gomega.ContainElement(gomega.HavePrefix(reason + ": " + note)))
	}).Should(gomega.Succeed())
}
