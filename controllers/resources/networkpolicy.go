package resources

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"executorpool.dev/api/v1alpha1"
)

// NetworkPolicy renders what may reach the pods and what they may reach.
//
// Egress is denied entirely, DNS and the API server included: an executor calls nobody, so anything that leaves a pod is
// a contestant's. Ingress is open on the one port from anywhere, because contest platforms are the clients of a pool and
// may sit in any namespace or outside the cluster; whoever wants it narrower adds a policy of their own in front of the
// platform. Pods ahead of a contest are shut off by the same policy; they listen nowhere. Once a gateway stands before a pool, ingress becomes the gateway's and the manager's alone.
func NetworkPolicy(pool *v1alpha1.ExecutorPool) *networkingv1ac.NetworkPolicyApplyConfiguration {
	return networkingv1ac.NetworkPolicy(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector().
				WithMatchLabels(map[string]string{LabelInstance: pool.Name}).
				WithMatchExpressions(metav1ac.LabelSelectorRequirement().
					WithKey(LabelName).WithOperator(metav1.LabelSelectorOpIn).WithValues(Name, PullName, PlaceholderName))).
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
			WithIngress(networkingv1ac.NetworkPolicyIngressRule().
				WithPorts(networkingv1ac.NetworkPolicyPort().
					WithProtocol(protocolTCP).
					WithPort(intstr.FromInt32(Port)))))
}
