package e2e

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/executor/api"
	"executorpool.dev/test/attacks"
	"executorpool.dev/test/localcluster/config"
)

// probed is the maximum time for a pod to start and to probe its tier.
const probed = time.Minute

// TestPodReportsTheTierThatHolds runs a pool's pods under seccomp profiles that deny system calls
// of the sandbox. Each pod must report the tier that still holds. A pod with a tier below the
// minimum must not serve, and the pod and the pool must report the cause.
func TestPodReportsTheTierThatHolds(t *testing.T) {
	ns := newNamespace(t)
	newPool(t, ns, "target", func(s *v1alpha1.ExecutorPoolSpec) {
		s.Workers, s.Threads, s.TimeoutSeconds = 1, 1, 20
		s.Limits = v1alpha1.RunLimits{MemoryMiB: 64, Processes: 64, DiskMiB: 16}
	})
	waitReady(t, ns, "target")
	proved := func(p *v1alpha1.ExecutorPool) bool {
		return conditionIs(p, v1alpha1.ConditionIsolationEnforced, metav1.ConditionTrue)
	}
	waitPool(t, ns, "target", noticed, "the tier that RuntimeDefault leaves", proved)

	tcs := map[string]struct{ profile, tier, why string }{
		"other":    {config.RefuseOther, "Restricted", ""},
		"landlock": {config.RefuseLandlock, "None", "allows no Landlock"},
		"seccomp":  {config.RefuseSeccomp, "None", "load seccomp filter"},
		"both":     {config.RefuseLandlockAndSeccomp, "None", "allows no Landlock"},
	}
	minimums := []v1alpha1.Tier{v1alpha1.TierRestrictedLegacy, v1alpha1.TierNone}
	// All pods start at the same time.
	for name, tc := range tcs {
		for _, minimum := range minimums {
			underProfile(t, ns, name, tc.profile, minimum)
		}
	}
	for name, tc := range tcs {
		for _, minimum := range minimums {
			t.Run(fmt.Sprintf("%s refused, minimum %s", name, minimum), func(t *testing.T) {
				url := podURL(t, ns, replicaSetName(name, minimum))
				serves := tc.tier != "None" || minimum == v1alpha1.TierNone
				executor := executorAt(url, 5*time.Second)
				var readiness *api.Readiness
				NewWithT(t).Eventually(func() (ready bool, err error) {
					readiness, err = executor.Ready(t.Context())
					return err == nil && readiness.Ready, err
				}, probed, 250*time.Millisecond).Should(Equal(serves), func() string { return fmt.Sprintf("%+v", readiness) })
				if readiness.Tier != tc.tier || !strings.Contains(readiness.TierReason, tc.why) {
					t.Errorf("/readyz answers %+v, want tier %s and %q", readiness, tc.tier, tc.why)
				}
				t.Logf("/readyz: %+v", readiness)
				if metrics, err := metrics(url); err != nil || !strings.Contains(metrics, `executor_isolation_tier{tier="`+tc.tier+`"} 1`) {
					t.Errorf("/metrics does not say tier %s (%v)", tc.tier, err)
				}
				e := attacks.Executor{URL: url, Slots: 1, Tier: tc.tier}
				if serves {
					e.CheckTier(t)
					return
				}
				if _, err := e.Execute(t.Context(), api.Request{Language: "c", Source: "x"}); err == nil ||
					!strings.Contains(err.Error(), "isolation") || !strings.Contains(err.Error(), tc.why) {
					t.Errorf("a submission got %v, want 503 with the reason", err)
				}
			})
		}
	}
	pool := waitPool(t, ns, "target", noticed, "the lower tier in the conditions", func(p *v1alpha1.ExecutorPool) bool {
		c := condition(p, v1alpha1.ConditionIsolationEnforced)
		return c.Status == metav1.ConditionFalse && c.Reason == v1alpha1.ReasonTierTooLow && strings.Contains(c.Message, "proved tier None")
	})
	t.Logf("IsolationEnforced: %s", condition(pool, v1alpha1.ConditionIsolationEnforced).Message)
}

func replicaSetName(name string, minimum v1alpha1.Tier) string {
	return "target-" + name + "-" + strings.ToLower(string(minimum))
}

// underProfile creates one more pod of the pool, which differs from the others in its seccomp
// profile and minimum tier. The Deployment does not adopt the pod's ReplicaSet, which has other
// labels. The controller of the pool recognizes the ReplicaSet by its name.
func underProfile(t *testing.T, ns, name, profile string, minimum v1alpha1.Tier) {
	t.Helper()
	deployment := &appsv1.Deployment{}
	if err := k8s.Get(t.Context(), client.ObjectKey{Namespace: ns, Name: "target"}, deployment); err != nil {
		t.Fatalf("get deployment: %v", err)
	}
	name = replicaSetName(name, minimum)
	template := *deployment.Spec.Template.DeepCopy()
	template.Labels["test"] = name
	template.Spec.SecurityContext.SeccompProfile = &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeLocalhost, LocalhostProfile: &profile}
	args := template.Spec.Containers[0].Args
	at := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--minimum-tier=") })
	if at < 0 {
		t.Fatalf("the pool's pods have no argument --minimum-tier: %q", args)
	}
	args[at] = "--minimum-tier=" + string(minimum)
	err := k8s.Create(t.Context(), &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: name},
		Spec:       appsv1.ReplicaSetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"test": name}}, Template: template},
	})
	if err != nil {
		t.Fatalf("create replica set: %v", err)
	}
}

// podURL returns the address of the ReplicaSet's only pod. The test process runs on the cluster's
// node and can connect to pods that are not ready.
func podURL(t *testing.T, ns, replicaSet string) (url string) {
	t.Helper()
	NewWithT(t).Eventually(func() error {
		var pods corev1.PodList
		if err := k8s.List(t.Context(), &pods, client.InNamespace(ns), client.MatchingLabels{"test": replicaSet}); err != nil {
			return err
		}
		if len(pods.Items) != 1 || pods.Items[0].Status.PodIP == "" {
			return fmt.Errorf("replica set %s has %d pods, want one with an address", replicaSet, len(pods.Items))
		}
		url = fmt.Sprintf("http://%s:%d", pods.Items[0].Status.PodIP, executorPort)
		return nil
	}, probed, 100*time.Millisecond).Should(Succeed())
	return url
}

// metrics returns the response of /metrics.
func metrics(url string) (string, error) {
	response, err := (&http.Client{Timeout: 5 * time.Second}).Get(url + api.PathMetrics)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	return string(content), err
}
