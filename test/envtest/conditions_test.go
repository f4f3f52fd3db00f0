package envtest

import (
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
)

// TestPodFaultsNamedAndForgotten causes each fault of the pool's only pod and removes it. The
// condition must report the fault and disappear with it.
func TestPodFaultsNamedAndForgotten(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	rollOut(t, namespace, 1, 0)
	tooWeak := executors.add(t, &executor{state: api.State{Tier: "None"}, refusal: "isolation tier None is below the minimum"})
	noWorkers := executors.add(t, &executor{state: api.State{Tier: "Restricted"}, refusal: "no worker process can be started"})
	long := metav1.NewTime(time.Now().Add(-time.Hour))

	for name, tc := range map[string]struct {
		status func(*corev1.PodStatus)
		reason string
		// words are parts of the message: the pod, the fault and the remedy.
		words []string
	}{
		"no such image": {
			status: waitingPod("ErrImagePull", `failed to pull and unpack image "registry.test/executor:1": not found`),
			reason: v1alpha1.ReasonImagePull,
			words:  []string{"demo-5d9c-a", `"registry.test/executor:1"`, "not found", "spec.image"},
		},
		"image back-off": {
			status: waitingPod("ImagePullBackOff", `Back-off pulling image "registry.test/executor:1": ErrImagePull: not found`),
			reason: v1alpha1.ReasonImagePull,
			words:  []string{"demo-5d9c-a", "not found"},
		},
		"bad configuration": {
			status: waitingPod("CreateContainerConfigError", "container has runAsNonRoot and image will run as root"),
			reason: v1alpha1.ReasonNotStarting,
			words:  []string{"demo-5d9c-a", "image will run as root", "kubectl describe pod"},
		},
		"crash loop": {
			status: func(s *corev1.PodStatus) {
				waitingPod("CrashLoopBackOff", "back-off 40s restarting failed container")(s)
				s.Phase = corev1.PodRunning
				s.ContainerStatuses[0].RestartCount = 4
				s.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error"}
			},
			reason: v1alpha1.ReasonCrashLoop,
			words:  []string{"demo-5d9c-a", "exit code 2", "kubectl logs", "--previous"},
		},
		"out of memory": {
			status: func(s *corev1.PodStatus) {
				waitingPod("CrashLoopBackOff", "back-off 10s restarting failed container")(s)
				s.ContainerStatuses[0].RestartCount = 2
				s.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}
			},
			reason: v1alpha1.ReasonCrashLoop,
			words:  []string{"demo-5d9c-a", "OOMKilled", "spec.resources.limits.memory"},
		},
		"no node": {
			status: func(s *corev1.PodStatus) {
				s.Phase = corev1.PodPending
				s.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, LastTransitionTime: long,
					Reason: corev1.PodReasonUnschedulable, Message: "0/1 nodes are available: 1 Insufficient memory. preemption: 0/1 nodes are available"}}
			},
			reason: v1alpha1.ReasonUnschedulable,
			words:  []string{"demo-5d9c-a", "1 Insufficient memory", "spec.resources"},
		},
		"isolation too weak": {
			status: runningPod(tooWeak, corev1.ConditionFalse),
			reason: v1alpha1.ReasonTierTooLow,
			words:  []string{"demo-5d9c-a", "tier None", "spec.isolation.minimumTier is RestrictedLegacy", "spec.isolation.runtimeClassName"},
		},
		"not serving": {
			status: runningPod(noWorkers, corev1.ConditionFalse),
			reason: v1alpha1.ReasonNotServing,
			words:  []string{"demo-5d9c-a", "no worker process can be started", "kubectl logs"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			rollOut(t, namespace, 1, 0)
			p := pod(t, namespace, "a", tc.status)
			// The condition reports what the replica itself answers, after the next sample.
			eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionTrue, tc.reason, tc.words...)
			eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionFalse, tc.reason, tc.words...)
			eventuallyEvent(t, namespace, tc.reason, "")

			healthy := executors.add(t, &executor{state: api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}})
			setStatus(t, p, serving(healthy))
			rollOut(t, namespace, 1, 1)
			eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady)
			eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
			eventuallyCondition(t, namespace, v1alpha1.ConditionReconciling, metav1.ConditionFalse, v1alpha1.ReasonUpToDate)
			eventuallyEvent(t, namespace, "Recovered", "")
			remove(t, p)
		})
	}
}

func TestQuotaNamed(t *testing.T) {
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	rollOut(t, namespace, 1, 0)
	d := &appsv1.Deployment{}
	if err := admin.Get(t.Context(), keyOf(namespace), d); err != nil {
		t.Fatal(err)
	}
	d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate",
		Message: `pods "demo-5d9c-x7k2p" is forbidden: exceeded quota: small, requested: pods=1, used: pods=3, limited: pods=3`}}
	if err := admin.Status().Update(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	message := eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonPodCreation)
	if !strings.Contains(message, "exceeded quota: small, requested: pods=1, limited: pods=3") || strings.Contains(message, "x7k2p") {
		t.Errorf("message %q, want the quota without the pod name and the used amount", message)
	}
	rollOut(t, namespace, 1, 1)
	eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
}

func TestRolloutReported(t *testing.T) {
	namespace, _ := readyPool(t)
	modify(t, namespace, &v1alpha1.ExecutorPool{}, func(p *v1alpha1.ExecutorPool) { p.Spec.TimeoutSeconds = 30 })
	eventuallyCondition(t, namespace, v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonRollingOut)
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonRollingOut)
	eventuallyEvent(t, namespace, "RolloutStarted", "")
	rollOut(t, namespace, 1, 1)
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady)
	eventuallyEvent(t, namespace, "RolloutCompleted", "")
}

// TestLoadSampled causes a sample by a change of the pool's pod, as an update by the kubelet does.
// The unit tests of the status cover the timer.
func TestLoadSampled(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace, replica := readyPool(t)
	replica.set(func(e *executor) { e.state.Busy, e.state.Queued = 8, 5 })
	touch(t, namespace)
	g.Eventually(get(t, namespace, &v1alpha1.ExecutorPool{})).Should(gomega.And(
		gomega.HaveField("Status.Slots", gomega.BeEquivalentTo(8)), gomega.HaveField("Status.BusySlots", gomega.BeEquivalentTo(8)), gomega.HaveField("Status.QueueDepth", gomega.BeEquivalentTo(5))))
	eventuallyCondition(t, namespace, v1alpha1.ConditionIsolationEnforced, metav1.ConditionTrue, v1alpha1.ReasonTierProved)

	// The replica answers an invalid state. The pool must not count it as idle and must not scale; it
	// counts as a replica that does not answer.
	replica.set(func(e *executor) { e.state.Busy = -1 })
	touch(t, namespace)
	eventuallyCondition(t, namespace, v1alpha1.ConditionMetricsFresh, metav1.ConditionFalse, v1alpha1.ReasonSamplesImpossible)
	g.Eventually(get(t, namespace, &v1alpha1.ExecutorPool{})).Should(gomega.HaveField("Status.DesiredReplicas", gomega.BeEquivalentTo(1)))

	replica.set(func(e *executor) { e.state = api.State{Slots: 8, QueueCapacity: 128, Tier: "None"} })
	touch(t, namespace)
	eventuallyCondition(t, namespace, v1alpha1.ConditionIsolationEnforced, metav1.ConditionFalse, v1alpha1.ReasonTierTooLow)
}
