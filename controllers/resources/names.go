package resources

import (
	corev1 "k8s.io/api/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// FieldOwner is the one name under which the controller applies objects.
const FieldOwner = "executorpool-controller"

// Labels of every object of a pool.
const (
	LabelName      = "app.kubernetes.io/name"
	LabelInstance  = "app.kubernetes.io/instance"
	LabelManagedBy = "app.kubernetes.io/managed-by"
	LabelPartOf    = "app.kubernetes.io/part-of"

	// Name is the value of LabelName: what runs in the pods.
	Name = "executor"
	// PartOf is the value of LabelPartOf.
	PartOf = "executorpool"
)

// Container, port and volume of the pod.
const (
	ContainerName = "executor"
	PortName      = "http"
	Port          = int32(8000)
	ScratchPath   = "/scratch"

	scratchVolume = "scratch"
)

// ManagedBy selects every object that any pool owns.
func ManagedBy() map[string]string {
	return map[string]string{LabelManagedBy: FieldOwner}
}

// Labels are put on every object of the pool.
func Labels(pool *v1alpha1.ExecutorPool) map[string]string {
	return map[string]string{
		LabelName:      Name,
		LabelInstance:  pool.Name,
		LabelManagedBy: FieldOwner,
		LabelPartOf:    PartOf,
	}
}

// Selector selects the pool's pods. A Deployment's selector can never change, so it holds only what names the pool.
func Selector(pool *v1alpha1.ExecutorPool) map[string]string {
	return map[string]string{LabelName: Name, LabelInstance: pool.Name}
}

// Slots is the number of submissions one replica runs at one time.
func Slots(spec v1alpha1.ExecutorPoolSpec) int64 {
	return int64(spec.Workers) * int64(spec.Threads)
}

// Image is the image the pool's pods run.
func Image(pool *v1alpha1.ExecutorPool, byDefault string) string {
	if pool.Spec.Image != "" {
		return pool.Spec.Image
	}
	return byDefault
}

// owner makes the pool the controller of an object. The garbage collector then removes the object with the pool, which
// is why a pool has no finalizer: it owns nothing outside the cluster, and with a finalizer a pool (and its namespace)
// could not be deleted while no manager runs.
func owner(pool *v1alpha1.ExecutorPool) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind("ExecutorPool").
		WithName(pool.Name).
		WithUID(pool.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}

func selector(pool *v1alpha1.ExecutorPool) *metav1ac.LabelSelectorApplyConfiguration {
	return metav1ac.LabelSelector().WithMatchLabels(Selector(pool))
}

const protocolTCP = corev1.ProtocolTCP
