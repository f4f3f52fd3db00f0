package pool

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/index"
	"executorpool.dev/controllers/resources"
)

// The permissions of the manager. Rules with `namespace=system` are for the manager's own
// namespace. Of the others, those for tokenreviews and subjectaccessreviews are always in a
// ClusterRole. The rest is bound in the whole cluster or, in namespaced mode, in each watched
// namespace.
//
// +kubebuilder:rbac:groups=executorpool.dev,resources=executorpools,verbs=get;list;watch
// +kubebuilder:rbac:groups=executorpool.dev,resources=executorpools/status,verbs=patch
// +kubebuilder:rbac:groups=executorpool.dev,resources=executorpools/finalizers,verbs=update
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=apps,resources=daemonsets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=batch,resources=jobs,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=services;serviceaccounts,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=pods,verbs=list;watch;patch
// +kubebuilder:rbac:groups=external.metrics.k8s.io,resources=*,verbs=get;list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch
// +kubebuilder:rbac:groups=coordination.k8s.io,resources=leases,namespace=system,verbs=get;create;update
// +kubebuilder:rbac:groups="",resources=events,namespace=system,verbs=create;patch
// +kubebuilder:rbac:groups=authentication.k8s.io,resources=tokenreviews,verbs=create
// +kubebuilder:rbac:groups=authorization.k8s.io,resources=subjectaccessreviews,verbs=create

// CacheOptions returns cache options that keep only objects with the controller's label, strip pods
// to the fields in use, and strip the managed fields of other owners. Without namespaces all are
// watched.
func CacheOptions(namespaces []string) cache.Options {
	owned := cache.ByObject{Label: labels.SelectorFromSet(resources.ManagedBy()), Transform: stripForeignManagedFields}
	options := cache.Options{ByObject: map[client.Object]cache.ByObject{}, DefaultTransform: cache.TransformStripManagedFields()}
	for _, k := range objectKinds {
		options.ByObject[k.newObject()] = owned
	}
	pods := owned
	pods.Transform = stripPod
	options.ByObject[&corev1.Pod{}] = pods
	if len(namespaces) > 0 {
		options.DefaultNamespaces = map[string]cache.Config{}
		for _, namespace := range namespaces {
			options.DefaultNamespaces[namespace] = cache.Config{}
		}
	}
	return options
}

// stripForeignManagedFields removes the managed fields that compare does not extract. They are
// about a third of an object's memory.
func stripForeignManagedFields(object any) (any, error) {
	if owned, ok := object.(client.Object); ok {
		owned.SetManagedFields(slices.DeleteFunc(owned.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
			return e.Manager != resources.FieldOwner
		}))
	}
	return object, nil
}

// stripPod keeps the fields of a pod that this module reads. A thousand pods then need a few
// megabytes instead of tens.
func stripPod(object any) (any, error) {
	pod, ok := object.(*corev1.Pod)
	if !ok {
		return object, nil
	}
	slim := &corev1.Pod{
		TypeMeta: pod.TypeMeta,
		ObjectMeta: metav1.ObjectMeta{
			Name:              pod.Name,
			Namespace:         pod.Namespace,
			UID:               pod.UID,
			ResourceVersion:   pod.ResourceVersion,
			CreationTimestamp: pod.CreationTimestamp,
			DeletionTimestamp: pod.DeletionTimestamp,
			Labels:            pod.Labels,
			OwnerReferences:   pod.OwnerReferences,
			Annotations:       deletionCost(pod),
		},
		Status: corev1.PodStatus{
			Phase:             pod.Status.Phase,
			Conditions:        pod.Status.Conditions,
			PodIP:             pod.Status.PodIP,
			ContainerStatuses: pod.Status.ContainerStatuses,
		},
	}
	for _, c := range pod.Spec.Containers {
		slim.Spec.Containers = append(slim.Spec.Containers, corev1.Container{Name: c.Name, Image: c.Image})
	}
	return slim, nil
}

func deletionCost(pod *corev1.Pod) map[string]string {
	cost, set := pod.Annotations[corev1.PodDeletionCost]
	if !set {
		return nil
	}
	return map[string]string{corev1.PodDeletionCost: cost}
}

// SetupWithManager registers the controller. Of a pool only changes of the spec start a reconcile,
// because this controller writes the status.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager) error {
	poolOf := func(pod client.Object) []string { return []string{pod.GetLabels()[resources.LabelInstance]} }
	if err := mgr.GetFieldIndexer().IndexField(context.Background(), &corev1.Pod{}, index.PodPool, poolOf); err != nil {
		return fmt.Errorf("index pods by pool: %w", err)
	}
	if err := mgr.Add(r.Poller); err != nil {
		return fmt.Errorf("set up the poller: %w", err)
	}
	b := ctrl.NewControllerManagedBy(mgr).
		Named("executorpool").
		For(&v1alpha1.ExecutorPool{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(poolOfPod)).
		Watches(&v1alpha1.Contest{}, handler.EnqueueRequestsFromMapFunc(poolOfContest)).
		WatchesRawSource(source.Channel(r.decider.Woken(), &handler.EnqueueRequestForObject{}))
	for _, k := range objectKinds {
		b = b.Owns(k.newObject())
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("set up controller executorpool: %w", err)
	}
	return nil
}

func poolOfPod(_ context.Context, pod client.Object) []reconcile.Request {
	name := pod.GetLabels()[resources.LabelInstance]
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: pod.GetNamespace(), Name: name}}}
}

func poolOfContest(_ context.Context, c client.Object) []reconcile.Request {
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: c.GetNamespace(), Name: c.(*v1alpha1.Contest).Spec.PoolName}}}
}
