package resources

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"executorpool.dev/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the golden files")

func TestObjectsMatchGolden(t *testing.T) {
	p := pool()
	deployment, err := Deployment(p, "registry.test/executor:1", 3)
	if err != nil {
		t.Fatal(err)
	}
	daemonSet, err := DaemonSet(p, "registry.test/executor:1")
	if err != nil {
		t.Fatal(err)
	}
	job, err := Job(p, "registry.test/executor:1", "placeholder", 9)
	if err != nil {
		t.Fatal(err)
	}
	for file, object := range map[string]any{
		"job.yaml":                 job,
		"daemonset.yaml":           daemonSet,
		"deployment.yaml":          deployment,
		"service.yaml":             Service(p),
		"serviceaccount.yaml":      ServiceAccount(p),
		"networkpolicy.yaml":       NetworkPolicy(p),
		"poddisruptionbudget.yaml": PodDisruptionBudget(p),
	} {
		t.Run(file, func(t *testing.T) {
			got, err := yaml.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (go test ./controllers/resources -update writes it)", err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("-golden +rendered:\n%s", diff)
			}
		})
	}
}

func TestPodPassesRestricted(t *testing.T) {
	deployment, err := Deployment(pool(), "registry.test/executor:1", 1)
	if err != nil {
		t.Fatal(err)
	}
	daemonSet, err := DaemonSet(pool(), "registry.test/executor:1")
	if err != nil {
		t.Fatal(err)
	}
	job, err := Job(pool(), "registry.test/executor:1", "placeholder", 1)
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for name, rendered := range map[string]any{"replica": deployment.Spec.Template, "image pull": daemonSet.Spec.Template, "placeholder": job.Spec.Template} {
		var template corev1.PodTemplateSpec
		if err := convert(rendered, &template); err != nil {
			t.Fatal(err)
		}
		for _, result := range evaluator.EvaluatePod(restricted, &template.ObjectMeta, &template.Spec) {
			if !result.Allowed {
				t.Errorf("%s: %s: %s", name, result.ForbiddenReason, result.ForbiddenDetail)
			}
		}
	}
}

// TestRenderingIsDeterministic renders the same pool repeatedly. The order of maps could differ.
func TestRenderingIsDeterministic(t *testing.T) {
	first := render(t, pool())
	for range 20 {
		if !bytes.Equal(first, render(t, pool())) {
			t.Fatal("the same pool rendered differently")
		}
	}
}

func TestSpreadConstraintWithoutSelectorGetsPools(t *testing.T) {
	own := &metav1.LabelSelector{MatchLabels: map[string]string{"team": "a"}}
	p := pool()
	p.Spec.Scheduling.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{
		{MaxSkew: 1, TopologyKey: "zone", WhenUnsatisfiable: corev1.ScheduleAnyway},
		{MaxSkew: 1, TopologyKey: "host", WhenUnsatisfiable: corev1.DoNotSchedule, LabelSelector: own},
	}
	deployment, err := Deployment(p, "registry.test/executor:1", 1)
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]string
	for _, c := range deployment.Spec.Template.Spec.TopologySpreadConstraints {
		got = append(got, c.LabelSelector.MatchLabels)
	}
	if diff := cmp.Diff([]map[string]string{Selector(p), own.MatchLabels}, got); diff != "" {
		t.Errorf("selectors (-want +got):\n%s", diff)
	}
}

func render(t *testing.T, p *v1alpha1.ExecutorPool) []byte {
	t.Helper()
	deployment, err := Deployment(p, Image(p, "registry.test/executor:1"), *p.Spec.Replicas)
	if err != nil {
		t.Fatal(err)
	}
	daemonSet, err := DaemonSet(p, Image(p, "registry.test/executor:1"))
	if err != nil {
		t.Fatal(err)
	}
	data, err := yaml.Marshal([]any{deployment, daemonSet, Service(p), ServiceAccount(p), NetworkPolicy(p), PodDisruptionBudget(p)})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
