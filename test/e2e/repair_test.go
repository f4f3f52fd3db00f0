package e2e

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
)

// repaired is the maximum time until an object that was edited or deleted is restored.
const repaired = 10 * time.Second

func ownedKinds() map[string]client.Object {
	return map[string]client.Object{
		"Deployment":          &appsv1.Deployment{},
		"Service":             &corev1.Service{},
		"ServiceAccount":      &corev1.ServiceAccount{},
		"PodDisruptionBudget": &policyv1.PodDisruptionBudget{},
		"NetworkPolicy":       &networkingv1.NetworkPolicy{},
	}
}

func TestOwnedObjectsAreRepaired(t *testing.T) {
	ns := newNamespace(t)
	newPool(t, ns, "owner", func(s *v1alpha1.ExecutorPoolSpec) { s.Replicas = ptr.To[int32](2) })
	waitReady(t, ns, "owner")
	key := client.ObjectKey{Namespace: ns, Name: "owner"}

	for kind, object := range ownedKinds() {
		t.Run("deleted "+kind, func(t *testing.T) {
			if err := k8s.Get(t.Context(), key, object); err != nil {
				t.Fatalf("get: %v", err)
			}
			was := object.GetUID()
			if err := k8s.Delete(t.Context(), object); err != nil {
				t.Fatalf("delete: %v", err)
			}
			NewWithT(t).Eventually(func() (types.UID, error) {
				err := k8s.Get(t.Context(), key, object)
				return object.GetUID(), client.IgnoreNotFound(err)
			}, repaired, 100*time.Millisecond).ShouldNot(BeElementOf(was, types.UID("")))
		})
	}
	waitReady(t, ns, "owner")

	for kind, edit := range map[string]struct {
		patch string
		wrong string
	}{
		"deployment":          {`{"spec":{"replicas":5,"template":{"spec":{"automountServiceAccountToken":true}}}}`, `"automountServiceAccountToken":true`},
		"service":             {`{"spec":{"selector":{"app.kubernetes.io/instance":"elsewhere"}}}`, `elsewhere`},
		"serviceaccount":      {`{"automountServiceAccountToken":true}`, `"automountServiceAccountToken":true`},
		"poddisruptionbudget": {`{"spec":{"maxUnavailable":"100%"}}`, `"maxUnavailable":"100%"`},
		"networkpolicy":       {`{"spec":{"egress":[{}]}}`, `"egress":[{}]`},
	} {
		t.Run("edited "+kind, func(t *testing.T) {
			kubectl(t, "-n", ns, "patch", kind, "owner", "--type=merge", "-p", edit.patch)
			NewWithT(t).Eventually(func() (string, error) {
				return tryKubectl(t.Context(), "-n", ns, "get", kind, "owner", "-o", "json", "--show-managed-fields=false")
			}, repaired, 250*time.Millisecond).ShouldNot(WithTransform(compact, ContainSubstring(edit.wrong)))
		})
	}
	t.Run("deleted pool leaves nothing", func(t *testing.T) {
		kubectl(t, "-n", ns, "delete", "executorpool", "owner", "--wait")
		NewWithT(t).Eventually(func() (string, error) {
			return tryKubectl(t.Context(), "-n", ns, "get", "deployments,replicasets,pods,services,serviceaccounts,poddisruptionbudgets,networkpolicies,endpointslices",
				"-l", "app.kubernetes.io/instance=owner", "-o", "name")
		}, 2*time.Minute, time.Second).Should(BeEmpty())
	})
}

func compact(s string) string {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return s
	}
	return string(b)
}

func TestSecondManagerTakesOver(t *testing.T) {
	ns := newNamespace(t)
	newPool(t, ns, "orphaned", nil)
	waitReady(t, ns, "orphaned")

	leader := leaderPod(t)
	began := time.Now()
	// A grace period of 0 is like a crash: the leader does not release the lease, so the other manager
	// waits until it expires.
	kubectl(t, "-n", managerNamespace, "delete", "pod", leader, "--grace-period=0", "--force")
	kubectl(t, "-n", ns, "scale", "executorpool/orphaned", "--replicas=2")
	waitReady(t, ns, "orphaned")
	if now := leaderPod(t); now == leader {
		t.Errorf("pod %s still leads after its death", leader)
	}
	t.Logf("the pool was scaled and ready %s after its manager died", time.Since(began).Round(time.Second))
}

