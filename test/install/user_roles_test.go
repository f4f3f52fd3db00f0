package install

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestUserRolesSuffice asks the API server for the rights of a contest admin and of a viewer with
// the chart's roles. The aggregation of these roles into the cluster's edit and view roles is not
// tested here: it depends on the labels and on a controller that does not run.
func TestUserRolesSuffice(t *testing.T) {
	rendered := renderChart(t)
	for _, role := range []string{"viewer", "editor"} {
		object := typed(t, rendered, "ClusterRole /executorpool-"+role, &rbacv1.ClusterRole{})
		object.Name += "-asked"
		binding := &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: object.Name},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: object.Name},
			Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: role}},
		}
		if err := cluster.Create(t.Context(), object); err != nil {
			t.Fatalf("create the role %s: %v", object.Name, err)
		}
		if err := cluster.Create(t.Context(), binding); err != nil {
			t.Fatalf("bind the role %s: %v", object.Name, err)
		}
		// The authorizer learns of new roles from a watch, so there is a delay.
		gomega.NewWithT(t).Eventually(func() bool { return may(t, role, "get", "") }).Should(gomega.BeTrue())
	}
	tests := map[string]struct {
		verb, subresource string
		viewer, editor    bool
	}{
		"kubectl get --watch":    {verb: "watch", viewer: true, editor: true},
		"kubectl apply, new":     {verb: "create", editor: true},
		"kubectl apply, changed": {verb: "patch", editor: true},
		"kubectl edit":           {verb: "update", editor: true},
		"kubectl delete":         {verb: "delete", editor: true},
		"kubectl delete --all":   {verb: "deletecollection", editor: true},
		"read the scale":         {verb: "get", subresource: "scale", viewer: true, editor: true},
		"kubectl scale":          {verb: "patch", subresource: "scale", editor: true},
		"an autoscaler's scale":  {verb: "update", subresource: "scale", editor: true},
		"read the status":        {verb: "get", subresource: "status", viewer: true, editor: true},
		"forge the status":       {verb: "patch", subresource: "status"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			want := map[string]bool{"viewer": tc.viewer, "editor": tc.editor}
			got := map[string]bool{}
			for user := range want {
				got[user] = may(t, user, tc.verb, tc.subresource)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rights (-want +got):\n%s", diff)
			}
		})
	}
}

func may(t *testing.T, user, verb, subresource string) bool {
	t.Helper()
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: user,
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: metav1.NamespaceDefault, Group: "executorpool.dev", Version: "v1alpha1",
			Resource: "executorpools", Subresource: subresource, Verb: verb,
		},
	}}
	if err := cluster.Create(t.Context(), review); err != nil {
		t.Fatalf("review the rights of %s: %v", user, err)
	}
	return review.Status.Allowed
}
