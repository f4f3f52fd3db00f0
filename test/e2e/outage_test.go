//go:build outage

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
	"executorpool.dev/test/localcluster/layout"
	"executorpool.dev/test/localcluster/process"
)

// outage is how long there is no API server.
const outage = time.Minute

// TestScalingOutlivesOutages takes the leading manager away and then, for a minute, the API server: once while a pool grows
// under load and once while it comes down again. It disturbs everything else on the cluster and takes six minutes, so it has a
// build tag and a target of its own: make outage.
func TestScalingOutlivesOutages(t *testing.T) {
	ns := newNamespace(t)
	newPool(t, ns, "outage", func(s *v1alpha1.ExecutorPoolSpec) {
		s.Replicas, s.Workers = ptr.To[int32](2), 4
		s.Queue.MaxWaitSeconds = 90
		s.Scaling = v1alpha1.ScalingSpec{MaxReplicas: 8, ScaleDownStabilizationSeconds: 30}
	})
	waitReady(t, ns, "outage")
	url := serviceURL(t, ns, "outage")
	execute(t, url, twoSeconds)
	seen := recordReplicas(t, ns, "outage")

	// 40 at a time, each sent when the one before is answered, keep all slots of 3 replicas busy and wait within the target.
	const need = 3
	most, few := startClients(t, url, 36), startClients(t, url, 4)
	seen.wait(t, "the pool to grow", func(s []step) bool { return s[len(s)-1].replicas > 2 })
	takeAway(t)
	// Longer than the window: a manager that had forgotten would go down now.
	NewWithT(t).Consistently(func() int32 { return seen.last().replicas }, 40*time.Second, time.Second).Should(BeNumerically(">=", need))
	up := seen.all()
	if !slices.IsSortedFunc(up, func(a, b step) int { return int(a.replicas - b.replicas) }) {
		t.Errorf("while the load lasted: %v", up)
	}

	most.stop()
	fell := time.Now()
	top := seen.last().replicas
	seen.wait(t, "the pool to come down", func(s []step) bool { return s[len(s)-1].replicas < top })
	takeAway(t)
	seen.wait(t, "two replicas", func(s []step) bool { return s[len(s)-1].replicas == 2 })
	down := slices.DeleteFunc(seen.all(), func(s step) bool { return s.at.Before(fell) })
	if !slices.IsSortedFunc(down, func(a, b step) int { return int(b.replicas - a.replicas) }) {
		t.Errorf("on the way down: %v", down)
	}
	few.stop()
	t.Logf("replicas %v", seen.all())
	for _, c := range []*clients{most, few} {
		t.Logf("%d answered right, %d sent again (no connection or 503: not accepted)", c.right.Load(), c.again.Load())
	}
}

// takeAway kills the leading manager and then has the API server stand still.
func takeAway(t *testing.T) {
	t.Helper()
	leader := &corev1.Pod{}
	if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: managerNamespace, Name: leaderPod(t)}, leader); err != nil {
		t.Fatalf("get the leading manager: %v", err)
	}
	if err := k8s.Delete(t.Context(), leader, client.GracePeriodSeconds(0)); err != nil {
		t.Fatalf("kill the leading manager: %v", err)
	}
	NewWithT(t).Eventually(func() error {
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(leader.Status.PodIP, "8443"), time.Second)
		if err == nil {
			conn.Close()
		}
		return err
	}, noticed, 100*time.Millisecond).Should(HaveOccurred(), "the leading manager is gone")

	content, err := os.ReadFile(filepath.Join(layout.Records(), "kube-apiserver.json"))
	if err != nil {
		t.Fatalf("find the API server; this needs the local cluster: %v", err)
	}
	var record process.Record
	if err := json.Unmarshal(content, &record); err != nil {
		t.Fatalf("find the API server: %v", err)
	}
	if err := syscall.Kill(record.PID, syscall.SIGSTOP); err != nil {
		t.Fatalf("stop the API server: %v", err)
	}
	<-time.After(outage)
	if err := syscall.Kill(record.PID, syscall.SIGCONT); err != nil {
		t.Fatalf("continue the API server: %v", err)
	}
	t.Logf("the API server stood still for %s", outage)
}

// clients submit one after the other, so many at a time.
type clients struct {
	right, again atomic.Int64
	stop         func()
}

func startClients(t *testing.T, url string, count int) *clients {
	c := &clients{}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range count {
		all.Go(func() {
			for ctx.Err() == nil {
				c.submit(t, url)
			}
		})
	}
	c.stop = func() {
		cancel()
		all.Wait()
	}
	t.Cleanup(c.stop)
	return c
}

// submit sends until one is accepted and wants it answered, and right. What was not accepted, for want of a connection or with a 503,
// is the client's to send again.
func (c *clients) submit(t *testing.T, url string) {
	pause := time.NewTicker(200 * time.Millisecond)
	defer pause.Stop()
	for {
		status, verdict, err := exchange(t, url, func() {})
		var connecting *net.OpError
		switch {
		case errors.As(err, &connecting) && connecting.Op == "dial" || status == http.StatusServiceUnavailable:
			c.again.Add(1)
			<-pause.C
			continue
		case err != nil:
			t.Errorf("submission lost: %v", err)
		case verdict != api.OK:
			t.Errorf("submission answered %d, %q", status, verdict)
		default:
			c.right.Add(1)
		}
		return
	}
}

func (r *recording) last() step {
	all := r.all()
	return all[len(all)-1]
}

func (r *recording) wait(t *testing.T, what string, want func([]step) bool) {
	t.Helper()
	NewWithT(t).Eventually(func() bool { return want(r.all()) }, settled, 50*time.Millisecond).Should(BeTrue(), what)
}
