package status

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// scene is a pool in virtual time. Each step decides once and keeps the status.
type scene struct {
	Input
}

func newScene(desired int32) *scene {
	pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "contests", Generation: 1}}
	pool.Spec.Workers, pool.Spec.Threads = 4, 2
	pool.Spec.Isolation.MinimumTier = v1alpha1.TierRestrictedLegacy
	return &scene{Input{Pool: pool, Now: start, Image: "executor:1", Desired: desired, DesiredReason: "spec.replicas says so", Replicas: map[string]ReplicaState{}}}
}

func (s *scene) step() Decision {
	d := Decide(s.Input)
	s.Pool.Status = d.Status
	return d
}

func (s *scene) deployment(replicas, updated, ready int32) {
	s.Deployment = &appsv1.Deployment{Status: appsv1.DeploymentStatus{Replicas: replicas, UpdatedReplicas: updated, ReadyReplicas: ready}}
}

func (s *scene) reasons() map[string]string {
	got := map[string]string{}
	for _, c := range s.Pool.Status.Conditions {
		got[c.Type] = string(c.Status) + " " + c.Reason
	}
	return got
}

func names(d Decision) []string {
	var got []string
	for _, e := range d.Events {
		got = append(got, e.Reason)
	}
	return got
}

func TestPoolLife(t *testing.T) {
	s := newScene(3)
	for i, tc := range []struct {
		name               string
		change             func()
		ready, reconciling string
		events             []string
	}{
		{"created", func() { s.DeploymentWritten = true }, "False Scaling", "True Scaling", []string{"ScaledUp"}},
		{"no status yet", func() { s.DeploymentWritten = false; s.deployment(0, 0, 0) }, "False Scaling", "True Scaling", nil},
		{"pods exist", func() { s.deployment(3, 3, 0) }, "False Scaling", "True Scaling", nil},
		{"pods serve", func() { s.deployment(3, 3, 3) }, "True AllReplicasReady", "False UpToDate", []string{"Ready"}},
		{"a pod is lost", func() { s.deployment(3, 3, 2) }, "False ReplicasNotReady", "True ReplicasNotReady", nil},
		{"it is back", func() { s.deployment(3, 3, 3) }, "True AllReplicasReady", "False UpToDate", []string{"Ready"}},
		{"template changed", func() { s.DeploymentWritten, s.TemplateWritten = true, true }, "False RollingOut", "True RollingOut", []string{"RolloutStarted"}},
		{"not observed yet", func() {
			s.DeploymentWritten, s.TemplateWritten = false, false
			s.deployment(3, 3, 3)
			s.Deployment.Generation = 2
		}, "False RollingOut", "True RollingOut", nil},
		{"surge", func() { s.deployment(4, 1, 3) }, "False RollingOut", "True RollingOut", nil},
		{"the last new pod starts", func() { s.deployment(3, 3, 2) }, "False RollingOut", "True RollingOut", nil},
		{"rolled out", func() { s.deployment(3, 3, 3) }, "True AllReplicasReady", "False UpToDate", []string{"RolloutCompleted", "Ready"}},
		{"scaled down", func() { s.Desired = 1; s.DeploymentWritten = true }, "True AllReplicasReady", "True Scaling", []string{"ScaledDown"}},
		{"pods end", func() { s.DeploymentWritten = false; s.deployment(1, 1, 1) }, "True AllReplicasReady", "False UpToDate", nil},
		{"scaled to none", func() { s.Desired = 0; s.deployment(0, 0, 0) }, "True ScaledToZero", "False UpToDate", []string{"ScaledDown"}},
	} {
		s.Now = s.Now.Add(time.Second)
		tc.change()
		decision := s.step()
		got := s.reasons()
		want := map[string]string{"Ready": tc.ready, "Reconciling": tc.reconciling, "Stalled": "False Progressing",
			"MetricsFresh": "Unknown NoReplicas", "IsolationEnforced": "Unknown NoReplicas",
			"ScalingLimited": "False AutoscalingOff"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("step %d, %s (-want +got):\n%s", i, tc.name, diff)
		}
		if diff := cmp.Diff(tc.events, names(decision)); diff != "" {
			t.Errorf("step %d, %s: events (-want +got):\n%s", i, tc.name, diff)
		}
		s.Now = s.Now.Add(time.Minute)
		if diff := cmp.Diff(s.Pool.Status, Decide(s.Input).Status); diff != "" {
			t.Errorf("step %d, %s: status changes with time alone:\n%s", i, tc.name, diff)
		}
	}
}

