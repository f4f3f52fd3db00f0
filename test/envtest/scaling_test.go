package envtest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"executorpool.dev/api/v1alpha1"
)

// scalingPool makes a pool of replicas that scales itself up to 40 and down after stabilization, with a cluster that plays.
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
	c := play(t, namespace, 2*time.Second)
	eventuallyCondition(t, namespace, v1alpha1.ConditionReady, "True", v1alpha1.ReasonAllReplicasReady)
	eventuallyCondition(t, namespace, v1alpha1.ConditionMetricsFresh, "True", v1alpha1.ReasonSampled)
	gomega.NewWithT(t).Eventually(c.now).Should(gomega.Equal(replicas))
	c.history()
	return namespace, c
}

// TestBurstAnsweredInOneStep has 200 submissions of two seconds arrive at once at each of ten idle pools of 3 replicas.
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
					t.Errorf("%d replicas for 176 waiting + 24 busy of 2 s each, want 10 or so", up)
				}
				g.Eventually(c.now).WithTimeout(time.Minute).Should(gomega.BeEquivalentTo(3))
				history := c.history()
				if down := history[1:]; !slices.IsSortedFunc(down, func(a, b int32) int { return cmp.Compare(b, a) }) {
					t.Errorf("replicas were %v, want one step up and then only down", history)
				}
				if wronged := c.wrongs(); len(wronged) > 0 {
					t.Errorf("busy replicas %v went while an idle one stayed", wronged)
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
