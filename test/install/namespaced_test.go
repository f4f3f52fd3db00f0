package install

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
)

// TestNamespacedModeNeedsNoClusterRights renders the chart for two namespaces. In these the manager
// must have the rights of the generated ClusterRole, except those for nodes, which have no
// namespace. In the whole cluster it may only review the tokens and rights of its clients.
func TestNamespacedModeNeedsNoClusterRights(t *testing.T) {
	everywhere := typed(t, renderChart(t), "ClusterRole /executorpool-manager", &rbacv1.ClusterRole{}).Rules
	rendered := renderChart(t, "--set", "namespaces={contest-a,contest-b}")

	var want, reviews []rbacv1.PolicyRule
	for _, rule := range everywhere {
		switch {
		case slices.Contains(rule.APIGroups, "authentication.k8s.io") || slices.Contains(rule.APIGroups, "authorization.k8s.io"):
			reviews = append(reviews, rule)
		default:
			want = append(want, withoutNodes(rule))
		}
	}
	if len(want) == 0 || len(reviews) == 0 {
		t.Fatalf("the ClusterRole has %d rules for pools and %d for reviews, want some of each", len(want), len(reviews))
	}
	account := []rbacv1.Subject{{Kind: "ServiceAccount", Name: "executorpool-manager", Namespace: namespace}}
	for _, name := range []string{"contest-a", "contest-b"} {
		if diff := cmp.Diff(want, typed(t, rendered, "Role "+name+"/executorpool-pools", &rbacv1.Role{}).Rules); diff != "" {
			t.Errorf("rules in %s (-want +got):\n%s", name, diff)
		}
		binding := typed(t, rendered, "RoleBinding "+name+"/executorpool-pools", &rbacv1.RoleBinding{})
		if diff := cmp.Diff(account, binding.Subjects); diff != "" {
			t.Errorf("subjects in %s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(reviews, typed(t, rendered, "ClusterRole /executorpool-manager", &rbacv1.ClusterRole{}).Rules); diff != "" {
		t.Errorf("rules of the ClusterRole (-want +got):\n%s", diff)
	}
	manager := typed(t, rendered, "Deployment "+namespace+"/executorpool-manager", &appsv1.Deployment{})
	if args := manager.Spec.Template.Spec.Containers[0].Args; !slices.Contains(args, "--namespaces=contest-a,contest-b") {
		t.Errorf("manager is started with %v, want --namespaces=contest-a,contest-b among them", args)
	}
}

func withoutNodes(rule rbacv1.PolicyRule) rbacv1.PolicyRule {
	rule.Resources = slices.DeleteFunc(slices.Clone(rule.Resources), func(r string) bool { return r == "nodes" })
	return rule
}

// TestNodesListedOnlyIfEnabled checks that listing nodes is the manager's only right outside of
// its namespaces, and that it has no such right if the value is off.
func TestNodesListedOnlyIfEnabled(t *testing.T) {
	everywhere := typed(t, renderChart(t), "ClusterRole /executorpool-manager", &rbacv1.ClusterRole{}).Rules
	var want []rbacv1.PolicyRule
	granted := false
	for _, rule := range everywhere {
		if slices.Contains(rule.Resources, "nodes") {
			granted = true
			if diff := cmp.Diff([]string{"list"}, rule.Verbs); diff != "" {
				t.Errorf("verbs on nodes (-want +got):\n%s", diff)
			}
		}
		want = append(want, withoutNodes(rule))
	}
	if !granted {
		t.Error("the ClusterRole does not let the manager list nodes")
	}
	off := renderChart(t, "--set", "nodeCapacity=false")
	if diff := cmp.Diff(want, typed(t, off, "ClusterRole /executorpool-manager", &rbacv1.ClusterRole{}).Rules); diff != "" {
		t.Errorf("rules with nodeCapacity=false (-want +got):\n%s", diff)
	}
	manager := typed(t, off, "Deployment "+namespace+"/executorpool-manager", &appsv1.Deployment{})
	if args := manager.Spec.Template.Spec.Containers[0].Args; !slices.Contains(args, "--no-node-capacity") {
		t.Errorf("manager is started with %v, want --no-node-capacity among them", args)
	}
}

// TestPlaceholdersHavePriorityClass compares the manager's flag with the PriorityClass that the
// chart creates.
func TestPlaceholdersHavePriorityClass(t *testing.T) {
	if _, there := renderChart(t)["PriorityClass /executorpool-placeholder"]; there {
		t.Error("there is a PriorityClass though placeholders are off")
	}
	on := renderChart(t, "--set", "placeholders.enabled=true")
	class := typed(t, on, "PriorityClass /executorpool-placeholder", &schedulingv1.PriorityClass{})
	if class.Value != -10 || class.GlobalDefault || *class.PreemptionPolicy != corev1.PreemptNever {
		t.Errorf("class %+v: want the value -10, not the default class, and no preemption", class)
	}
	manager := typed(t, on, "Deployment "+namespace+"/executorpool-manager", &appsv1.Deployment{})
	if args := manager.Spec.Template.Spec.Containers[0].Args; !slices.Contains(args, "--placeholder-priority-class="+class.Name) {
		t.Errorf("manager is started with %v, want --placeholder-priority-class=%s among them", args, class.Name)
	}
}

// TestInstallWithoutClusterRights renders the chart for an admin who has rights in namespaces only.
func TestInstallWithoutClusterRights(t *testing.T) {
	rendered := renderChart(t, "--set", "namespaces={contest-a}", "--set", "metrics.enabled=false",
		"--set", "crds.install=false", "--set", "userRoles.create=false")
	for key, object := range rendered {
		if object.GetNamespace() == "" {
			t.Errorf("%s is cluster-scoped, want namespaced objects only", key)
		}
	}
}

// TestManagerRightsAreLeast compares the generated rules with the rights that the design permits.
func TestManagerRightsAreLeast(t *testing.T) {
	for key, rules := range managerRules(t) {
		for _, rule := range rules {
			// Each external metric is a resource whose name only the author of a pool knows, so the rule
			// permits all names. It permits no writes.
			external := slices.Equal(rule.APIGroups, []string{"external.metrics.k8s.io"}) && !slices.ContainsFunc(rule.Verbs, writes)
			all := slices.Concat(rule.APIGroups, rule.Resources, rule.Verbs)
			if external {
				all = slices.Concat(rule.APIGroups, rule.Verbs)
			}
			if slices.Contains(all, "*") {
				t.Errorf("%s grants a wildcard: %v", key, rule)
			}
			for _, resource := range rule.Resources {
				switch {
				case resource == "secrets", strings.HasPrefix(resource, "pods/"), strings.Contains(resource, "roles"):
					t.Errorf("%s grants %v on %s, which the manager does not use", key, rule.Verbs, resource)
				case resource == "executorpools" && slices.ContainsFunc(rule.Verbs, writes):
					t.Errorf("%s grants %v on executorpools, whose spec only an admin may write", key, rule.Verbs)
				}
			}
		}
	}
}

func managerRules(t *testing.T) map[string][]rbacv1.PolicyRule {
	t.Helper()
	rendered := renderChart(t)
	return map[string][]rbacv1.PolicyRule{
		"ClusterRole": typed(t, rendered, "ClusterRole /executorpool-manager", &rbacv1.ClusterRole{}).Rules,
		"Role":        typed(t, rendered, "Role "+namespace+"/executorpool-manager", &rbacv1.Role{}).Rules,
	}
}

func writes(verb string) bool { return !slices.Contains([]string{"get", "list", "watch"}, verb) }