func leaderPod(t *testing.T) string {
	t.Helper()
	var leases coordinationv1.LeaseList
	if err := k8s.List(t.Context(), &leases, client.InNamespace(managerNamespace)); err != nil || len(leases.Items) != 1 {
		t.Fatalf("want one lease in %s, got %d, %v", managerNamespace, len(leases.Items), err)
	}
	pod, _, _ := strings.Cut(ptr.Deref(leases.Items[0].Spec.HolderIdentity, ""), "_")
	return pod
}

// TestSteadyStateWritesNothing counts the write requests at the API server while nothing changes.
func TestSteadyStateWritesNothing(t *testing.T) {
	ns := newNamespace(t)
	pool := newPool(t, ns, "steady", nil)
	pool = waitReady(t, ns, pool.Name)
	waitPool(t, ns, pool.Name, settled, "metrics sampled", func(p *v1alpha1.ExecutorPool) bool {
		return p.Status.Slots == 4 && conditionIs(p, v1alpha1.ConditionMetricsFresh, "True")
	})
	// Pools of earlier tests that are still being deleted cause writes.
	NewWithT(t).Eventually(func() (string, error) {
		return tryKubectl(t.Context(), "get", "namespaces", "-o", "name", "-l", "pod-security.kubernetes.io/enforce=restricted,"+
			"kubernetes.io/metadata.name notin (contest,"+managerNamespace+","+ns+")")
	}, settled, time.Second).Should(BeEmpty())
	token := metricsToken(t, ns)
	reconciles, writes := countReconciles(t, token), countWrites(t)
	NewWithT(t).Eventually(func() int { return countReconciles(t, token) }, 5*time.Minute, time.Second).
		Should(BeNumerically(">=", reconciles+8), "the manager reconciles by its sampling period")
	if now := countWrites(t); now != writes {
		t.Errorf("%d writes while nothing changed, want none", now-writes)
	}
}

// countWrites counts the write requests that only the manager sends: applies of any kind, and
// writes of pools and their status.
func countWrites(t *testing.T) int {
	return sumMetric(t, apiServerMetrics(t), "apiserver_request_total{", func(labels string) bool {
		apply := strings.Contains(labels, `verb="APPLY"`)
		write := !strings.Contains(labels, `verb="GET"`) && !strings.Contains(labels, `verb="LIST"`) && !strings.Contains(labels, `verb="WATCH"`)
		return apply || write && strings.Contains(labels, `resource="executorpools"`)
	})
}

func countReconciles(t *testing.T, token string) int {
	t.Helper()
	pod := &corev1.Pod{}
	if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: managerNamespace, Name: leaderPod(t)}, pod); err != nil {
		t.Fatalf("get leader: %v", err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+net.JoinHostPort(pod.Status.PodIP, "8443")+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	// The certificate of the manager is self-signed, and the address is that of the manager's pod.
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	response, err := insecure.Do(request)
	if err != nil {
		t.Fatalf("get metrics: %v", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("get metrics: status %d, %v: %s", response.StatusCode, err, body)
	}
	return sumMetric(t, string(body), "controller_runtime_reconcile_total{", func(string) bool { return true })
}

// metricsToken returns the token of an account that may read the manager's metrics, as a Prometheus
// server has.
func metricsToken(t *testing.T, ns string) string {
	t.Helper()
	kubectl(t, "-n", ns, "create", "serviceaccount", "scraper")
	kubectl(t, "create", "clusterrolebinding", ns+"-scraper", "--clusterrole=executorpool-metrics-reader", "--serviceaccount="+ns+":scraper")
	t.Cleanup(func() {
		if _, err := tryKubectl(context.Background(), "delete", "clusterrolebinding", ns+"-scraper"); err != nil {
			t.Error(err)
		}
	})
	return strings.TrimSpace(kubectl(t, "-n", ns, "create", "token", "scraper"))
}

func apiServerMetrics(t *testing.T) string {
	t.Helper()
	raw, err := clientset.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatalf("get the API server's metrics: %v", err)
	}
	return string(raw)
}

func sumMetric(t *testing.T, text, prefix string, want func(labels string) bool) int {
	t.Helper()
	sum := 0.0
	lines := bufio.NewScanner(strings.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, prefix) || !want(line) {
			continue
		}
		var value float64
		if _, err := fmt.Sscanf(line[strings.LastIndexByte(line, ' ')+1:], "%g", &value); err != nil {
			t.Fatalf("metric line %q: %v", line, err)
		}
		sum += value
	}
	return int(sum)
}
