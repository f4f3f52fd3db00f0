package pool

import (
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/sampling"
)

// TestEveryScalingFieldCounts changes each field of spec.scaling, found by reflection, and expects
// another policy or another source. A field that is accepted and ignored fails here.
func TestEveryScalingFieldCounts(t *testing.T) {
	external, err := sampling.NewExternal(&rest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r := &Reconciler{Config: Config{Sources: Sources{Prometheus: sampling.NewPrometheus(nil), External: external}}}
	pool := func() *v1alpha1.ExecutorPool {
		p := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: "contests", Name: "demo"}}
		p.Spec.Scaling = v1alpha1.ScalingSpec{MaxReplicas: 10, TargetWaitSeconds: 5, ScaleDownStabilizationSeconds: 300, Hold: v1alpha1.HoldNone}
		return p
	}
	changes := map[string]func(*v1alpha1.ScalingSpec){
		"MaxReplicas":                   func(s *v1alpha1.ScalingSpec) { s.MaxReplicas++ },
		"TargetWaitSeconds":             func(s *v1alpha1.ScalingSpec) { s.TargetWaitSeconds++ },
		"ScaleDownStabilizationSeconds": func(s *v1alpha1.ScalingSpec) { s.ScaleDownStabilizationSeconds++ },
		"Hold":                          func(s *v1alpha1.ScalingSpec) { s.Hold = v1alpha1.HoldIn },
		"Source.Type": func(s *v1alpha1.ScalingSpec) {
			s.Source = v1alpha1.ScalingSource{Type: v1alpha1.SourceExternal, External: &v1alpha1.ExternalSource{Metric: "waiting"}}
		},
		"Source.Prometheus": func(s *v1alpha1.ScalingSpec) {
			s.Source = v1alpha1.ScalingSource{Type: v1alpha1.SourcePrometheus, Prometheus: &v1alpha1.PrometheusSource{Address: "http://p:9090", Query: "up"}}
		},
		"Source.External": func(s *v1alpha1.ScalingSpec) {
			s.Source = v1alpha1.ScalingSource{Type: v1alpha1.SourceExternal, External: &v1alpha1.ExternalSource{Metric: "queued"}}
		},
	}
	before := pool()
	var walk func(objectKind reflect.Type, path string)
	walk = func(objectKind reflect.Type, path string) {
		for field := range objectKind.Fields() {
			name := path + field.Name
			if field.Type.Kind() == reflect.Struct {
				walk(field.Type, name+".")
				continue
			}
			t.Run(name, func(t *testing.T) {
				change, known := changes[name]
				if !known {
					t.Fatal("this test does not know how to change the field: teach it")
				}
				after := pool()
				change(&after.Spec.Scaling)
				same := policyOf(before.Spec, floor{}) == policyOf(after.Spec, floor{})
				if source := r.pollTargets(after, nil).Source; same && (source == nil || source.Same(r.pollTargets(before, nil).Source)) {
					t.Error("a change of this field changes nothing")
				}
			})
		}
	}
	walk(reflect.TypeFor[v1alpha1.ScalingSpec](), "")
}
