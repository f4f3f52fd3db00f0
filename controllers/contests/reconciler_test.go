package contests

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/sampling"
)

func readyPod(name, ip string, started time.Duration) corev1.Pod {
	created := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID(name), CreationTimestamp: metav1.NewTime(created)}}
	p.Status.PodIP = ip
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(created.Add(started))}}
	return p
}

// TestMeasuredFromPoller runs a real poller against two executors, one of which does not answer.
func TestMeasuredFromPoller(t *testing.T) {
	questions := make(chan string, 16)
	executor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		questions <- r.Host
		if strings.HasPrefix(r.Host, "10.0.0.2:") {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprint(w, `{"slots":8,"queueCapacity":128,"uptimeMillis":100000,"accepted":50,"answered":50,"finished":50,"servedMillis":75000}`)
	}))
	defer executor.Close()
	dial := func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, executor.Listener.Addr().String())
	}
	poller := sampling.NewPoller(sampling.New(8000, dial), clock.RealClock{}, func(types.NamespacedName, sampling.Reading) {})
	r := &Reconciler{Poller: poller}
	pool := types.NamespacedName{Namespace: "contests", Name: "demo"}
	ready := []corev1.Pod{readyPod("a", "10.0.0.1", 7*time.Second), readyPod("b", "10.0.0.2", 9*time.Second)}

	if _, sampled := r.measured(pool, nil); !sampled {
		t.Error("a pool without ready pods waits for a sample")
	}
	if _, sampled := r.measured(pool, ready); sampled {
		t.Error("a pool that was not sampled does not wait for a sample")
	}

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- poller.Start(ctx) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	followed := sampling.Pool{Interval: time.Hour}
	for _, p := range ready {
		followed.Targets = append(followed.Targets, sampling.Target{Name: p.Name, UID: p.UID, IP: p.Status.PodIP, Ready: true})
	}
	poller.Follow(pool, followed)
	patience, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	poller.Refresh(patience, pool)

	asked := len(questions)
	got, sampled := r.measured(pool, ready)
	want := contest.Measured{PodStarts: []time.Duration{7 * time.Second, 9 * time.Second}, Finished: 50, ServiceTime: 75 * time.Second}
	if diff := cmp.Diff(want, got); diff != "" || !sampled {
		t.Errorf("sampled is %v; measured (-want +got):\n%s", sampled, diff)
	}
	if len(questions) != asked {
		t.Error("a reconcile asked the pods again")
	}
}
