package envtest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/pool"
	"executorpool.dev/executor/api"
)

// liar is an executor whose answers a test changes before each request.
type liar struct {
	executor

	lie  func(e *executor, request int)
	lies int
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l.set(func(e *executor) {
		l.lies++
		l.lie(e, l.lies)
	})
	l.executor.ServeHTTP(w, r)
}

// hostileText has what a terminal obeys, and is longer than a condition's message may be.
func hostileText(length int) string {
	return "\x1b[2J\x1b[31mOWNED\r\nReady: True\u202egnp.exe " + strings.Repeat("A", length)
}

// checkMessages checks that all conditions of an object and the notes of all events in the
// namespace are bounded lines.
func checkMessages(t *testing.T, namespace string, conditions []metav1.Condition) {
	t.Helper()
	texts := map[string]string{}
	for _, c := range conditions {
		texts["condition "+c.Type] = c.Message
	}
	var events eventsv1.EventList
	if err := admin.List(t.Context(), &events, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	for _, e := range events.Items {
		texts["event "+e.Reason] = e.Note
	}
	for what, text := range texts {
		if len(text) > 4096 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%s: %.200q of %d bytes, want one bounded line", what, text, len(text))
		}
	}
}

// TestLyingReplicaCannotSpoilStatus has a ready replica report hostile tiers: the status must show
// a bounded line, and must not be written again for each answer that differs.
func TestLyingReplicaCannotSpoilStatus(t *testing.T) {
	for name, tc := range map[string]struct {
		lie    func(e *executor, request int)
		kind   string
		reason string
	}{
		"long tier": {func(e *executor, _ int) { e.state.Tier = hostileText(9000) }, v1alpha1.ConditionIsolationEnforced, v1alpha1.ReasonTierTooLow},
		"another tier in each answer": {func(e *executor, request int) { e.state.Tier = fmt.Sprintf("T%d", request) },
			v1alpha1.ConditionIsolationEnforced, v1alpha1.ReasonTierTooLow},
		"two tiers in turn": {func(e *executor, request int) { e.state.Tier = []string{"None", "Namespaced"}[request%2] },
			v1alpha1.ConditionIsolationEnforced, v1alpha1.ReasonTierTooLow},
		"impossible numbers in every second answer": {func(e *executor, request int) { e.state.Busy = []int{0, -1}[request%2] },
			v1alpha1.ConditionMetricsFresh, v1alpha1.ReasonSamplesImpossible},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gomega.NewWithT(t)
			namespace := namespaceOf(t)
			newPool(t, namespace, func(s *v1alpha1.ExecutorPoolSpec) {
				s.Scaling.MaxReplicas = 2 // such a pool is sampled each second
			})
			rollOut(t, namespace, 1, 1)
			l := &liar{lie: tc.lie}
			l.state = api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}
			pod(t, namespace, "a", serving(executors.add(t, l)))
			eventuallyCondition(t, namespace, tc.kind, metav1.ConditionFalse, tc.reason)

			var now v1alpha1.ExecutorPool
			g.Expect(admin.Get(t.Context(), keyOf(namespace), &now)).To(gomega.Succeed())
			asked, changes, last := l.requests(), 0, now.ResourceVersion
			g.Eventually(func(g gomega.Gomega) {
				g.Expect(admin.Get(t.Context(), keyOf(namespace), &now)).To(gomega.Succeed())
				if now.ResourceVersion != last {
					changes, last = changes+1, now.ResourceVersion
				}
				g.Expect(l.requests()).To(gomega.BeNumerically(">=", asked+10), "the replica is asked ten more times")
			}).WithTimeout(time.Minute).Should(gomega.Succeed())
			if changes > 2 {
				t.Errorf("the status was written %d times in ten answers, want at most 2", changes)
			}
			checkMessages(t, namespace, now.Status.Conditions)
		})
	}
}

