package install

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
)

// TestInstalledManagerWorks runs the manager with the flags of the installed Deployment and with
// only the rights of the installed service account. It must create a pool's Deployment.
func TestInstalledManagerWorks(t *testing.T) {
	program := buildManager(t)
	for name, values := range map[string][]string{
		"all namespaces":  nil,
		"some namespaces": {"--set", "namespaces={contest-a,contest-b}"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, name := range []string{namespace, "contest-a", "contest-b"} {
				ensureNamespace(t, name)
			}
			removeCRDs(t)
			at := []string{"--kubeconfig", kubeconfig, "--namespace", namespace}
			mustTool(t, "helm", append(append([]string{"install", release, chart}, at...), values...)...)
			defer mustTool(t, "helm", append([]string{"uninstall", release}, at...)...)

			var deployment appsv1.Deployment
			if err := cluster.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: "executorpool-manager"}, &deployment); err != nil {
				t.Fatalf("get the installed manager: %v", err)
			}
			stop := startManager(t, program, deployment.Spec.Template.Spec)
			defer stop()

			pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: "contest-b", GenerateName: "finals-"}}
			if err := cluster.Create(t.Context(), pool); err != nil {
				t.Fatalf("create a pool: %v", err)
			}
			g := gomega.NewWithT(t)
			g.Eventually(func() error {
				return cluster.Get(t.Context(), client.ObjectKeyFromObject(pool), &appsv1.Deployment{})
			}).WithTimeout(time.Minute).Should(gomega.Succeed(), "the pool gets its Deployment")
			g.Eventually(func() (int64, error) {
				err := cluster.Get(t.Context(), client.ObjectKeyFromObject(pool), pool)
				return pool.Status.ObservedGeneration, err
			}).WithTimeout(time.Minute).Should(gomega.Equal(pool.Generation), "the manager writes the status of the pool")
		})
	}
}

func buildManager(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "manager")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/manager").CombinedOutput(); err != nil {
		t.Fatalf("build the manager: %v\n%s", err, out)
	}
	return program
}

// startManager runs the command line of the container on this machine. The returned function stops
// the manager and checks that it exits with status 0 and that the API server denied none of its
// requests.
func startManager(t *testing.T, program string, pod corev1.PodSpec) (stop func()) {
	t.Helper()
	// These values depend on the pod: the addresses to listen on, and the namespace.
	args := append([]string{}, pod.Containers[0].Args...)
	for i, arg := range args {
		switch flag, _, _ := strings.Cut(arg, "="); flag {
		case "--metrics-bind-address", "--health-probe-bind-address":
			args[i] = flag + "=127.0.0.1:0"
		}
	}
	command := exec.Command(program, append(args, "--leader-election-namespace="+namespace)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+accountKubeconfig(t, pod.ServiceAccountName))
	log := &lockedBuffer{}
	command.Stdout, command.Stderr = log, log
	if err := command.Start(); err != nil {
		t.Fatalf("start the manager: %v", err)
	}
	return func() {
		if err := command.Process.Signal(syscall.SIGTERM); err != nil {
			t.Errorf("stop the manager: %v", err)
		}
		if err := command.Wait(); err != nil {
			t.Errorf("the manager failed: %v", err)
		}
		if t.Failed() || strings.Contains(log.String(), "forbidden") {
			t.Errorf("the manager's log:\n%s", log)
		}
	}
}

// accountKubeconfig returns the path of a kubeconfig whose user has the rights of the service
// account.
func accountKubeconfig(t *testing.T, account string) string {
	t.Helper()
	admin, err := clientcmd.LoadFromFile(kubeconfig)
	if err != nil {
		t.Fatalf("read the admin's kubeconfig: %v", err)
	}
	for _, user := range admin.AuthInfos {
		user.Impersonate = "system:serviceaccount:" + namespace + ":" + account
		user.ImpersonateGroups = []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"}
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := clientcmd.WriteToFile(*admin, path); err != nil {
		t.Fatalf("write the account's kubeconfig: %v", err)
	}
	return path
}

func ensureNamespace(t *testing.T, name string) {
	t.Helper()
	err := cluster.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatalf("create namespace %s: %v", name, err)
	}
}

// lockedBuffer receives the output of a program while a test reads it.
type lockedBuffer struct {
	mu      sync.Mutex
	content bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.content.String()
}
