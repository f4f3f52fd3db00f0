package install

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestUserRolesSuffice asks the API server what a contest admin and an onlooker may do who have the chart's roles. That the
// cluster's own edit and view contain them is the work of the labels and of the cluster.
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
		// The authorizer learns of roles by watching them.
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
				t.Errorf("who may (-want +got):\n%s", diff)
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
		t.Fatalf("ask what %s may do: %v", user, err)
	}
	return review.Status.Allowed
}
