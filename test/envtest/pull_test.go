package envtest

import (
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
)

// pulled writes the status of the DaemonSet for ready pods on the number on of nodes.
func pulled(t *testing.T, namespace string, on, nodes int32) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		set := get(t, namespace, &appsv1.DaemonSet{})(g)
		set.Status = appsv1.DaemonSetStatus{ObservedGeneration: set.Generation, DesiredNumberScheduled: nodes, CurrentNumberScheduled: nodes,
			UpdatedNumberScheduled: nodes, NumberReady: on, NumberAvailable: on, NumberUnavailable: nodes - on}
		g.Expect(admin.Status().Update(t.Context(), set)).To(gomega.Succeed())
	}).Should(gomega.Succeed())
}

// pullingPod creates a pod of the DaemonSet. change sets its status.
func pullingPod(t *testing.T, namespace string, change func(*corev1.PodStatus)) *corev1.Pod {
	t.Helper()
	var set appsv1.DaemonSet
	gomega.NewWithT(t).Eventually(get(t, namespace, &set)).ShouldNot(gomega.BeNil())
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: poolName + "-x7k2p", Namespace: namespace, Labels: set.Spec.Template.Labels,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: set.Name, UID: set.UID, Controller: new(true)}}},
		Spec: set.Spec.Template.Spec,
	}
	create(t, p)
	t.Cleanup(func() { remove(t, p) })
	setStatus(t, p, change)
	return p
}

func eventuallyGone(t *testing.T, namespace string) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(t.Context(), keyOf(namespace), &appsv1.DaemonSet{}))
	}).Should(gomega.BeTrue())
}

// TestImagePulledBeforeContest pulls a pool's image to the nodes before a contest. A failed pull
// must be reported before a replica needs the image, the pool must get no additional replica, and
// the DaemonSet must be deleted at the warm-up.
func TestImagePulledBeforeContest(t *testing.T) {
	namespace, _ := readyPool(t)
	if err := admin.Get(t.Context(), keyOf(namespace), &appsv1.DaemonSet{}); !apierrors.IsNotFound(err) {
		t.Fatalf("a pool without a contest has a DaemonSet: %v", err)
	}
	c := newContest(t, namespace, "finals", 240*time.Hour, nil)
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead)
	changeContest(t, c, func(s *v1alpha1.ContestSpec) { s.StartTime = metav1.NewTime(time.Now().Add(19 * time.Minute)) })
	pulled(t, namespace, 2, 3)
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionUnknown, v1alpha1.ReasonPullingImage)
	g := gomega.NewWithT(t)
	g.Expect(meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed).Message).To(gomega.HavePrefix("The pool's image is on 2 of 3 nodes;"))

	// The manager checks the pull at the interval of the pull, or after an event.
	p := pullingPod(t, namespace, func(s *corev1.PodStatus) {
		waitingPod("ImagePullBackOff", `Back-off pulling image "registry.test/executor:1": ErrImagePull: not found`)(s)
		s.ContainerStatuses[0].Name = "executor-image"
	})
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionFalse, v1alpha1.ReasonImagePull)
	eventuallyContestEvent(t, c, v1alpha1.ReasonImagePull, `Pod demo-x7k2p cannot pull image "registry.test/executor:1". Correct spec.image, or name a pull secret in spec.scheduling.imagePullSecrets. `+
		"The runtime says: not found. The pool's image is on 2 of 3 nodes.")
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady)
	remove(t, p)
	pulled(t, namespace, 3, 3)
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionUnknown, v1alpha1.ReasonImagePulled)

	set := get(t, namespace, &appsv1.DaemonSet{})(g)
	before := set.ResourceVersion
	began := reconciles(t)
	touch(t, namespace)
	g.Eventually(func() float64 { return reconciles(t) }).Should(gomega.BeNumerically(">", began))
	g.Expect(get(t, namespace, set)(g).ResourceVersion).To(gomega.Equal(before), "nothing is written while nothing changes")
	g.Expect(*get(t, namespace, &appsv1.Deployment{})(g).Spec.Replicas).To(gomega.BeEquivalentTo(1))

	modify(t, namespace, &v1alpha1.ExecutorPool{}, func(p *v1alpha1.ExecutorPool) { p.Spec.Image = "registry.test/executor:2" })
	g.Eventually(get(t, namespace, set)).Should(gomega.HaveField("Spec.Template.Spec.Containers", gomega.ConsistOf(gomega.HaveField("Image", "registry.test/executor:2"))))

	changeContest(t, c, func(s *v1alpha1.ContestSpec) { s.StartTime = metav1.NewTime(time.Now().Add(4 * time.Minute)) })
	eventuallyReplicas(t, namespace, 10, "contest finals holds 10")
	eventuallyGone(t, namespace)
}

