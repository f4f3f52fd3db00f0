package resources

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// Service renders the Service of the pool, http://NAME:8000. It sends nothing to a replica that is
// not ready, and a replica that cannot isolate runs is not ready. publishNotReadyAddresses is
// absent because the API server does not store false: an applied false would always differ from the
// stored object.
func Service(pool *v1alpha1.ExecutorPool) *corev1ac.ServiceApplyConfiguration {
	return corev1ac.Service(pool.Name, pool.Namespace).
		WithLabels(Labels(pool)).
		WithOwnerReferences(owner(pool)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithSelector(Selector(pool)).
			WithPorts(corev1ac.ServicePort().
				WithName(PortName).
				WithProtocol(protocolTCP).
				WithPort(Port).
				WithTargetPort(intstr.FromString(PortName))))
}
