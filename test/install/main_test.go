package install

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"executorpool.dev/api/v1alpha1"
)

const (
	chart     = "../../charts/executorpool"
	config    = "../../config"
	release   = "executorpool"
	namespace = "executorpool-system"
)

var (
	restConfig *rest.Config
	cluster    client.Client
	// kubeconfig is the path of the cluster admin's kubeconfig.
	kubeconfig string
	// tools is the directory of helm and kubectl.
	tools string
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
	if tools, err = findTools(); err != nil {
		return 0, err
	}
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		return 0, fmt.Errorf("KUBEBUILDER_ASSETS must name the folder with kube-apiserver and etcd: run the tests with `make test`, " +
			"or set it to what `go run ./test/localcluster assets` prints")
	}
	environment := &envtest.Environment{}
	restConfig, err = environment.Start()
	if err != nil {
		return 0, fmt.Errorf("start the API server: %w", err)
	}
	defer func() {
		if stop := environment.Stop(); stop != nil && err == nil {
			err = fmt.Errorf("stop the API server: %w", stop)
		}
	}()
	scratch, err := os.MkdirTemp("", "install")
	if err != nil {
		return 0, fmt.Errorf("make a scratch folder: %w", err)
	}
	defer os.RemoveAll(scratch)

	admin, err := environment.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, nil)
	if err != nil {
		return 0, fmt.Errorf("add the cluster admin: %w", err)
	}
	content, err := admin.KubeConfig()
	if err != nil {
		return 0, fmt.Errorf("make the admin's kubeconfig: %w", err)
	}
	kubeconfig = filepath.Join(scratch, "kubeconfig")
	if err := os.WriteFile(kubeconfig, content, 0o600); err != nil {
		return 0, fmt.Errorf("write the admin's kubeconfig: %w", err)
	}
	// The tests must not use the Helm settings and caches of the current user.
	for _, name := range []string{"HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"} {
		if err := os.Setenv(name, filepath.Join(scratch, name)); err != nil {
			return 0, fmt.Errorf("set %s: %w", name, err)
		}
	}

	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiextensionsv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return 0, fmt.Errorf("register kinds: %w", err)
		}
	}
	cluster, err = client.New(restConfig, client.Options{Scheme: scheme})
	if err != nil {
		return 0, fmt.Errorf("make a client: %w", err)
	}
	return m.Run(), nil
}

func findTools() (string, error) {
	folder := os.Getenv("TOOLS")
	if folder == "" {
		folder = filepath.Join("..", "..", ".cache", "bin")
	}
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("find the tools: %w", err)
	}
	for _, name := range []string{"helm", "kubectl"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return "", fmt.Errorf("%s is not in %s: build it with `make tools`, or set TOOLS to its directory", name, folder)
		}
	}
	return folder, nil
}

// tool runs helm or kubectl and returns its standard output and standard error.
func tool(t *testing.T, name string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(tools, name), args...)
	var out, complaint strings.Builder
	command.Stdout, command.Stderr = &out, &complaint
	err = command.Run()
	return out.String(), complaint.String(), err
}

func mustTool(t *testing.T, name string, args ...string) string {
	t.Helper()
	stdout, stderr, err := tool(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr)
	}
	return stdout
}
