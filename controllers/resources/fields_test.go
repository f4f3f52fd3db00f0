package resources

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"

	"executorpool.dev/api/v1alpha1"
)

// TestEverySpecFieldReachesObjects changes each field of the spec, found by reflection, and
// requires different objects. A field that is accepted and ignored fails.
func TestEverySpecFieldReachesObjects(t *testing.T) {
	before := render(t, pool())
	count := 0
	leaves(reflect.TypeFor[v1alpha1.ExecutorPoolSpec](), nil, "spec", func(path string, index []int) {
		if strings.HasPrefix(path, "spec.Scaling.") {
			return // these fields determine the replicas, which are an argument of Deployment
		}
		if path == "spec.Rollout.DuringContest" {
			return // determines when an object changes, not how
		}
		count++
		t.Run(path, func(t *testing.T) {
			p := pool()
			change(t, reflect.ValueOf(&p.Spec).Elem().FieldByIndex(index))
			if bytes.Equal(before, render(t, p)) {
				t.Error("a change of this field changes no object")
			}
		})
	})
	if count < 25 {
		t.Errorf("found only %d fields", count)
	}
}

// leaves visits the leaf fields of a struct of this API. A struct of Kubernetes counts as one leaf.
func leaves(kind reflect.Type, index []int, path string, visit func(path string, index []int)) {
	for i := range kind.NumField() {
		field := kind.Field(i)
		at := append(index[:len(index):len(index)], i)
		name := path + "." + field.Name
		if field.Type.Kind() == reflect.Struct && field.Type.PkgPath() == kind.PkgPath() {
			leaves(field.Type, at, name, visit)
			continue
		}
		visit(name, at)
	}
}

func change(t *testing.T, field reflect.Value) {
	t.Helper()
	switch value := field.Addr().Interface().(type) {
	case *int32:
		*value++
	case **int32:
		**value++
	case *string:
		*value += "changed"
	case *v1alpha1.Tier:
		*value = v1alpha1.TierNamespaced
	case **intstr.IntOrString:
		*value = new(intstr.FromInt32(7))
	case *corev1.ResourceList:
		*value = corev1.ResourceList{"example.com/device": resource.MustParse("1")}
	case *map[string]string:
		*value = map[string]string{"pool": "contest"}
	case *[]corev1.Toleration:
		*value = []corev1.Toleration{{Key: "contest", Operator: corev1.TolerationOpExists}}
	case **corev1.Affinity:
		*value = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}
	case *[]corev1.TopologySpreadConstraint:
		*value = []corev1.TopologySpreadConstraint{{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.ScheduleAnyway}}
	case *[]corev1.LocalObjectReference:
		*value = []corev1.LocalObjectReference{{Name: "registry"}}
	default:
		t.Fatalf("this test cannot change a %s: add a case", field.Type())
	}
}
