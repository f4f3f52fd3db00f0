package resources

import (
	corev1 "k8s.io/api/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// FieldOwner is the field manager of all objects that the controller applies.
const FieldOwner = "executorpool-controller"

// Labels of every object of a pool.
const (
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelManagedBy = "app.kubernetes.io/managed-by"
	LabelPartOf    = "app.kubernetes.io/part-of"

	// Name is the value of LabelName for replicas.
	Name = "executor"
	// PartOf is the value of LabelPartOf.
	PartOf = "executorpool"
)

// Names of the container and the port, the port number and the mount path of the scratch volume.
const (
	ContainerName = "executor"
	PortName      = "http"
	Port          = int32(8000)
	ScratchPath   = "/scratch"

	scratchVolume = "scratch"
)

// ManagedBy returns the labels that select the objects of all pools.
func ManagedBy() map[string]string {
	return map[string]string{LabelManagedBy: FieldOwner}
}

// Labels returns the labels of every object of the pool.
func Labels(pool *v1alpha1.ExecutorPool) map[string]string {
	return map[string]string{
		LabelName:      Name,
		LabelInstance:  pool.Name,
		LabelManagedBy: FieldOwner,
		LabelPartOf:    PartOf,
	}
}

// Selector returns the labels that select the pool's replicas. The selector of a Deployment is
// immutable, so it holds only what identifies the pool.
func Selector(pool *v1alpha1.ExecutorPool) map[string]string {
	return map[string]string{LabelName: Name, LabelInstance: pool.Name}
}

// Slots returns the number of slots of one replica.
func Slots(spec v1alpha1.ExecutorPoolSpec) int64 {
	return int64(spec.Workers) * int64(spec.Threads)
}

// Image returns the image of the pool's replicas.
func Image(pool *v1alpha1.ExecutorPool, defaultImage string) string {
	if pool.Spec.Image != "" {
		return pool.Spec.Image
	}
	return defaultImage
}

// owner returns the owner reference that makes the pool the controller of an object. The garbage
// collector removes the object with the pool. A pool therefore has no finalizer: it owns nothing
// outside of the cluster, and with a finalizer neither the pool nor its namespace could be deleted
// while no manager runs.
func owner(pool *v1alpha1.ExecutorPool) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind("ExecutorPool").
		WithName(pool.Name).
		WithUID(pool.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}

// selector returns Selector as an apply configuration.
func selector(pool *v1alpha1.ExecutorPool) *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(Selector(pool))
}

const protocolTCP = corev1.ProtocolTCP