// TestUnreadyReplicaCannotSpoilStatus has an unready replica give hostile reasons.
func TestUnreadyReplicaCannotSpoilStatus(t *testing.T) {
	t.Parallel()
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	rollOut(t, namespace, 1, 0)
	l := &liar{lie: func(e *executor, request int) { e.refusal = hostileText(9000) + fmt.Sprint(request) }}
	l.state = api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}
	pod(t, namespace, "a", runningPod(executors.add(t, l), corev1.ConditionFalse))
	eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonNotServing, "OWNED Ready: True")
	var now v1alpha1.ExecutorPool
	gomega.NewWithT(t).Expect(admin.Get(t.Context(), keyOf(namespace), &now)).To(gomega.Succeed())
	checkMessages(t, namespace, now.Status.Conditions)
}

// TestLyingReplicaCannotSpoilContest answers the canary with a verdict that is longer than a
// condition's message may be. The status of the contest must be written.
func TestLyingReplicaCannotSpoilContest(t *testing.T) {
	t.Parallel()
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	c := newContest(t, namespace, "finals", 10*time.Second, func(s *v1alpha1.ContestSpec) { s.Replicas = 1 })
	rollOut(t, namespace, 1, 1)
	replica := &executor{state: api.State{Slots: 8, QueueCapacity: 128, Tier: "Restricted"}, verdict: api.Verdict(hostileText(40_000))}
	pod(t, namespace, "a", serving(executors.add(t, replica)))
	eventuallyStage(t, c, v1alpha1.ConditionPrewarmed, metav1.ConditionFalse, v1alpha1.ReasonCanaryFailed)
	checkMessages(t, namespace, c.Status.Conditions)

	replica.set(func(e *executor) { e.verdict = api.Verdict(strings.Repeat("V", 20_000)) })
	eventuallyContestEvent(t, c, v1alpha1.ReasonCanaryFailed, "Replica demo-5d9c-a is ready and fails: the canary in python3")
	checkMessages(t, namespace, c.Status.Conditions)
}

// TestImageNotAllowedTouchesNothing changes the image of a pool to one that the manager's flags do
// not allow, and back.
func TestImageNotAllowedTouchesNothing(t *testing.T) {
	withoutSharedManager(t)
	g := gomega.NewWithT(t)
	config := sharedConfig()
	config.Allowed = pool.Allowed{Images: []string{"registry.test/judge/*"}, PriorityClasses: []string{"contest-*"}}
	m := start(config)
	namespace := namespaceOf(t)
	newPool(t, namespace, func(s *v1alpha1.ExecutorPoolSpec) { s.Image = "registry.test/judge/executor:1" })
	rollOut(t, namespace, 1, 1)
	var before, after appsv1.Deployment
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllReplicasReady)
	g.Expect(admin.Get(t.Context(), keyOf(namespace), &before)).To(gomega.Succeed())

	changed := &v1alpha1.ExecutorPool{}
	modify(t, namespace, changed, func(p *v1alpha1.ExecutorPool) { p.Spec.Image, p.Spec.Replicas = "evil.test/miner:1", new(int32(3)) })
	eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonNotAllowed,
		"spec.image", "evil.test/miner:1", "registry.test/judge/*")
	modify(t, namespace, changed, func(p *v1alpha1.ExecutorPool) {
		p.Spec.Image, p.Spec.Scheduling.PriorityClassName = "", "system-node-critical"
	})
	eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionTrue, v1alpha1.ReasonNotAllowed,
		"spec.scheduling.priorityClassName", "system-node-critical", "contest-*")
	g.Expect(admin.Get(t.Context(), keyOf(namespace), &after)).To(gomega.Succeed())
	g.Expect(after.Generation).To(gomega.Equal(before.Generation), "the Deployment is as it was")

	modify(t, namespace, changed, func(p *v1alpha1.ExecutorPool) {
		p.Spec.Image, p.Spec.Scheduling.PriorityClassName = "registry.test/judge/executor:2", "contest-high"
	})
	eventuallyCondition(t, namespace, v1alpha1.ConditionStalled, metav1.ConditionFalse, v1alpha1.ReasonProgressing)
	g.Eventually(get(t, namespace, &after)).Should(gomega.HaveField("Spec.Template.Spec.PriorityClassName", "contest-high"))
	g.Expect(m.stop()).To(gomega.Succeed())
}
