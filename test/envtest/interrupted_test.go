package envtest

import (
	"cmp"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"executorpool.dev/api/v1alpha1"
)

// cutManager is a manager whose connection to the API server can be cut.
type cutManager struct {
	*running
	cut *atomic.Bool
}

func startCuttable(elect bool) cutManager {
	m := cutManager{cut: &atomic.Bool{}}
	c := sharedConfig()
	c.LeaderElection.ID, c.LeaderElection.Enabled = "interrupted", elect
	c.REST.Wrap(func(next http.RoundTripper) http.RoundTripper { return cuttable{next, m.cut} })
	m.running = start(c)
	return m
}

// TestScalingOutlivesItsManager stops the manager, or cuts its connection to the API server, while
// a pool scales up after a burst, after it has scaled up, and while it scales down.
func TestScalingOutlivesItsManager(t *testing.T) {
	for name, tc := range map[string]struct {
		elect bool
		// interrupt stops or cuts off the running manager and returns the one that continues.
		interrupt func(g gomega.Gomega, m cutManager) cutManager
	}{
		"manager killed": {true, func(g gomega.Gomega, m cutManager) cutManager {
			g.Expect(m.stop()).To(gomega.Succeed())
			return startCuttable(true)
		}},
		"leader cut off, another takes over": {true, func(g gomega.Gomega, m cutManager) cutManager {
			standby := startCuttable(true)
			m.cut.Store(true)
			g.Eventually(m.done).Should(gomega.Receive())
			return standby
		}},
		"API server gone": {false, func(g gomega.Gomega, m cutManager) cutManager {
			m.cut.Store(true)
			began := time.Now()
			g.Eventually(func() time.Duration { return time.Since(began) }).Should(gomega.BeNumerically(">", 12*time.Second))
			m.cut.Store(false)
			return m
		}},
	} {
		t.Run(name, func(t *testing.T) {
			withoutSharedManager(t)
			g := gomega.NewWithT(t)
			m := startCuttable(tc.elect)
			defer func() { g.Expect(m.stop()).To(gomega.Succeed()) }()
			_, c := scalingPool(t, 3, func(s *v1alpha1.ScalingSpec) { s.ScaleDownStabilizationSeconds = 8 })

			c.submit(200)
			m = tc.interrupt(g, m)
			g.Eventually(c.now).WithTimeout(time.Minute).Should(gomega.BeNumerically(">", 3), "the pool scales up")
			m = tc.interrupt(g, m)
			up := c.now()
			g.Eventually(c.now).WithTimeout(time.Minute).Should(gomega.BeNumerically("<", up), "the pool scales down")
			m = tc.interrupt(g, m)
			g.Eventually(c.now).WithTimeout(time.Minute).Should(gomega.BeEquivalentTo(3))

			history := c.history()
			t.Logf("replicas were %v", history)
			top := slices.Index(history, slices.Max(history))
			if !slices.IsSorted(history[:top+1]) || !slices.IsSortedFunc(history[top:], func(a, b int32) int { return cmp.Compare(b, a) }) {
				t.Errorf("replicas were %v, want up and then down", history)
			}
			if slices.Min(history) < 3 {
				t.Errorf("replicas were %v, want never below 3", history)
			}
			if wrongRemoved := c.wrongRemovals(); len(wrongRemoved) > 0 {
				t.Errorf("busy replicas %v were removed while an idle one remained", wrongRemoved)
			}
		})
	}
}