func brokenPod(name string, change func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "contests", CreationTimestamp: metav1.NewTime(start)}}
	p.Spec.Containers = []corev1.Container{{Name: "executor", Image: "executor:1"}, {Name: "mesh", Image: "mesh:1"}}
	p.Status.Phase = corev1.PodRunning
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "executor"}}
	change(&p)
	return p
}

func waits(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	}
}

// TestFaultDoesNotFlap plays the states that the kubelet reports while it retries.
func TestFaultDoesNotFlap(t *testing.T) {
	ended := &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error"}
	for name, phases := range map[string][]func(*corev1.Pod){
		"pull, with the cause in both": {
			waits("ErrImagePull", `rpc error: code = NotFound desc = not found`),
			waits("ImagePullBackOff", `Back-off pulling image "executor:1": ErrImagePull: rpc error: code = NotFound desc = not found`),
		},
		"pull, with the cause in one": {
			waits("ErrImagePull", `rpc error: code = NotFound desc = not found`),
			waits("ImagePullBackOff", `Back-off pulling image "executor:1"`),
		},
		"pull, from another port each time": {
			waits("ErrImagePull", `lookup registry.test: read udp 10.0.0.5:34567->10.0.0.10:53: i/o timeout`),
			waits("ErrImagePull", `lookup registry.test: read udp 10.0.0.5:45678->10.0.0.10:53: i/o timeout`),
		},
		"crash": {
			func(p *corev1.Pod) {
				waits("CrashLoopBackOff", "back-off 10s restarting failed container=executor")(p)
				p.Status.ContainerStatuses[0].RestartCount = 2
				p.Status.ContainerStatuses[0].LastTerminationState.Terminated = ended
			},
			func(p *corev1.Pod) {
				p.Status.ContainerStatuses[0].RestartCount = 3
				p.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(start)}
				p.Status.ContainerStatuses[0].LastTerminationState.Terminated = ended
			},
			func(p *corev1.Pod) {
				p.Status.ContainerStatuses[0].RestartCount = 3
				p.Status.ContainerStatuses[0].State.Terminated = ended
			},
			func(p *corev1.Pod) {
				waits("CrashLoopBackOff", "back-off 20s restarting failed container=executor")(p)
				p.Status.ContainerStatuses[0].RestartCount = 3
				p.Status.ContainerStatuses[0].LastTerminationState.Terminated = ended
			},
		},
		"one of several": {
			waits("CreateContainerConfigError", "no such secret"),
			func(p *corev1.Pod) { waits("CreateContainerConfigError", "no such secret")(p) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(2)
			s.deployment(2, 2, 0)
			var first *metav1.Condition
			for i, phase := range phases {
				// The order of listed pods is not fixed.
				pods := []corev1.Pod{brokenPod("demo-a", phase), brokenPod("demo-b", phase)}
				s.Pods = []corev1.Pod{pods[i%2], pods[1-i%2]}
				s.step()
				stalled := meta.FindStatusCondition(s.Pool.Status.Conditions, v1alpha1.ConditionStalled)
				if stalled.Status != metav1.ConditionTrue {
					t.Fatalf("phase %d: Stalled is %s", i, stalled.Status)
				}
				if first == nil {
					first = stalled.DeepCopy()
				}
				if diff := cmp.Diff(first, stalled); diff != "" {
					t.Errorf("phase %d (-first +now):\n%s", i, diff)
				}
				s.Now = s.Now.Add(10 * time.Second)
			}
		})
	}
}

