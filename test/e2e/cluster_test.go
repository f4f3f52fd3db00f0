package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
	executorclient "executorpool.dev/executor/client"
)

const (
	managerNamespace = "executorpool-system"
	executorPort     = 8000
	// noticed is the maximum time until the status of a pool reports a fault.
	noticed = 30 * time.Second
	// settled is the maximum time of a rollout or a scale operation on a small machine without other
	// load.
	settled = 3 * time.Minute
)

var (
	k8s       client.Client
	clientset *kubernetes.Clientset
	repo      string
	tools     string
)

func TestMain(m *testing.M) {
	if err := connect(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	// kubectl caches the API resources of an address for hours. Another cluster may have had the same
	// address, so the tests use a cache of their own.
	cache, err := os.MkdirTemp("", "kubectl-")
	if err == nil {
		err = os.Setenv("KUBECACHEDIR", cache)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(cache)
	os.Exit(code)
}

func connect() error {
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		return fmt.Errorf("KUBECONFIG is not set: run make e2e, which brings a cluster up and sets it")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return fmt.Errorf("read KUBECONFIG %s: %w", path, err)
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	if k8s, err = client.New(config, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if clientset, err = kubernetes.NewForConfig(config); err != nil {
		return fmt.Errorf("clientset: %w", err)
	}
	if repo, err = filepath.Abs("../.."); err != nil {
		return err
	}
	if tools = os.Getenv("TOOLS"); tools == "" {
		tools = filepath.Join(repo, ".cache", "bin")
	}
	return nil
}

// kubectl runs the pinned kubectl and returns its output.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := tryKubectl(t.Context(), args...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

func tryKubectl(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(tools, "kubectl"), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("kubectl %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}

// newNamespace creates a namespace that enforces the restricted Pod Security Standard, and deletes
// it when the test ends.
func newNamespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-",
		Labels:       map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
	}}
	if err := k8s.Create(t.Context(), ns); err != nil {
		t.Fatalf("create namespace: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			describe(t, ns.Name)
		}
		if err := k8s.Delete(context.Background(), ns); err != nil {
			t.Errorf("delete namespace %s: %v", ns.Name, err)
		}
	})
	return ns.Name
}

// describe logs the output of the kubectl commands that an admin runs first.
func describe(t *testing.T, ns string) {
	for _, args := range [][]string{
		{"-n", ns, "get", "executorpools,deployments,pods", "-o", "wide"},
		{"-n", ns, "describe", "executorpools"},
		{"-n", ns, "get", "events"},
	} {
		out, err := tryKubectl(context.Background(), args...)
		t.Logf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// newPool creates a small pool with low CPU requests, so that one machine has capacity for several
// pools. change, if not nil, changes the spec first.
func newPool(t *testing.T, ns, name string, change func(*v1alpha1.ExecutorPoolSpec)) *v1alpha1.ExecutorPool {
	t.Helper()
	pool := &v1alpha1.ExecutorPool{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
		Spec: v1alpha1.ExecutorPoolSpec{
			Workers: 2,
			Threads: 2,
			Limits:  v1alpha1.RunLimits{MemoryMiB: 64},
			Resources: v1alpha1.ContainerResources{
				Requests: corev1.ResourceList{corev1.ResourceCPU: quantity("50m"), corev1.ResourceMemory: quantity("128Mi")},
			},
		},
	}
	if change != nil {
		change(&pool.Spec)
	}
	if err := k8s.Create(t.Context(), pool); err != nil {
		t.Fatalf("create pool: %v", err)
	}
	return pool
}

// waitReady waits until all replicas of the pool's current spec are ready.
func waitReady(t *testing.T, ns, name string) *v1alpha1.ExecutorPool {
	t.Helper()
	return waitPool(t, ns, name, settled, "Ready at the present generation", func(p *v1alpha1.ExecutorPool) bool {
		return conditionIs(p, v1alpha1.ConditionReady, metav1.ConditionTrue)
	})
}

// waitPool waits until the pool's status is for its current spec and want returns true.
func waitPool(t *testing.T, ns, name string, within time.Duration, what string, want func(*v1alpha1.ExecutorPool) bool) *v1alpha1.ExecutorPool {
	t.Helper()
	pool := &v1alpha1.ExecutorPool{}
	NewWithT(t).Eventually(func() error {
		if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: name}, pool); err != nil {
			return err
		}
		if pool.Status.ObservedGeneration != pool.Generation || !want(pool) {
			status, err := json.Marshal(pool.Status)
			return fmt.Errorf("pool %s/%s generation %d: %s %w", ns, name, pool.Generation, status, err)
		}
		return nil
	}, within, 250*time.Millisecond).Should(Succeed(), what)
	return pool
}

func condition(pool *v1alpha1.ExecutorPool, kind string) metav1.Condition {
	for _, c := range pool.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return metav1.Condition{}
}

func conditionIs(pool *v1alpha1.ExecutorPool, kind string, status metav1.ConditionStatus) bool {
	c := condition(pool, kind)
	return c.Status == status && c.ObservedGeneration == pool.Generation
}

// serviceURL returns the address of the pool's Service after the Service answers: kube-proxy learns
// of a replica shortly after the pool's status reports it ready. The test process runs on the
// cluster's node and can connect to Services.
func serviceURL(t *testing.T, ns, pool string) string {
	t.Helper()
	service := &corev1.Service{}
	if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: pool}, service); err != nil {
		t.Fatalf("get service: %v", err)
	}
	url := fmt.Sprintf("http://%s:%d", service.Spec.ClusterIP, executorPort)
	executor := executorAt(url, 5*time.Second)
	NewWithT(t).Eventually(func() (bool, error) {
		readiness, err := executor.Ready(t.Context())
		return err == nil && readiness.Ready, err
	}, noticed, 100*time.Millisecond).Should(BeTrue())
	return url
}

// waitPods waits until the namespace has exactly want pods and none of them is being deleted.
func waitPods(t *testing.T, ns string, want int) {
	t.Helper()
	NewWithT(t).Eventually(func() error {
		var pods corev1.PodList
		if err := k8s.List(t.Context(), &pods, client.InNamespace(ns)); err != nil {
			return err
		}
		leaving := 0
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp != nil {
				leaving++
			}
		}
		if len(pods.Items) != want || leaving > 0 {
			return fmt.Errorf("%d pods, %d of them leaving; want %d", len(pods.Items), leaving, want)
		}
		return nil
	}, settled, 250*time.Millisecond).Should(Succeed())
}

// execute submits one program over a connection of its own and returns its result.
func execute(t *testing.T, url string, request api.Request) api.Result {
	t.Helper()
	result, err := executorAt(url, 2*time.Minute).Execute(t.Context(), &request)
	if err != nil {
		t.Fatalf("submit: %v", err)
	}
	return *result
}

// executorAt returns a client with a new connection for each request, because a Service balances
// connections and not requests.
func executorAt(url string, timeout time.Duration) *executorclient.Client {
	transport := executorclient.NewTransport()
	transport.DisableKeepAlives = true
	c, err := executorclient.New(url, executorclient.WithHTTPClient(&http.Client{Transport: transport, Timeout: timeout}))
	if err != nil {
		panic(err) // the URL of a Service or a pod is always valid
	}
	return c
}
