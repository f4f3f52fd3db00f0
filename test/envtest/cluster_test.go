package envtest

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
)

const poolName = "demo"

// namespaceOf creates a namespace for one test and returns its name.
func namespaceOf(t *testing.T) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	create(t, namespace)
	return namespace.Name
}

func create(t *testing.T, object client.Object) {
	t.Helper()
	if err := admin.Create(t.Context(), object); err != nil {
		t.Fatalf("create %T %s: %v", object, object.GetName(), err)
	}
}

// newPool creates a pool and returns it. change, if not nil, changes the spec first.
func newPool(t *testing.T, namespace string, change func(*v1alpha1.ExecutorPoolSpec)) *v1alpha1.ExecutorPool {
	t.Helper()
	pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Name: poolName, Namespace: namespace}}
	if change != nil {
		change(&pool.Spec)
	}
	create(t, pool)
	t.Cleanup(func() {
		// The context of the test has ended when cleanup functions run.
		if err := client.IgnoreNotFound(admin.Delete(context.WithoutCancel(t.Context()), pool)); err != nil {
			t.Logf("delete pool: %v", err)
		}
	})
	return pool
}

func keyOf(namespace string) types.NamespacedName {
	return types.NamespacedName{Namespace: namespace, Name: poolName}
}

// get returns a function for Eventually that reads the object with the pool's name into into.
func get[T client.Object](t *testing.T, namespace string, into T) func(gomega.Gomega) T {
	return func(g gomega.Gomega) T {
		g.Expect(admin.Get(t.Context(), keyOf(namespace), into)).To(gomega.Succeed())
		return into
	}
}

// modify changes an object on the API server, as an admin does with kubectl edit.
func modify[T client.Object](t *testing.T, namespace string, object T, change func(T)) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func() error {
		if err := admin.Get(t.Context(), keyOf(namespace), object); err != nil {
			return err
		}
		change(object)
		return admin.Update(t.Context(), object, client.FieldOwner("kubectl-edit"))
	}).Should(gomega.Succeed())
}

// rollOut waits until the pool's Deployment has the given replicas. It then writes the status that
// the Deployment controller writes when all pods are up to date and the number ready of them is
// ready.
func rollOut(t *testing.T, namespace string, replicas, ready int32) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		var d appsv1.Deployment
		g.Expect(admin.Get(t.Context(), keyOf(namespace), &d)).To(gomega.Succeed())
		g.Expect(*d.Spec.Replicas).To(gomega.Equal(replicas))
		d.Status = appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: replicas, UpdatedReplicas: replicas,
			ReadyReplicas: ready, AvailableReplicas: ready, UnavailableReplicas: replicas - ready}
		g.Expect(admin.Status().Update(t.Context(), &d)).To(gomega.Succeed())
	}).Should(gomega.Succeed())
}

// pod creates a pod of the pool's Deployment. change sets its status.
func pod(t *testing.T, namespace, suffix string, change func(*corev1.PodStatus)) *corev1.Pod {
	t.Helper()
	var d appsv1.Deployment
	gomega.NewWithT(t).Eventually(get(t, namespace, &d)).ShouldNot(gomega.BeNil())
	set := fmt.Sprintf("%s-5d9c", d.Name)
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: set + "-" + suffix, Namespace: namespace, Labels: maps.Clone(d.Spec.Template.Labels),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: set, UID: "5d9c", Controller: new(true)}},
		},
		Spec: d.Spec.Template.Spec,
	}
	create(t, p)
	t.Cleanup(func() { remove(t, p) })
	setStatus(t, p, change)
	return p
}

func remove(t *testing.T, p *corev1.Pod) {
	if err := client.IgnoreNotFound(admin.Delete(context.WithoutCancel(t.Context()), p, client.GracePeriodSeconds(0))); err != nil {
		t.Errorf("delete pod: %v", err)
	}
}

func setStatus(t *testing.T, p *corev1.Pod, change func(*corev1.PodStatus)) {
	t.Helper()
	p.Status = corev1.PodStatus{}
	change(&p.Status)
	if err := admin.Status().Update(t.Context(), p); err != nil {
		t.Fatalf("write status of pod: %v", err)
	}
}

