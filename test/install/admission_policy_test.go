package install

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/resources"
)

// poolObjects returns the objects that the manager writes for a pool, by kind.
func poolObjects(t *testing.T, pool *v1alpha1.ExecutorPool) map[string]map[string]any {
	t.Helper()
	deployment, err := resources.Deployment(pool, "executor:1", 1)
	if err != nil {
		t.Fatal(err)
	}
	set, err := resources.DaemonSet(pool, "executor:1")
	if err != nil {
		t.Fatal(err)
	}
	job, err := resources.Job(pool, "executor:1", "placeholder", 2)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]map[string]any{}
	for _, object := range []any{resources.ServiceAccount(pool), resources.NetworkPolicy(pool), resources.Service(pool),
		resources.PodDisruptionBudget(pool), deployment, set, job} {
		encoded, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		content := &unstructured.Unstructured{}
		if err := content.UnmarshalJSON(encoded); err != nil {
			t.Fatal(err)
		}
		objects[content.GetKind()] = content.Object
	}
	return objects
}

// TestAdmissionPolicyHoldsManager installs the chart, and writes with the manager's account what
// the manager writes, and what it never does. The second run, without the policy, shows that RBAC
// allows all of it.
func TestAdmissionPolicyHoldsManager(t *testing.T) {
	for _, name := range []string{namespace, "contest-a"} {
		ensureNamespace(t, name)
	}
	for name, enabled := range map[string]string{"with the policy": "auto", "without it": "false"} {
		t.Run(name, func(t *testing.T) {
			removeCRDs(t)
			at := []string{"--kubeconfig", kubeconfig, "--namespace", namespace}
			mustTool(t, "helm", append([]string{"install", release, chart, "--set", "admissionPolicy.enabled=" + enabled}, at...)...)
			defer mustTool(t, "helm", append([]string{"uninstall", release}, at...)...)
			pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: "contest-a", Name: "finals"}}
			if err := cluster.Create(t.Context(), pool); err != nil {
				t.Fatal(err)
			}
			account, objects := asManager(t), poolObjects(t, pool)
			create := func(row policyRow) error {
				object := (&unstructured.Unstructured{Object: objects[row.object]}).DeepCopy()
				if row.change != nil {
					row.change(object.Object)
				}
				return account.Create(t.Context(), object, client.DryRunAll)
			}
			if enabled == "auto" {
				awaitPolicy(t, func() error { return create(policyRows["foreign account"]) })
			}
			for name, row := range policyRows {
				checkDenied(t, name, create(row), row.denied, enabled == "auto")
			}
			checkForeignObjects(t, account, objects, enabled == "auto")
		})
	}
}

// awaitPolicy waits until the policy denies a write: the API server compiles a new policy within
// seconds.
func awaitPolicy(t *testing.T, write func() error) {
	t.Helper()
	gomega.NewWithT(t).Eventually(write).WithTimeout(time.Minute).
		Should(gomega.MatchError(gomega.ContainSubstring("ValidatingAdmissionPolicy")))
}

// checkDenied checks that the policy denies a write with a message; that the write is allowed if
// the message is empty or the policy is off.
func checkDenied(t *testing.T, name string, err error, message string, policy bool) {
	t.Helper()
	switch {
	case message == "" || !policy:
		if err != nil {
			t.Errorf("%s: %v, want that it is allowed", name, err)
		}
	case err == nil || !strings.Contains(err.Error(), "ValidatingAdmissionPolicy") || !strings.Contains(err.Error(), message):
		t.Errorf("%s: %v, want that the policy denies it: %s", name, err, message)
	}
}

// checkForeignObjects changes and deletes objects that belong to no pool, as the manager's account.
func checkForeignObjects(t *testing.T, account client.Client, objects map[string]map[string]any, policy bool) {
	t.Helper()
	foreign := (&unstructured.Unstructured{Object: objects["DaemonSet"]}).DeepCopy()
	foreign.SetOwnerReferences(nil)
	foreign.SetLabels(nil)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "contest-a", Name: "foreign"}}
	pod.Spec.Containers = []corev1.Container{{Name: "a", Image: "bank:1"}}
	own := pod.DeepCopy()
	own.Name, own.Labels = "own", resources.ManagedBy()
	for _, object := range []client.Object{foreign, pod, own} {
		if err := cluster.Create(t.Context(), object); err != nil {
			t.Fatalf("create %s: %v", object.GetName(), err)
		}
		defer func() {
			if err := cluster.Delete(t.Context(), object, client.GracePeriodSeconds(0)); err != nil {
				t.Errorf("delete %s: %v", object.GetName(), err)
			}
		}()
	}
	patch := func(object client.Object, text string) error {
		copied := object.DeepCopyObject().(client.Object)
		return account.Patch(t.Context(), copied, client.RawPatch(types.MergePatchType, []byte(text)), client.DryRunAll)
	}
	const cost = `{"metadata":{"annotations":{"controller.kubernetes.io/pod-deletion-cost":"-100"}}}`
	for name, tc := range map[string]struct {
		err    error
		denied string
	}{
		"the cost of an own pod":     {patch(own, cost), ""},
		"the image of an own pod":    {patch(own, `{"spec":{"containers":[{"name":"a","image":"evil:1"}]}}`), "only annotations of pods"},
		"the labels of an own pod":   {patch(own, `{"metadata":{"labels":{"app":"bank"}}}`), "only annotations of pods"},
		"the cost of another pod":    {patch(pod, cost), "no object of others"},
		"an own shape over a set":    {patch(foreign, ownShape(t, objects["DaemonSet"])), "no object of others"},
		"the deletion of such a set": {account.Delete(t.Context(), foreign.DeepCopy(), client.DryRunAll), "only objects that a pool"},
	} {
		checkDenied(t, name, tc.err, tc.denied, policy)
	}
}

// ownShape returns a patch that makes an object one of the pool.
func ownShape(t *testing.T, object map[string]any) string {
	t.Helper()
	metadata := object["metadata"].(map[string]any)
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"labels": metadata["labels"], "ownerReferences": metadata["ownerReferences"],
	}})
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}

// asManager returns a client with the name and the groups of the manager's account.
func asManager(t *testing.T) client.Client {
	t.Helper()
	config := rest.CopyConfig(restConfig)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "system:serviceaccount:" + namespace + ":executorpool-manager",
		Groups:   []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace, "system:authenticated"},
	}
	config.QPS, config.Burst = 200, 400
	account, err := client.New(config, client.Options{Scheme: cluster.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return account
}
