package api

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

var (
	config *rest.Config
	// strict rejects unknown fields, as kubectl does by default.
	strict client.Client
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
		return 0, fmt.Errorf("KUBEBUILDER_ASSETS must name the directory with kube-apiserver and etcd: run the tests with `make test`, " +
			"or set it to what `go run ./test/localcluster assets` prints")
	}
	environment := &envtest.Environment{
		CRDDirectoryPaths:     []string{filepath.Join("..", "..", "..", "config", "crd", "bases")},
		ErrorIfCRDPathMissing: true,
	}
	config, err = environment.Start()
	if err != nil {
		return 0, fmt.Errorf("start the API server with the CRD: %w", err)
	}
	defer func() {
		if stop := environment.Stop(); stop != nil && err == nil {
			err = fmt.Errorf("stop the API server: %w", stop)
		}
	}()
	direct, err := client.New(config, client.Options{})
	if err != nil {
		return 0, fmt.Errorf("make a client: %w", err)
	}
	strict = client.WithFieldValidation(direct, "Strict")
	return m.Run(), nil
}

func openAPI(t *testing.T) []byte {
	t.Helper()
	groups, err := discovery.NewDiscoveryClientForConfigOrDie(config).OpenAPIV3().Paths()
	if err != nil {
		t.Fatalf("list the OpenAPI groups: %v", err)
	}
	group, ok := groups["apis/executorpool.dev/v1alpha1"]
	if !ok {
		t.Fatalf("the API server publishes no OpenAPI for executorpool.dev/v1alpha1; it has %d other groups", len(groups))
	}
	schema, err := group.Schema("application/json")
	if err != nil {
		t.Fatalf("read the OpenAPI of executorpool.dev/v1alpha1: %v", err)
	}
	return schema
}
