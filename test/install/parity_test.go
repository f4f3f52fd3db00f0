package install

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChartEqualsKustomize compares the objects of the chart and of kustomize. They may differ in
// the labels that name the installer, and in the Namespace, which Helm creates with
// --create-namespace.
func TestChartEqualsKustomize(t *testing.T) {
	tests := map[string]struct {
		folder string
		values []string
		// atLeast is the lowest number of objects.
		atLeast int
	}{
		"default": {folder: filepath.Join(config, "default"), atLeast: 10},
		"admission policy": {
			folder: filepath.Join(config, "admission-policy"), atLeast: 2,
			values: []string{"--show-only", "templates/admission_policy.yaml",
				"--api-versions", "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"},
		},
		"optional components": {
			folder: withComponents(t), atLeast: 10,
			values: []string{"--set", "networkPolicy.enabled=true", "--set", "serviceMonitor.enabled=true",
				"--set", "podMonitor.enabled=true", "--set", "prometheusRule.enabled=true", "--set", "dashboard.enabled=true"},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			fromChart, fromKustomize := normal(renderChart(t, tc.values...)), normal(renderKustomize(t, tc.folder))
			delete(fromKustomize, "Namespace /"+namespace)
			if len(fromChart) < tc.atLeast {
				t.Errorf("the chart renders %d objects, want at least %d", len(fromChart), tc.atLeast)
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(fromKustomize)), slices.Sorted(maps.Keys(fromChart))); diff != "" {
				t.Errorf("objects of kustomize (-) and chart (+):\n%s", diff)
			}
			for key, want := range fromKustomize {
				if diff := cmp.Diff(want, fromChart[key]); diff != "" {
					t.Errorf("%s of kustomize (-) and chart (+):\n%s", key, diff)
				}
			}
		})
	}
}

// TestChartFilesCurrent compares the chart's copies of files with their sources.
func TestChartFilesCurrent(t *testing.T) {
	sources := map[string]string{"crds": "crd/bases", "rbac": "rbac", "dashboards": "grafana", "admission-policy": "admission-policy"}
	for folder, source := range sources {
		copies, err := filepath.Glob(filepath.Join(chart, "files", folder, "*.*"))
		if err != nil || len(copies) == 0 {
			t.Fatalf("the chart has no files/%s: %v", folder, err)
		}
		for _, path := range copies {
			got, want := read(t, path), read(t, filepath.Join(config, source, filepath.Base(path)))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s differs from config/%s, run `make generate`:\n%s", path, source, diff)
			}
		}
	}
	kinds, err := filepath.Glob(filepath.Join(config, "crd", "bases", "*.yaml"))
	if err != nil {
		t.Fatalf("list the CRDs: %v", err)
	}
	for _, path := range kinds {
		read(t, filepath.Join(chart, "files", "crds", filepath.Base(path)))
	}
}

// withComponents returns a copy of config in which the default kustomization includes its optional
// components.
func withComponents(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, os.DirFS(config)); err != nil {
		t.Fatalf("copy config: %v", err)
	}
	path := filepath.Join(folder, "default", "kustomization.yaml")
	content := read(t, path)
	for _, line := range []string{"components:", "- ../network-policy", "- ../prometheus", "- ../grafana"} {
		if !strings.Contains(content, "# "+line) {
			t.Fatalf("config/default/kustomization.yaml has no %q to switch on", "# "+line)
		}
		content = strings.Replace(content, "# "+line, line, 1)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatalf("switch the components on: %v", err)
	}
	return filepath.Join(folder, "default")
}

// normal removes the labels and annotations that name the installer.
func normal(from objects) map[string]map[string]any {
	stripped := map[string]map[string]any{}
	for key, object := range from {
		labels := object.GetLabels()
		for _, name := range []string{"app.kubernetes.io/managed-by", "app.kubernetes.io/version", "helm.sh/chart"} {
			delete(labels, name)
		}
		object.SetLabels(labels)
		annotations := object.GetAnnotations()
		delete(annotations, "helm.sh/resource-policy")
		object.SetAnnotations(annotations)
		stripped[key] = object.Object
	}
	return stripped
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return string(content)
}