// serving returns a function that sets the status of a ready pod with the address ip.
func serving(ip string) func(*corev1.PodStatus) {
	return runningPod(ip, corev1.ConditionTrue)
}

func runningPod(ip string, ready corev1.ConditionStatus) func(*corev1.PodStatus) {
	return func(s *corev1.PodStatus) {
		long := metav1.NewTime(time.Now().Add(-time.Hour))
		s.Phase, s.PodIP, s.PodIPs = corev1.PodRunning, ip, []corev1.PodIP{{IP: ip}}
		s.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready, LastTransitionTime: long}}
		s.ContainerStatuses = []corev1.ContainerStatus{{Name: "executor", Image: executorImage, Started: new(true),
			Ready: ready == corev1.ConditionTrue, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: long}}}}
	}
}

func waitingPod(reason, message string) func(*corev1.PodStatus) {
	return func(s *corev1.PodStatus) {
		s.Phase = corev1.PodPending
		s.ContainerStatuses = []corev1.ContainerStatus{{Name: "executor",
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}}
	}
}

// readyPool creates a pool with one ready replica, which an executor of the test serves.
func readyPool(t *testing.T) (namespace string, replica *executor) {
	t.Helper()
	namespace = namespaceOf(t)
	newPool(t, namespace, nil)
	rollOut(t, namespace, 1, 1)
	replica = &executor{state: api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}}
	pod(t, namespace, "a", serving(executors.add(t, replica)))
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady)
	eventuallyCondition(t, namespace, v1alpha1.ConditionMetricsFresh, metav1.ConditionTrue, v1alpha1.ReasonSampled)
	return namespace, replica
}

// eventuallyCondition waits for a condition whose message contains the words, and returns the
// message.
func eventuallyCondition(t *testing.T, namespace, kind string, status metav1.ConditionStatus, reason string, words ...string) string {
	t.Helper()
	var pool v1alpha1.ExecutorPool
	var message string
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		g.Expect(admin.Get(t.Context(), keyOf(namespace), &pool)).To(gomega.Succeed())
		c := meta.FindStatusCondition(pool.Status.Conditions, kind)
		g.Expect(c).NotTo(gomega.BeNil(), "condition %s of %v", kind, pool.Status.Conditions)
		g.Expect(string(c.Status)+" "+c.Reason).To(gomega.Equal(string(status)+" "+reason), "condition %s: %s", kind, c.Message)
		for _, word := range words {
			g.Expect(c.Message).To(gomega.ContainSubstring(word), "condition %s", kind)
		}
		message = c.Message
	}).Should(gomega.Succeed())
	return message
}

// scale writes the scale subresource, as kubectl scale does.
func scale(t *testing.T, namespace string, replicas int32) {
	t.Helper()
	pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Name: poolName, Namespace: namespace}}
	body := &autoscalingv1.Scale{}
	gomega.NewWithT(t).Eventually(func() error {
		if err := admin.SubResource("scale").Get(t.Context(), pool, body); err != nil {
			return err
		}
		body.Spec.Replicas = replicas
		return admin.SubResource("scale").Update(t.Context(), pool, client.WithSubResourceBody(body))
	}).Should(gomega.Succeed())
}

// eventuallyEvent waits for an event of the pool.
func eventuallyEvent(t *testing.T, namespace, reason, note string) {
	t.Helper()
	gomega.NewWithT(t).Eventually(func(g gomega.Gomega) {
		var list eventsv1.EventList
		g.Expect(admin.List(t.Context(), &list, client.InNamespace(namespace))).To(gomega.Succeed())
		var got []string
		for _, e := range list.Items {
			if e.Regarding.Kind == "ExecutorPool" {
				got = append(got, e.Reason+": "+e.Note)
			}
		}
		g.Expect(got).To(gomega.ContainElement(gomega.HavePrefix(reason + ": " + note)))
	}).Should(gomega.Succeed())
}
