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

// TestNamespacedModeNeedsNoClusterRights renders the chart for two namespaces: what the manager may do there is what the
// generated ClusterRole would let it do everywhere, but for nodes, which are no namespace's; and across the cluster it may
// only ask who its callers are.
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

// TestNodesListedOnlyWhereAsked holds the manager to the one right it has beyond namespaces, and to none where that is off.
func TestNodesListedOnlyWhereAsked(t *testing.T) {
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

// TestPlaceholdersHaveAClass holds the manager's flag to the class that the chart makes.
func TestPlaceholdersHaveAClass(t *testing.T) {
	if _, there := renderChart(t)["PriorityClass /executorpool-placeholder"]; there {
		t.Error("there is a PriorityClass though placeholders are off")
	}
	on := renderChart(t, "--set", "placeholders.enabled=true")
	class := typed(t, on, "PriorityClass /executorpool-placeholder", &schedulingv1.PriorityClass{})
	if class.Value != -10 || class.GlobalDefault || *class.PreemptionPolicy != corev1.PreemptNever {
		t.Errorf("class %+v: want -10, for placeholders alone, pushing nothing aside", class)
	}
	manager := typed(t, on, "Deployment "+namespace+"/executorpool-manager", &appsv1.Deployment{})
	if args := manager.Spec.Template.Spec.Containers[0].Args; !slices.Contains(args, "--placeholder-priority-class="+class.Name) {
		t.Errorf("manager is started with %v, want --placeholder-priority-class=%s among them", args, class.Name)
	}
}

// TestInstallWithoutClusterRights renders what somebody may install who rules over namespaces only.
func TestInstallWithoutClusterRights(t *testing.T) {
	rendered := renderChart(t, "--set", "namespaces={contest-a}", "--set", "metrics.enabled=false",
		"--set", "crds.install=false", "--set", "userRoles.create=false")
	for key, object := range rendered {
		if object.GetNamespace() == "" {
			t.Errorf("%s belongs to the cluster, want namespaced objects only", key)
		}
	}
}

// TestManagerRightsAreLeast holds the generated rules to what the design lets the manager do.
func TestManagerRightsAreLeast(t *testing.T) {
	for key, rules := range managerRules(t) {
		for _, rule := range rules {
			// Of external metrics each is a resource, by a name that only a pool's author knows; none is written.
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
					t.Errorf("%s grants %v on %s, which the manager has no use for", key, rule.Verbs, resource)
				case resource == "executorpools" && slices.ContainsFunc(rule.Verbs, writes):
					t.Errorf("%s grants %v on executorpools: the spec is the admin's alone", key, rule.Verbs)
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
