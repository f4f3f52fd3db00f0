package resources

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"executorpool.dev/api/v1alpha1"
)

func TestResourcesDerived(t *testing.T) {
	list := func(pairs ...string) corev1.ResourceList {
		l := corev1.ResourceList{}
		for i := 0; i < len(pairs); i += 2 {
			l[corev1.ResourceName(pairs[i])] = resource.MustParse(pairs[i+1])
		}
		return l
	}
	for name, tc := range map[string]struct {
		change           func(*v1alpha1.ExecutorPoolSpec)
		requests, limits corev1.ResourceList
	}{
		"defaults": {
			change:   func(*v1alpha1.ExecutorPoolSpec) {},
			requests: list("cpu", "800m", "memory", "2208Mi"),
			limits:   list("memory", "6845Mi"),
		},
		"one small slot": {
			change: func(s *v1alpha1.ExecutorPoolSpec) {
				s.Workers, s.Threads, s.Limits.MemoryMiB, s.Limits.DiskMiB = 1, 1, 8, 1
			},
			requests: list("cpu", "100m", "memory", "96Mi"), // 64 + 24 + 8
			limits:   list("memory", "1835Mi"),              // 466 + 57 + 288 + 512 + 512
		},
		"runs larger than compilers": {
			change:   func(s *v1alpha1.ExecutorPoolSpec) { s.Limits.MemoryMiB = 1024 },
			requests: list("cpu", "800m", "memory", "8352Mi"), // 160 + 8192
			limits:   list("memory", "10429Mi"),               // 469 + 360 + 1408 + 8192
		},
		"a value of the spec replaces that value alone": {
			change: func(s *v1alpha1.ExecutorPoolSpec) {
				s.Resources = v1alpha1.ContainerResources{Requests: list("cpu", "50m"), Limits: list("cpu", "2")}
			},
			requests: list("cpu", "50m", "memory", "2208Mi"),
			limits:   list("cpu", "2", "memory", "6845Mi"),
		},
		"a derived request stays below the limit of the spec": {
			change:   func(s *v1alpha1.ExecutorPoolSpec) { s.Resources.Limits = list("memory", "2176Mi", "cpu", "500m") },
			requests: list("cpu", "500m", "memory", "2176Mi"),
			limits:   list("cpu", "500m", "memory", "2176Mi"),
		},
		"a derived limit rises to the request of the spec": {
			change:   func(s *v1alpha1.ExecutorPoolSpec) { s.Resources.Requests = list("memory", "8Gi") },
			requests: list("cpu", "800m", "memory", "8Gi"),
			limits:   list("memory", "8Gi"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			spec := pool().Spec
			tc.change(&spec)
			want := corev1.ResourceRequirements{Requests: tc.requests, Limits: tc.limits}
			if diff := cmp.Diff(want, Resources(spec)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestDerivedLimitPassesValidation checks the derived limit against the CEL rule for
// spec.resources.limits.memory: at least workers x threads x memoryMiB + 128Mi.
func TestDerivedLimitPassesValidation(t *testing.T) {
	for _, workers := range []int32{1, 8, 64} {
		for _, memory := range []int32{8, 512, 65536} {
			spec := pool().Spec
			spec.Workers, spec.Limits.MemoryMiB = workers, memory
			limit := Resources(spec).Limits[corev1.ResourceMemory]
			if least := mebibytes(Slots(spec)*int64(memory) + 128); limit.Cmp(least) < 0 {
				t.Errorf("%d workers, %d MiB: limit %s is below %s", workers, memory, &limit, &least)
			}
		}
	}
}
