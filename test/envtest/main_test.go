package envtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/manager"
)

const (
	systemNamespace = "executorpool-system"
	executorImage   = "registry.test/executor:1"
)

var (
	environment *envtest.Environment
	adminConfig *rest.Config
	// managerConfig is the client configuration of the user with the generated roles.
	managerConfig *rest.Config
	admin         client.Client
	executors     = &fleet{}
	shared        *running
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return 0, errors.New("KUBEBUILDER_ASSETS must name the directory with kube-apiserver and etcd: run the tests with " +
			"`make test`, or set it to what `go run ./test/localcluster assets` prints")
	}
	gomega.SetDefaultEventuallyTimeout(20 * time.Second)
	gomega.SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	ctrl.SetLogger(logr.Discard())
	// The tests spend most of their time waiting, so six of them run in parallel even on fewer CPUs.
	flag.Parse()
	if err := flag.Set("test.parallel", "6"); err != nil {
		return 0, err
	}

	environment = &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	if adminConfig, err = environment.Start(); err != nil {
		return 0, fmt.Errorf("start the API server with the CRD: %w", err)
	}
	defer func() {
		if stop := environment.Stop(); stop != nil && err == nil {
			err = fmt.Errorf("stop the API server: %w", stop)
		}
	}()
	adminConfig.QPS, adminConfig.Burst = 1000, 1000

	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return 0, err
	}
	if admin, err = client.New(adminConfig, client.Options{Scheme: scheme}); err != nil {
		return 0, fmt.Errorf("create a client: %w", err)
	}
	ctx := context.Background()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: systemNamespace}}
	if err := admin.Create(ctx, namespace); err != nil {
		return 0, fmt.Errorf("create namespace: %w", err)
	}
	// A contest's conditions report a lack of node capacity as soon as the cluster has a node. This
	// node has the capacity for the contests of all tests.
	if err := addNode(ctx, "large", corev1.ResourceList{"cpu": resource.MustParse("100k"), "memory": resource.MustParse("1Pi"), "pods": resource.MustParse("100k")},
		func(n *corev1.Node) { n.Labels["size"] = "large" }); err != nil {
		return 0, err
	}
	if err := createRoles(ctx); err != nil {
		return 0, err
	}
	if managerConfig, err = user("manager"); err != nil {
		return 0, err
	}
	if err := bindEverywhere(ctx, "manager"); err != nil {
		return 0, err
	}

	shared = start(sharedManagerConfig())
	code = m.Run()
	if err := shared.stop(); err != nil {
		return 0, fmt.Errorf("stop the shared manager: %w", err)
	}
	return code, nil
}

// sharedConfig returns the configuration of the manager that watches all namespaces.
func sharedConfig() manager.Config {
	return manager.Config{
		REST:             rest.CopyConfig(managerConfig),
		Log:              logr.Discard(),
		ExecutorImage:    executorImage,
		NodeCapacity:     true,
		PlaceholderClass: "placeholder",
		Workers:          4,
		LeaderElection: manager.LeaderElection{
			Enabled: true, ID: "shared", Namespace: systemNamespace,
			Lease: 3 * time.Second, Renew: 2 * time.Second, Retry: 200 * time.Millisecond,
		},
		MetricsAddress:  "0",
		ProbeAddress:    "0",
		ShutdownTimeout: 5 * time.Second,
		Dial:            executors.dial,
	}
}

// sharedManagerConfig returns the configuration of the manager that all tests share. Its lease is
// long, so that it does not lose the lease on a busy machine.
func sharedManagerConfig() manager.Config {
	c := sharedConfig()
	c.LeaderElection.Lease, c.LeaderElection.Renew = time.Minute, 40*time.Second
	return c
}

// running is a manager in this process.
type running struct {
	cancel context.CancelFunc
	done   chan error
}

func start(config manager.Config) *running {
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, done: make(chan error, 1)}
	go func() { r.done <- manager.Run(ctx, config) }()
	return r
}

func (r *running) stop() error {
	r.cancel()
	return <-r.done
}

// withoutSharedManager stops the shared manager for the duration of the test, so that only the
// test's own managers run.
func withoutSharedManager(t *testing.T) {
	t.Helper()
	if err := shared.stop(); err != nil {
		t.Fatalf("stop the shared manager: %v", err)
	}
	t.Cleanup(func() { shared = start(sharedManagerConfig()) })
}