func TestUnschedulableStallsAfterGrace(t *testing.T) {
	s := newScene(1)
	s.deployment(1, 1, 0)
	s.Pods = []corev1.Pod{brokenPod("demo-a", func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
			Reason: corev1.PodReasonUnschedulable, Message: "0/3 nodes are available: 3 Insufficient cpu.", LastTransitionTime: metav1.NewTime(start)}}
	})}
	decision := s.step()
	if got := s.reasons(); got["Ready"] != "False Unschedulable" || got["Stalled"] != "False Progressing" {
		t.Errorf("at once: %v, want Ready to name it and Stalled to wait", got)
	}
	if decision.Recheck != unschedulableGrace {
		t.Errorf("recheck in %v, want %v", decision.Recheck, unschedulableGrace)
	}
	s.Now = s.Now.Add(decision.Recheck)
	s.step()
	if got := s.reasons(); got["Stalled"] != "True Unschedulable" {
		t.Errorf("after the grace: %v, want Stalled", got)
	}
}

func TestEndingAndReadyPodsAreNoFault(t *testing.T) {
	ending := brokenPod("demo-a", waits("CrashLoopBackOff", ""))
	ending.DeletionTimestamp = new(metav1.NewTime(start))
	evicted := brokenPod("demo-b", waits("ErrImagePull", ""))
	evicted.Status.Phase = corev1.PodFailed
	s := newScene(1)
	s.deployment(1, 1, 0)
	s.Pods = []corev1.Pod{ending, evicted}
	if f := findFault(s.Input); f != nil {
		t.Errorf("fault %+v, want none", f)
	}
}

func TestObstacleScalesNothing(t *testing.T) {
	s := newScene(5)
	s.Obstacle = &Obstacle{Reason: v1alpha1.ReasonNameTaken, Message: "Service demo belongs to something else."}
	decision := s.step()
	if s.Pool.Status.DesiredReplicas != 0 || s.Pool.Status.LastScale != nil {
		t.Errorf("status %+v, want no scale", s.Pool.Status)
	}
	if diff := cmp.Diff([]string{v1alpha1.ReasonNameTaken}, names(decision)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestReplicaStatesCounted(t *testing.T) {
	serving := func(name string) corev1.Pod {
		return brokenPod(name, func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		})
	}
	s := newScene(3)
	s.deployment(3, 3, 3)
	s.Pods = []corev1.Pod{serving("demo-a"), serving("demo-b"), serving("demo-c")}
	s.Replicas = map[string]ReplicaState{
		"demo-a": {Answered: true, Slots: 8, Busy: 8, Queued: 5, Tier: v1alpha1.TierRestricted},
		"demo-b": {Answered: true, Slots: 8, Busy: 2, Tier: v1alpha1.TierNamespaced},
		"demo-c": {},
	}
	s.step()
	got := s.Pool.Status
	if got.Slots != 24 || got.BusySlots != 10 || got.QueueDepth != 5 {
		t.Errorf("slots %d, busy %d, queued %d, want 24, 10, 5", got.Slots, got.BusySlots, got.QueueDepth)
	}
	if diff := cmp.Diff("False ReplicasSilent", s.reasons()["MetricsFresh"]); diff != "" {
		t.Errorf("MetricsFresh: %s", diff)
	}
	if diff := cmp.Diff("True TierProved", s.reasons()["IsolationEnforced"]); diff != "" {
		t.Errorf("IsolationEnforced: %s", diff)
	}
	s.Replicas["demo-b"] = ReplicaState{Answered: true, Slots: 8, Tier: "Unheard-of"}
	s.step()
	if diff := cmp.Diff("False TierTooLow", s.reasons()["IsolationEnforced"]); diff != "" {
		t.Errorf("an unknown tier: %s", diff)
	}
}

func TestQuoteIsOneBoundedLine(t *testing.T) {
	long := make([]byte, 5000)
	for i := range long {
		long[i] = 'x'
	}
	for name, tc := range map[string]struct {
		text string
		want string
	}{
		"control characters": {"a\x1b[31m\nb\x00\tc", "a[31m b c"},
		"invalid UTF-8":      {"a\xffb", "a?b"},
		"long":               {string(long), string(long[:maxQuoted])},
		"quota":              {"exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3", "exceeded quota: q, requested: pods=1, limited: pods=3"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, Quote(tc.text)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
