package resources

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"executorpool.dev/api/v1alpha1"
)

// NetworkPolicy renders the NetworkPolicy of the pool's replicas and prewarm pods.
//
// All egress is denied, to DNS and the API server too: an executor opens no connection, so a
// connection out of a pod belongs to a contestant's program. Ingress is allowed on the HTTP port
// from everywhere, because contest platforms are the clients of a pool and can be in any namespace
// or outside of the cluster. Prewarm pods listen on no port.
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
