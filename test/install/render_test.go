package install

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// objects has rendered objects by "Kind namespace/name".
type objects map[string]*unstructured.Unstructured

func renderChart(t *testing.T, args ...string) objects {
	t.Helper()
	args = append([]string{"template", release, chart, "--namespace", namespace}, args...)
	return parse(t, mustTool(t, "helm", args...))
}

func renderKustomize(t *testing.T, folder string) objects {
	t.Helper()
	return parse(t, mustTool(t, "kubectl", "kustomize", folder))
}

func parse(t *testing.T, manifest string) objects {
	t.Helper()
	parsed := objects{}
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(manifest), 4096)
	for {
		content := map[string]any{}
		err := decoder.Decode(&content)
		if errors.Is(err, io.EOF) {
			return parsed
		}
		if err != nil {
			t.Fatalf("read rendered objects: %v", err)
		}
		if len(content) == 0 {
			continue
		}
		object := &unstructured.Unstructured{Object: content}
		key := fmt.Sprintf("%s %s/%s", object.GetKind(), object.GetNamespace(), object.GetName())
		if _, twice := parsed[key]; twice {
			t.Fatalf("%s is rendered twice", key)
		}
		parsed[key] = object
	}
}

// typed returns the object with the key, converted to the type of into.
func typed[T any](t *testing.T, from objects, key string, into *T) *T {
	t.Helper()
	object, ok := from[key]
	if !ok {
		t.Fatalf("%s is not rendered", key)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, into, true); err != nil {
		t.Fatalf("%s is malformed: %v", key, err)
	}
	return into
}
