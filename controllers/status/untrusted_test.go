package status

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
)

// hostileTexts are texts that a pod can put into each of its answers.
func hostileTexts() map[string]string {
	evil := "\x1b[2J\x1b[31mOWNED\x1b[0m\r\nReady: True\u202egnp.exe "
	return map[string]string{
		"escapes":           evil,
		"9,000 characters":  evil + strings.Repeat("A", 9000),
		"40,000 characters": strings.Repeat("V", 40_000),
		"40,000 wide ones":  strings.Repeat("\u4e16", 40_000),
		"invalid UTF-8":     "a\xff\xfe" + strings.Repeat("\xc3\x28", 5000),
		"line separators":   "a\u2028b\u2029c\u0085d\x00e\x9b[2J",
		"empty":             "",
	}
}

// hostileFields puts a text into one field of the input that a pod, its image, its runtime or an
// author of objects can write. want is a condition that must report the fault in spite of the text.
var hostileFields = map[string]struct {
	set  func(s *scene, text string)
	kind string
	want string
}{
	"tier of a ready replica": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", readyNow)}
		s.Replicas["demo-a"] = ReplicaState{Answered: true, Slots: 8, Tier: v1alpha1.Tier(text)}
	}, v1alpha1.ConditionIsolationEnforced, ""},
	"tier of an unready replica": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", runs)}
		s.Replicas["demo-a"] = ReplicaState{Answered: true, Tier: v1alpha1.Tier(text)}
	}, v1alpha1.ConditionReady, "False TierTooLow"},
	"reason with too low a tier": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", runs)}
		s.Replicas["demo-a"] = ReplicaState{Answered: true, Tier: v1alpha1.TierNone, NotReadyReason: text}
	}, v1alpha1.ConditionStalled, "True TierTooLow"},
	"reason of an unready replica": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", runs)}
		s.Replicas["demo-a"] = ReplicaState{Answered: true, Tier: v1alpha1.TierRestricted, NotReadyReason: text}
	}, v1alpha1.ConditionStalled, "True NotServing"},
	"termination message": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", func(p *corev1.Pod) {
			waits("CrashLoopBackOff", "")(p)
			p.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1, Reason: text, Message: text}
		})}
	}, v1alpha1.ConditionStalled, "True CrashLoop"},
	"message of the runtime about the image": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", waits("ErrImagePull", text))}
	}, v1alpha1.ConditionStalled, "True ImagePullFailed"},
	"image": {func(s *scene, text string) {
		s.Image = text
		s.TemplateWritten, s.DeploymentWritten = true, true
		s.Pods = []corev1.Pod{brokenPod("demo-a", func(p *corev1.Pod) {
			waits("ErrImagePull", "not found")(p)
			p.Spec.Containers[0].Image = text
		})}
	}, v1alpha1.ConditionStalled, "True ImagePullFailed"},
	"message of the runtime about the start": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", waits("CreateContainerError", text))}
	}, v1alpha1.ConditionStalled, "True ContainerNotStarting"},
	"message of the scheduler": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
				Reason: corev1.PodReasonUnschedulable, Message: text}}
		})}
	}, v1alpha1.ConditionStalled, "True Unschedulable"},
	"message of an admission webhook": {func(s *scene, text string) {
		s.Deployment.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: text}}
	}, v1alpha1.ConditionStalled, "True PodCreationRefused"},
	"obstacle": {func(s *scene, text string) {
		s.Obstacle = &Obstacle{Reason: v1alpha1.ReasonApplyRefused, Message: text}
	}, v1alpha1.ConditionStalled, "True ApplyRefused"},
	"cause of the metrics source": {func(s *scene, text string) {
		s.Pods = []corev1.Pod{brokenPod("demo-a", readyNow)}
		s.Replicas["demo-a"] = ReplicaState{Answered: true, Slots: 8, Tier: v1alpha1.TierRestricted}
		s.Scaling = Scaling{Enabled: true, Distrust: autoscale.DistrustMissing, Cause: text}
	}, v1alpha1.ConditionMetricsFresh, ""},
	"reason of the decision": {func(s *scene, text string) { s.DesiredReason = text }, v1alpha1.ConditionReconciling, ""},
}

