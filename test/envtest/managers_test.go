package envtest

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/api/v1alpha1"
)

// cuttable is a connection to the API server that can be cut.
type cuttable struct {
	http.RoundTripper
	cut *atomic.Bool
}

func (c cuttable) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.cut.Load() {
		return nil, errors.New("the network is gone")
	}
	return c.RoundTripper.RoundTrip(r)
}

func TestSecondManagerTakesOver(t *testing.T) {
	withoutSharedManager(t)
	g := gomega.NewWithT(t)
	lease := func() string {
		var l coordinationv1.Lease
		if err := admin.Get(t.Context(), types.NamespacedName{Namespace: systemNamespace, Name: "takeover"}, &l); err != nil || l.Spec.HolderIdentity == nil {
			return ""
		}
		return *l.Spec.HolderIdentity
	}
	var cut atomic.Bool
	first := sharedConfig()
	first.LeaderElection.ID = "takeover"
	first.REST.Wrap(func(next http.RoundTripper) http.RoundTripper { return cuttable{next, &cut} })
	leader := start(first)
	g.Eventually(lease).ShouldNot(gomega.BeEmpty())
	holder := lease()

	second := sharedConfig()
	second.LeaderElection.ID = "takeover"
	standby := start(second)
	namespace := namespaceOf(t)
	newPool(t, namespace, nil)
	g.Eventually(get(t, namespace, &appsv1.Deployment{})).ShouldNot(gomega.BeNil())
	g.Expect(lease()).To(gomega.Equal(holder), "one leads")

	cut.Store(true)
	// A leader that cannot renew its lease must end and not run beside the next leader.
	g.Eventually(leader.done).Should(gomega.Receive(gomega.MatchError(gomega.ContainSubstring("leader election lost"))))
	g.Eventually(lease).ShouldNot(gomega.Or(gomega.BeEmpty(), gomega.Equal(holder)))
	scale(t, namespace, 5)
	g.Eventually(get(t, namespace, &appsv1.Deployment{})).Should(gomega.HaveField("Spec.Replicas", gomega.HaveValue(gomega.BeEquivalentTo(5))))

	g.Expect(standby.stop()).To(gomega.Succeed())
	g.Eventually(lease).WithTimeout(time.Second).Should(gomega.BeEmpty(), "a manager that is stopped gives the lease back")
}

func TestNamespacedModeLeavesOthersAlone(t *testing.T) {
	withoutSharedManager(t)
	g := gomega.NewWithT(t)
	watched, other := namespaceOf(t), namespaceOf(t)
	config, err := user("namespaced")
	g.Expect(err).NotTo(gomega.HaveOccurred())
	g.Expect(bindIn(t.Context(), "namespaced", watched)).To(gomega.Succeed())
	g.Expect(bindOwn(t.Context(), "namespaced")).To(gomega.Succeed())

	c := sharedConfig()
	c.REST, c.Namespaces, c.LeaderElection.ID = config, []string{watched}, "namespaced"
	m := start(c)
	newPool(t, other, nil)
	newPool(t, watched, func(s *v1alpha1.ExecutorPoolSpec) {
		s.Replicas = new(int32(2))
		s.Scheduling.NodeSelector = map[string]string{"pool": "of-no-node"}
	})
	rollOut(t, watched, 2, 2)
	eventuallyCondition(t, watched, v1alpha1.ConditionReady, "True", v1alpha1.ReasonAllReplicasReady)
	// A manager of some namespaces may not list nodes, so its contests report nothing about node
	// capacity.
	eventuallyStage(t, newContest(t, watched, "finals", 240*time.Hour, nil), v1alpha1.ConditionPrewarmed, "Unknown", v1alpha1.ReasonWarmUpAhead)
	if err := admin.Get(t.Context(), keyOf(other), &appsv1.Deployment{}); !apierrors.IsNotFound(err) {
		t.Errorf("Deployment in a namespace that is not watched: %v, want not found", err)
	}
	g.Expect(m.stop()).To(gomega.Succeed())
}
