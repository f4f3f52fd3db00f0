package envtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// scalingPool creates a pool that the autoscaler may scale up to 40 replicas, and a cluster for it.
func scalingPool(t *testing.T, replicas int32, change func(*v1alpha1.ScalingSpec)) (string, *cluster) {
	t.Helper()
	namespace := namespaceOf(t)
	newPool(t, namespace, func(s *v1alpha1.ExecutorPoolSpec) {
		s.Replicas = &replicas
		s.Scaling = v1alpha1.ScalingSpec{MaxReplicas: 40, ScaleDownStabilizationSeconds: 5}
		if change != nil {
			change(&s.Scaling)
		}
	})
	c := startCluster(t, namespace, 2*time.Second)
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, "True", v1alpha1.ReasonAllReplicasReady)
	eventuallyCondition(t, namespace, v1alpha1.ConditionMetricsFresh, "True", v1alpha1.ReasonSampled)
	gomega.NewWithT(t).Eventually(c.now).Should(gomega.Equal(replicas))
	c.history()
	return namespace, c
}

// TestBurstAnsweredInOneStep sends 200 submissions of two seconds at once to each of ten idle pools
// of 3 replicas.
func TestBurstAnsweredInOneStep(t *testing.T) {
	reactions := make([]time.Duration, 10)
	t.Run("pools", func(t *testing.T) {
		for i := range reactions {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				g := gomega.NewWithT(t)
				namespace, c := scalingPool(t, 3, nil)
				began := time.Now()
				c.submit(200)
				g.Eventually(c.now).WithPolling(10 * time.Millisecond).Should(gomega.BeNumerically(">", 3))
				reactions[i] = c.changedAt().Sub(began)
				if up := c.now(); up < 8 || up > 12 {
					t.Errorf("%d replicas for 176 waiting + 24 busy of 2 s each, want about 10", up)
				}
				g.Eventually(c.now).WithTimeout(time.Minute).Should(gomega.BeEquivalentTo(3))
				history := c.history()
				if down := history[1:]; !slices.IsSortedFunc(down, func(a, b int32) int { return cmp.Compare(b, a) }) {
					t.Errorf("replicas were %v, want one step up and then only down", history)
				}
				if wrongRemoved := c.wrongRemovals(); len(wrongRemoved) > 0 {
					t.Errorf("busy replicas %v were removed while an idle one remained", wrongRemoved)
				}
				eventuallyEvent(t, namespace, "ScaledUp", "Scaled from 3 to ")
				eventuallyEvent(t, namespace, "ScaledDown", "Scaled from ")
			})
		}
	})
	slices.Sort(reactions)
	t.Logf("replicas written %v after the burst, sorted", reactions)
	if median := reactions[len(reactions)/2]; median > time.Second {
		t.Errorf("median %v, want within 1 s", median)
	}
}

// TestEveryTargetMetExactly writes pairs of replicas through the scale subresource, as the floor of
// a pool with spec.scaling. The Deployment must get each number and none between them, also while
// pods are being replaced.
func TestEveryTargetMetExactly(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace, c := scalingPool(t, 1, nil)
	for _, rolling := range []bool{false, true} {
		c.setRolling(rolling)
		at := c.now()
		for _, to := range []int32{0, 1, 5, 2, 12, 40, 3, 0, 7, 41, 45, 6, 1} {
			scale(t, namespace, to)
			g.Eventually(c.now).Should(gomega.Equal(to))
			g.Eventually(get(t, namespace, &v1alpha1.ExecutorPool{})).Should(gomega.HaveField("Status.DesiredReplicas", to))
			if got := c.history(); at != to && !slices.Equal(got, []int32{at, to}) {
				t.Errorf("rolling %v: replicas were %v, want %d and then %d", rolling, got, at, to)
			}
			at = to
		}
	}
}

// TestQueueHeldToLimits fills the queue of pools that may not scale with it.
func TestQueueHeldToLimits(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1alpha1.ScalingSpec)
		want   int32
		reason string
		status metav1.ConditionStatus
	}{
		"ceiling":          {func(s *v1alpha1.ScalingSpec) { s.MaxReplicas = 5 }, 5, v1alpha1.ReasonTooFewAllowed, "True"},
		"hold":             {func(s *v1alpha1.ScalingSpec) { s.Hold = v1alpha1.HoldOut }, 3, v1alpha1.ReasonHeldOut, "True"},
		"ceiling is lower": {func(s *v1alpha1.ScalingSpec) { s.MaxReplicas = 2 }, 3, v1alpha1.ReasonTooFewAllowed, "True"},
		"no ceiling":       {func(s *v1alpha1.ScalingSpec) { s.MaxReplicas = 0 }, 3, v1alpha1.ReasonAutoscalingOff, "False"},
	} {
		t.Run(name, func(t *testing.T) {
			namespace, c := scalingPool(t, 3, tc.change)
			c.submit(200)
			message := eventuallyCondition(t, namespace, v1alpha1.ConditionScalingLimited, tc.status, tc.reason)
			gomega.NewWithT(t).Eventually(c.now).Should(gomega.Equal(tc.want))
			if strings.ContainsAny(message, "0123456789") && !strings.Contains(message, fmt.Sprintf("which is %d", tc.want)) && tc.want != 3 {
				t.Errorf("the message %q holds a number that may move", message)
			}
			if got := c.history(); len(got) > 2 {
				t.Errorf("replicas were %v, want one step at most", got)
			}
		})
	}
}

// TestIdleScalingPoolWritesNothing counts the writes during several samples of an idle pool.
func TestIdleScalingPoolWritesNothing(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace, c := scalingPool(t, 2, nil)
	eventuallyEvent(t, namespace, "Ready", "")
	asked := func() (n int) {
		c.each(func(_ int, e *busyExecutor) { n += e.requests() })
		return n
	}
	// The conditions of pools from earlier tests may still change.
	var before map[string]float64
	g.Eventually(func(g gomega.Gomega) {
		before = writes(t)
		began := asked()
		g.Eventually(asked).Should(gomega.BeNumerically(">", began+4))
		g.Expect(writes(t)).To(gomega.Equal(before))
	}).WithTimeout(time.Minute).Should(gomega.Succeed())
	began := asked()
	g.Eventually(asked).WithTimeout(time.Minute).Should(gomega.BeNumerically(">=", began+20))
	g.Expect(writes(t)).To(gomega.Equal(before))
}

// TestScaleSubresourceServesOthers scales a pool without spec.scaling, as an HPA does.
func TestScaleSubresourceServesOthers(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace, c := scalingPool(t, 2, func(s *v1alpha1.ScalingSpec) { *s = v1alpha1.ScalingSpec{} })
	for _, to := range []int32{9, 4} {
		scale(t, namespace, to)
		g.Eventually(c.now).Should(gomega.Equal(to))
	}
	if got := c.history(); !slices.Equal(got, []int32{2, 9, 4}) {
		t.Errorf("replicas were %v, want 2, 9 and 4", got)
	}
}