func readyNow(p *corev1.Pod) {
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
}

// runs makes a pod whose container has run for an hour and is not ready.
func runs(p *corev1.Pod) {
	since := metav1.NewTime(start.Add(-time.Hour))
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse, LastTransitionTime: since}}
	p.Status.ContainerStatuses[0].Started = new(true)
	p.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{StartedAt: since}
}

// TestHostileTextsAreQuoted puts hostile texts into each field that others write. Each message and
// note must be one bounded line without control and format characters.
func TestHostileTextsAreQuoted(t *testing.T) {
	for field, tc := range hostileFields {
		for name, text := range hostileTexts() {
			t.Run(field+"/"+name, func(t *testing.T) {
				s := newScene(1)
				s.deployment(1, 1, 0)
				tc.set(s, text)
				decision := s.step()
				if tc.want != "" && s.reasons()[tc.kind] != tc.want {
					t.Errorf("condition %s is %s, want %s", tc.kind, s.reasons()[tc.kind], tc.want)
				}
				for _, c := range s.Pool.Status.Conditions {
					checkText(t, "condition "+c.Type, c.Message, maxMessage)
				}
				for _, e := range decision.Events {
					checkText(t, "event "+e.Reason, e.Note, maxNote)
				}
				if last := s.Pool.Status.LastScale; last != nil {
					checkText(t, "lastScale.reason", last.Reason, maxNote)
				}
			})
		}
	}
}

func checkText(t *testing.T, what, text string, longest int) {
	t.Helper()
	if len(text) > longest {
		t.Errorf("%s has %d bytes, want at most %d", what, len(text), longest)
	}
	if !utf8.ValidString(text) {
		t.Errorf("%s is not UTF-8", what)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			t.Errorf("%s contains %U", what, r)
			return
		}
	}
}

// TestUnknownTierHasOneName shows two tiers that no release knows. The condition must be the same
// for both, so that a pod with another tier in each answer does not have the status written.
func TestUnknownTierHasOneName(t *testing.T) {
	var first *metav1.Condition
	for _, tier := range []string{"T1790000000000000001", "T1790000000000000002"} {
		s := newScene(1)
		s.deployment(1, 1, 1)
		s.Pods = []corev1.Pod{brokenPod("demo-a", readyNow)}
		s.Replicas["demo-a"] = ReplicaState{Answered: true, Slots: 8, Tier: v1alpha1.Tier(tier)}
		s.step()
		c := meta.FindStatusCondition(s.Pool.Status.Conditions, v1alpha1.ConditionIsolationEnforced)
		if c.Status != metav1.ConditionFalse || c.Reason != v1alpha1.ReasonTierTooLow || strings.Contains(c.Message, tier) {
			t.Errorf("tier %s: %s %s %q, want False TierTooLow without the tier", tier, c.Status, c.Reason, c.Message)
		}
		if first == nil {
			first = c
		}
		if c.Message != first.Message {
			t.Errorf("tier %s: message %q, want %q", tier, c.Message, first.Message)
		}
	}
}

// FuzzMessages builds every kind of message from any text.
func FuzzMessages(f *testing.F) {
	for _, text := range hostileTexts() {
		f.Add(text)
	}
	f.Add("pods \"a\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3")
	f.Fuzz(func(t *testing.T, text string) {
		quoted := Quote(text)
		checkText(t, "quoted", quoted, maxQuoted*utf8.UTFMax+len("..."))
		if strings.Contains(quoted, "  ") {
			t.Errorf("%q has spaces in a row", quoted)
		}
		checkText(t, "message", Message(text), maxMessage)
		checkText(t, "note", Bounded(text), maxNote)
		if again := Message(Message(text)); again != Message(text) {
			t.Errorf("message %q becomes %q", Message(text), again)
		}
		s := newScene(1)
		s.deployment(1, 1, 0)
		for _, field := range hostileFields {
			field.set(s, text)
		}
		s.Obstacle = nil
		for _, c := range Decide(s.Input).Status.Conditions {
			checkText(t, "condition "+c.Type, c.Message, maxMessage)
		}
	})
}
