package install

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	psa "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/resources"
)

func TestManagerPodRestricted(t *testing.T) {
	for name, rendered := range map[string]objects{
		"chart":                  renderChart(t),
		"chart with certificate": renderChart(t, "--set", "metrics.tlsSecretName=metrics-certificate"),
		"kustomize":              renderKustomize(t, filepath.Join(config, "default")),
	} {
		t.Run(name, func(t *testing.T) {
			manager := typed(t, rendered, "Deployment "+namespace+"/executorpool-manager", &appsv1.Deployment{})
			requireRestricted(t, manager.Spec.Template)
		})
	}
}

// TestSamplePodsRestricted checks the pods of the samples. The API server sets the defaults of the
// samples; the pods are those that the project's controllers and the Job controller create.
func TestSamplePodsRestricted(t *testing.T) {
	installCRDs(t)
	pools, jobs := 0, 0
	paths, err := filepath.Glob(filepath.Join(config, "samples", "*.yaml"))
	if err != nil {
		t.Fatalf("list the samples: %v", err)
	}
	for _, path := range paths {
		for key, object := range parse(t, read(t, path)) {
			t.Run(filepath.Base(path)+" "+key, func(t *testing.T) {
				rendered := objects{key: object}
				switch object.GetKind() {
				case "ExecutorPool":
					pools++
					pool := typed(t, rendered, key, &v1alpha1.ExecutorPool{})
					pool.Namespace = metav1.NamespaceDefault
					strict := client.WithFieldValidation(cluster, metav1.FieldValidationStrict)
					if err := strict.Create(t.Context(), pool, client.DryRunAll); err != nil {
						t.Fatalf("the API server rejects the sample: %v", err)
					}
					requireRestricted(t, executorPod(t, pool))
				case "Job":
					jobs++
					requireRestricted(t, typed(t, rendered, key, &batchv1.Job{}).Spec.Template)
				}
			})
		}
	}
	if pools < 2 || jobs < 1 {
		t.Errorf("found %d pools and %d jobs among the samples, want at least 2 and 1", pools, jobs)
	}
}

// TestUnrestrictedPodFound proves that the check fails for a pod without restrictions.
func TestUnrestrictedPodFound(t *testing.T) {
	manager := typed(t, renderChart(t), "Deployment "+namespace+"/executorpool-manager", &appsv1.Deployment{})
	manager.Spec.Template.Spec.SecurityContext.RunAsNonRoot = nil
	if verdict := restricted(t, manager.Spec.Template); verdict == "" {
		t.Error("a pod that may run as root passes for restricted")
	}
}

func executorPod(t *testing.T, pool *v1alpha1.ExecutorPool) corev1.PodTemplateSpec {
	t.Helper()
	rendered, err := resources.Deployment(pool, resources.Image(pool, "executorpool/executor:dev"), *pool.Spec.Replicas)
	if err != nil {
		t.Fatalf("render the pool's Deployment: %v", err)
	}
	content, err := json.Marshal(rendered)
	if err != nil {
		t.Fatalf("write the Deployment: %v", err)
	}
	var deployment appsv1.Deployment
	if err := json.Unmarshal(content, &deployment); err != nil {
		t.Fatalf("read the Deployment: %v", err)
	}
	return deployment.Spec.Template
}

func requireRestricted(t *testing.T, pod corev1.PodTemplateSpec) {
	t.Helper()
	if verdict := restricted(t, pod); verdict != "" {
		t.Errorf("the restricted Pod Security Standard rejects the pod: %s", verdict)
	}
}

// restricted returns the reason for which the latest restricted Pod Security Standard rejects the
// pod, or "".
func restricted(t *testing.T, pod corev1.PodTemplateSpec) string {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatalf("make the PodSecurity evaluator: %v", err)
	}
	level := psa.LevelVersion{Level: psa.LevelRestricted, Version: psa.LatestVersion()}
	var reasons []string
	for _, result := range evaluator.EvaluatePod(level, &pod.ObjectMeta, &pod.Spec) {
		if !result.Allowed {
			reasons = append(reasons, result.ForbiddenReason+": "+result.ForbiddenDetail)
		}
	}
	return strings.Join(reasons, "; ")
}
