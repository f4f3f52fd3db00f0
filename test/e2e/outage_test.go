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
	executorclient "executorpool.dev/executor/client"
	"executorpool.dev/test/localcluster/layout"
	"executorpool.dev/test/localcluster/process"
)

// outage is the time for which the API server does not run.
const outage = time.Minute

// TestScalingOutlivesOutages kills the leading manager and then stops the API server for a minute:
// once while a pool scales up under load and once while it scales down. The test disturbs
// everything else on the cluster and takes six minutes, so it has a build tag and a make target of
// its own: make outage.
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

	// 40 submissions at a time, each sent after the answer to the one before, keep all slots of 3
	// replicas busy and wait less than the target.
	const need = 3
	most, few := startClients(t, url, 36), startClients(t, url, 4)
	seen.wait(t, "the pool to scale up", func(s []step) bool { return s[len(s)-1].replicas > 2 })
	interruptControlPlane(t)
	// The time is longer than the stabilization window: a new manager without the stored need would
	// scale down in it.
	NewWithT(t).Consistently(func() int32 { return seen.last().replicas }, 40*time.Second, time.Second).Should(BeNumerically(">=", need))
	up := seen.all()
	if !slices.IsSortedFunc(up, func(a, b step) int { return int(a.replicas - b.replicas) }) {
		t.Errorf("during the load: %v", up)
	}

	most.stop()
	dropped := time.Now()
	top := seen.last().replicas
	seen.wait(t, "the pool to scale down", func(s []step) bool { return s[len(s)-1].replicas < top })
	interruptControlPlane(t)
	seen.wait(t, "two replicas", func(s []step) bool { return s[len(s)-1].replicas == 2 })
	down := slices.DeleteFunc(seen.all(), func(s step) bool { return s.at.Before(dropped) })
	if !slices.IsSortedFunc(down, func(a, b step) int { return int(b.replicas - a.replicas) }) {
		t.Errorf("during the scale-down: %v", down)
	}
	few.stop()
	t.Logf("replicas %v", seen.all())
	for _, c := range []*clients{most, few} {
		t.Logf("%d answered right, %d repeated (no connection or 503: not accepted)", c.right.Load(), c.repeated.Load())
	}
}

// interruptControlPlane kills the leading manager, then stops the API server for the time outage.
func interruptControlPlane(t *testing.T) {
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
		t.Fatalf("read the record of the API server, which only the local cluster has: %v", err)
	}
	var record process.Record
	if err := json.Unmarshal(content, &record); err != nil {
		t.Fatalf("decode the record of the API server: %v", err)
	}
	if err := syscall.Kill(record.PID, syscall.SIGSTOP); err != nil {
		t.Fatalf("stop the API server: %v", err)
	}
	<-time.After(outage)
	if err := syscall.Kill(record.PID, syscall.SIGCONT); err != nil {
		t.Fatalf("continue the API server: %v", err)
	}
	t.Logf("the API server was stopped for %s", outage)
}

// clients submit concurrently. Each client sends its next submission after the answer to the last
// one.
type clients struct {
	right, repeated atomic.Int64
	stop            func()
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

// submit repeats a submission until it is accepted or the test has ended, and checks that the
// answer arrives and is right. It repeats only a submission that cannot have been accepted: the
// answer was a 503, or the connection failed before the whole request was sent.
func (c *clients) submit(t *testing.T, url string) {
	pause := time.NewTicker(200 * time.Millisecond)
	defer pause.Stop()
	for t.Context().Err() == nil {
		status, verdict, err := exchange(t, url, func() {})
		failure, failed := errors.AsType[*executorclient.ConnectionError](err)
		switch {
		case failed && !failure.MayBeAccepted || status == http.StatusServiceUnavailable:
			c.repeated.Add(1)
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