// TestPlaceholdersHoldPlacesBeforeContest uses a quota that has capacity for exactly the contest's
// replicas, and that the placeholders use before.
func TestPlaceholdersHoldPlacesBeforeContest(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace, _ := readyPool(t)
	quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Name: "team", Namespace: namespace}}
	create(t, quota)
	quota.Status.Hard = corev1.ResourceList{corev1.ResourceRequestsCPU: resource.MustParse("8")}
	quota.Status.Used = corev1.ResourceList{corev1.ResourceRequestsCPU: resource.MustParse("8")}
	if err := admin.Status().Update(t.Context(), quota); err != nil {
		t.Fatalf("write status of quota: %v", err)
	}
	modify(t, namespace, &v1alpha1.ExecutorPool{}, func(p *v1alpha1.ExecutorPool) {
		p.Spec.Scheduling.PriorityClassName = "contest"
		p.Spec.Scheduling.NodeSelector = map[string]string{"size": "large"}
	})
	c := newContest(t, namespace, "finals", 19*time.Minute, nil)
	job := &batchv1.Job{}
	g.Eventually(get(t, namespace, job)).Should(gomega.HaveField("Spec.Parallelism", gomega.HaveValue(gomega.BeEquivalentTo(9))))
	pod := job.Spec.Template
	g.Expect(pod.Spec.PriorityClassName).To(gomega.Equal("placeholder"))
	g.Expect(pod.Spec.NodeSelector).To(gomega.HaveKey("size"))
	g.Expect(pod.Spec.Containers[0].Resources.Requests.Cpu().String()).To(gomega.Equal("800m"))
	g.Expect(pod.Labels).To(gomega.HaveKeyWithValue("app.kubernetes.io/name", "executor-placeholder"), "no replica, and not in the Service")

	job.Status.StartTime, job.Status.Active, job.Status.Ready = new(metav1.Now()), 9, new(int32(4))
	g.Expect(admin.Status().Update(t.Context(), job)).To(gomega.Succeed())
	pulled(t, namespace, 3, 3)
	g.Eventually(func(g gomega.Gomega) {
		g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(c), c)).To(gomega.Succeed())
		g.Expect(meta.FindStatusCondition(c.Status.Conditions, v1alpha1.ConditionPrewarmed).Message).To(gomega.HavePrefix(
			"The pool's image is on 3 of 3 nodes, and 4 of 9 placeholders for the coming replicas have a node;"))
	}).Should(gomega.Succeed())

	changeContest(t, c, func(s *v1alpha1.ContestSpec) { s.StartTime = metav1.NewTime(time.Now().Add(4 * time.Minute)) })
	eventuallyReplicas(t, namespace, 10, "contest finals holds 10")
	g.Eventually(func() bool { return apierrors.IsNotFound(admin.Get(t.Context(), keyOf(namespace), job)) }).Should(gomega.BeTrue())
}

// TestImagePullFollowsItsClock starts and ends a pull with no event but the passing of time.
func TestImagePullFollowsItsClock(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	rollOut(t, namespace, 1, 1)
	newContest(t, namespace, "sprint", 12*time.Second, func(s *v1alpha1.ContestSpec) {
		s.Replicas, s.WarmUpSeconds, s.ImagePullSeconds = 4, new(int32(5)), new(int32(4))
	})
	gomega.NewWithT(t).Eventually(get(t, namespace, &appsv1.DaemonSet{})).ShouldNot(gomega.BeNil())
	eventuallyReplicas(t, namespace, 4, "contest sprint holds 4")
	eventuallyGone(t, namespace)
}

// TestImagePullLeavesForeignDaemonSet creates a foreign DaemonSet with the pool's name. The contest
// must continue without a pull.
func TestImagePullLeavesForeignDaemonSet(t *testing.T) {
	namespace := namespaceOf(t)
	labels := map[string]string{"of": "another"}
	create(t, &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: poolName, Namespace: namespace}, Spec: appsv1.DaemonSetSpec{
		Selector: &metav1.LabelSelector{MatchLabels: labels},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels},
			Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "registry.test/another:1"}}}}}})
	g := gomega.NewWithT(t)
	before := get(t, namespace, &appsv1.DaemonSet{})(g).ResourceVersion
	newPool(t, namespace, nil)
	c := newContest(t, namespace, "finals", 19*time.Minute, nil)
	rollOut(t, namespace, 1, 1)
	eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionUnknown, v1alpha1.ReasonWarmUpAhead)
	changeContest(t, c, func(s *v1alpha1.ContestSpec) { s.StartTime = metav1.NewTime(time.Now().Add(4 * time.Minute)) })
	eventuallyReplicas(t, namespace, 10, "contest finals holds 10")
	g.Expect(get(t, namespace, &appsv1.DaemonSet{})(g).ResourceVersion).To(gomega.Equal(before))
}
