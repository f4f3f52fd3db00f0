package install

import (
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"executorpool.dev/api/v1alpha1"
)

const crdName = "executorpools.executorpool.dev"

// TestUpgradeReachesCRD installs the chart, upgrades to a chart whose CRD has one more field, and
// uninstalls it. Pools must survive both.
func TestUpgradeReachesCRD(t *testing.T) {
	helm := func(args ...string) string {
		return mustTool(t, "helm", append(args, "--kubeconfig", kubeconfig, "--namespace", namespace)...)
	}
	// The CRD must be installed by the chart and by nothing before it.
	removeCRDs(t)
	helm("upgrade", "--install", release, chart, "--create-namespace",
		"--set", "image.repository=executorpool/manager", "--set", "image.tag=dev", "--set", "executorImage=executorpool/executor:dev")
	if err := envtest.WaitForCRDs(restConfig, []*apiextensionsv1.CustomResourceDefinition{crdOf(t)}, envtest.CRDInstallOptions{}); err != nil {
		t.Fatalf("the installed CRD is not served: %v", err)
	}
	manager := types.NamespacedName{Namespace: namespace, Name: "executorpool-manager"}
	var deployment appsv1.Deployment
	if err := cluster.Get(t.Context(), manager, &deployment); err != nil {
		t.Fatalf("the chart installed no manager: %v", err)
	}
	if got, want := deployment.Spec.Template.Spec.Containers[0].Image, "executorpool/manager:dev"; got != want {
		t.Errorf("manager runs image %s, want %s", got, want)
	}
	pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: "outlives"}}
	if err := cluster.Create(t.Context(), pool); err != nil {
		t.Fatalf("create a pool: %v", err)
	}

	if specOf(crdOf(t)).Properties["motto"].Type != "" {
		t.Fatal("the API has the field that the test wants to add")
	}
	mustTool(t, "helm", "upgrade", release, chartWithField(t, "motto"), "--reuse-values",
		"--kubeconfig", kubeconfig, "--namespace", namespace)
	if got := specOf(crdOf(t)).Properties["motto"].Type; got != "string" {
		t.Errorf("after the upgrade spec.motto has type %q in the cluster, want string: the CRD was not upgraded", got)
	}

	helm("uninstall", release)
	if err := cluster.Get(t.Context(), manager, &deployment); !apierrors.IsNotFound(err) {
		t.Errorf("after uninstalling, getting the manager gives %v, want not found", err)
	}
	if err := cluster.Get(t.Context(), client.ObjectKeyFromObject(pool), pool); err != nil {
		t.Errorf("the pool did not outlive the chart: %v", err)
	}
}

// chartWithField returns a copy of the chart whose CRD has one more field.
func chartWithField(t *testing.T, field string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(chart)); err != nil {
		t.Fatalf("copy the chart: %v", err)
	}
	path := filepath.Join(folder, "files", "crds", "executorpool.dev_executorpools.yaml")
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict([]byte(read(t, path)), &crd); err != nil {
		t.Fatalf("read the chart's CRD: %v", err)
	}
	specOf(&crd).Properties[field] = apiextensionsv1.JSONSchemaProps{Type: "string", Description: field + " is new."}
	content, err := yaml.Marshal(crd)
	if err != nil {
		t.Fatalf("write the chart's CRD: %v", err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatalf("write %s: %v", path, err)
	}
	return folder
}

func specOf(crd *apiextensionsv1.CustomResourceDefinition) apiextensionsv1.JSONSchemaProps {
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
}

func crdOf(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := cluster.Get(t.Context(), types.NamespacedName{Name: crdName}, crd); err != nil {
		t.Fatalf("get the CRD: %v", err)
	}
	return crd
}

// installCRDs installs the CRDs, whether or not the chart has installed them before.
func installCRDs(t *testing.T) {
	t.Helper()
	if _, err := envtest.InstallCRDs(restConfig, envtest.CRDInstallOptions{Paths: []string{filepath.Join(config, "crd", "bases")}}); err != nil {
		t.Fatalf("install the CRDs: %v", err)
	}
}

func removeCRDs(t *testing.T) {
	t.Helper()
	if err := envtest.UninstallCRDs(restConfig, envtest.CRDInstallOptions{Paths: []string{filepath.Join(config, "crd", "bases")}}); err != nil {
		t.Fatalf("remove the CRDs: %v", err)
	}
}
