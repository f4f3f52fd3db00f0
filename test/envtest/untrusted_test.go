package envtest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
)

// TestUntrustedReplicaSamplesKeepReplicas gives a pool that scaled up with its queue samples that
// it cannot trust, for longer than the stabilization window. The pool must keep its replicas.
func TestUntrustedReplicaSamplesKeepReplicas(t *testing.T) {
	allReplicas := func(falsify func(*api.State)) func(int, *busyExecutor) {
		return func(_ int, e *busyExecutor) { e.falsify = falsify }
	}
	for name, tc := range map[string]struct {
		falsify func(i int, e *busyExecutor)
		reason  string
	}{
		"zero":          {allReplicas(func(s *api.State) { s.Busy, s.Queued = 0, 0 }), v1alpha1.ReasonSamplesImpossible},
		"negative":      {allReplicas(func(s *api.State) { s.Queued = -1 }), v1alpha1.ReasonSamplesImpossible},
		"huge":          {allReplicas(func(s *api.State) { s.Queued = 1 << 40 }), v1alpha1.ReasonSamplesImpossible},
		"counter reset": {allReplicas(func(s *api.State) { s.Accepted, s.Answered, s.Finished = 0, 0, 0 }), v1alpha1.ReasonSamplesImpossible},
		"frozen":        {allReplicas(func(s *api.State) { s.UptimeMillis = 3_600_000 }), v1alpha1.ReasonSamplesFrozen},
		"half silent": {func(i int, e *busyExecutor) {
			if i%2 == 0 {
				e.silent = true
			}
		}, v1alpha1.ReasonReplicasSilent},
		"all silent": {func(_ int, e *busyExecutor) { e.silent = true }, v1alpha1.ReasonReplicasSilent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gomega.NewWithT(t)
			namespace, c := scalingPool(t, 3, nil)
			c.submit(200)
			g.Eventually(c.now).Should(gomega.BeNumerically(">", 7))
			up := c.now()
			c.eachLocked(tc.falsify)
			message := eventuallyCondition(t, namespace, v1alpha1.ConditionMetricsFresh, metav1.ConditionFalse, tc.reason)
			if !strings.Contains(message, "removes no replica") {
				t.Errorf("message %q, want that no replica is removed", message)
			}
			// The wait is longer than the stabilization window, and the executors finish all submissions in
			// this time.
			g.Consistently(c.now).WithTimeout(10*time.Second).WithPolling(100*time.Millisecond).Should(gomega.BeNumerically(">=", up), "nothing is removed while the samples are not trusted")

			c.eachLocked(func(_ int, e *busyExecutor) { e.falsify, e.silent = nil, false })
			eventuallyCondition(t, namespace, v1alpha1.ConditionMetricsFresh, metav1.ConditionTrue, v1alpha1.ReasonSampled)
			g.Eventually(c.now).WithTimeout(time.Minute).Should(gomega.BeEquivalentTo(3), "the pool recovers without a change")
		})
	}
}

// prometheus answers every query with one text.
type prometheus struct {
	mu       sync.Mutex
	answer   string
	frozenAt time.Time
	down     bool
}

func (p *prometheus) setAnswer(answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer, p.down, p.frozenAt = answer, answer == "", time.Time{}
}

func (p *prometheus) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozenAt = time.Now()
}

func (p *prometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.down {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	at := p.frozenAt
	if at.IsZero() {
		at = time.Now()
	}
	w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
	_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[%.3f,%q]}]}}`,
		float64(at.UnixMilli())/1000, p.answer)
}

// TestUntrustedPrometheusSamplesKeepReplicas is TestUntrustedReplicaSamplesKeepReplicas with the
// metrics source Prometheus.
func TestUntrustedPrometheusSamplesKeepReplicas(t *testing.T) {
	for name, tc := range map[string]struct {
		falsify func(*prometheus)
		reason  string
	}{
		"down":     {func(p *prometheus) { p.setAnswer("") }, v1alpha1.ReasonSourceFailed},
		"NaN":      {func(p *prometheus) { p.setAnswer("NaN") }, v1alpha1.ReasonSamplesImpossible},
		"negative": {func(p *prometheus) { p.setAnswer("-5") }, v1alpha1.ReasonSamplesImpossible},
		"infinite": {func(p *prometheus) { p.setAnswer("+Inf") }, v1alpha1.ReasonSamplesImpossible},
		"zero":     {func(p *prometheus) { p.setAnswer("0") }, v1alpha1.ReasonSamplesContradictory},
		"frozen":   {(*prometheus).freeze, v1alpha1.ReasonSourceFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gomega.NewWithT(t)
			server := &prometheus{answer: "0"}
			ip := executors.add(t, server)
			namespace, c := scalingPool(t, 3, func(s *v1alpha1.ScalingSpec) {
				s.Source = v1alpha1.ScalingSource{Type: v1alpha1.SourcePrometheus,
					Prometheus: &v1alpha1.PrometheusSource{Address: "http://" + ip + ":8000", Query: "sum(gateway_queue_depth)"}}
			})
			server.setAnswer("300")
			g.Eventually(c.now).Should(gomega.BeNumerically(">", 7))
			up := c.now()
			tc.falsify(server)
			eventuallyCondition(t, namespace, v1alpha1.ConditionMetricsFresh, metav1.ConditionFalse, tc.reason)
			g.Consistently(c.now).WithTimeout(10 * time.Second).WithPolling(100 * time.Millisecond).Should(gomega.BeNumerically(">=", up))

			server.setAnswer("0")
			c.submit(300) // the submissions that the external queue held go to the replicas
			eventuallyCondition(t, namespace, v1alpha1.ConditionMetricsFresh, metav1.ConditionTrue, v1alpha1.ReasonSampled)
			g.Eventually(c.now).WithTimeout(90 * time.Second).Should(gomega.BeEquivalentTo(3))
			if history := c.history(); slices.Min(history) < 3 {
				t.Errorf("replicas were %v, want never below 3", history)
			}
		})
	}
}
