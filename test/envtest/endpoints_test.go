package envtest

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// freeAddress returns a loopback address on which nothing listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// token creates a service account and returns a token for it.
func token(t *testing.T, namespace, name string) string {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
	create(t, account)
	request := &authenticationv1.TokenRequest{}
	if err := admin.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatalf("request token: %v", err)
	}
	return request.Status.Token
}

func TestMetricsOnlyForThoseAllowed(t *testing.T) {
	withoutSharedManager(t)
	g := gomega.NewWithT(t)
	namespace := namespaceOf(t)
	create(t, &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "metrics"},
		Rules: []rbacv1.PolicyRule{{NonResourceURLs: []string{"/metrics"}, Verbs: []string{"get"}}}})
	create(t, &rbacv1.ClusterRoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "metrics"},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "metrics"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: "prometheus"}}})

	c := sharedConfig()
	c.MetricsAddress, c.ProbeAddress = freeAddress(t), freeAddress(t)
	m := start(c)
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	ask := func(url, token string) (int, string) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		g.Expect(err).NotTo(gomega.HaveOccurred())
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := insecure.Do(request)
		if err != nil {
			return 0, err.Error()
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		g.Expect(err).NotTo(gomega.HaveOccurred())
		return response.StatusCode, string(body)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		g.Eventually(func() int { status, _ := ask("http://"+c.ProbeAddress+path, ""); return status }).Should(gomega.Equal(http.StatusOK))
	}
	metrics := "https://" + c.MetricsAddress + "/metrics"
	g.Eventually(func() int { status, _ := ask(metrics, ""); return status }).Should(gomega.Equal(http.StatusUnauthorized))
	if status, _ := ask(metrics, token(t, namespace, "without-rights")); status != http.StatusForbidden {
		t.Errorf("metrics for an account without the right: %d, want 403", status)
	}
	status, body := ask(metrics, token(t, namespace, "prometheus"))
	if status != http.StatusOK {
		t.Errorf("metrics for prometheus: %d %s, want 200", status, body)
	}
	g.Expect(m.stop()).To(gomega.Succeed())
}

// TestDeletedPoolNotRestored keeps a pool in deletion, as `kubectl delete --cascade=foreground`
// does while the garbage collector deletes the pool's objects. The manager must not create them
// again.
func TestDeletedPoolNotRestored(t *testing.T) {
	g := gomega.NewWithT(t)
	namespace, _ := readyPool(t)
	pool := &v1alpha1.ExecutorPool{}
	modify(t, namespace, pool, func(p *v1alpha1.ExecutorPool) { p.Finalizers = []string{"test.executorpool.dev/hold"} })
	g.Expect(admin.Delete(t.Context(), pool)).To(gomega.Succeed())
	service := &corev1.Service{}
	g.Expect(admin.Get(t.Context(), keyOf(namespace), service)).To(gomega.Succeed())
	before := reconciles(t)
	g.Expect(admin.Delete(t.Context(), service)).To(gomega.Succeed())
	touch(t, namespace)
	g.Eventually(func() float64 { return reconciles(t) }).Should(gomega.BeNumerically(">=", before+2))
	if err := admin.Get(t.Context(), keyOf(namespace), service); !apierrors.IsNotFound(err) {
		t.Errorf("Service of a pool that is being deleted: %v, want not found", err)
	}
	if diff := cmp.Diff(1, len(pool.Finalizers)); diff != "" {
		t.Errorf("finalizers besides the test's own: %v", pool.Finalizers)
	}
	modify(t, namespace, pool, func(p *v1alpha1.ExecutorPool) { p.Finalizers = nil })
	g.Eventually(func() bool {
		return apierrors.IsNotFound(admin.Get(t.Context(), keyOf(namespace), pool))
	}).Should(gomega.BeTrue())
}
