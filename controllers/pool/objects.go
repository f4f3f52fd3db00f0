package pool

import (
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	batchv1ac "k8s.io/client-go/applyconfigurations/batch/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/controllers/resources"
)

// objectKind is one kind of object of a pool. Each object has the name of the pool.
type objectKind struct {
	name      string
	newObject func() client.Object
	// wanted reports whether the plan contains such an object.
	wanted func(plan) bool
	render func(plan) (runtime.ApplyConfiguration, error)
	// extract returns the fields of a live object that this controller owns.
	extract func(client.Object) (runtime.ApplyConfiguration, error)
	// optional reports whether the pool works without the object. A taken name or a refusal is then
	// no obstacle.
	optional bool
	// foreignFields returns a JSON merge patch that removes fields of others which must not stay;
	// nil when there are none. It is nil for kinds to which others may add fields.
	foreignFields func(client.Object) []byte
}

const deploymentKind = "Deployment"

// objectKinds are in the order of writing: the service account and the network policy exist before
// the first pod starts.
var objectKinds = []objectKind{
	{
		name:      "ServiceAccount",
		newObject: func() client.Object { return &corev1.ServiceAccount{} },
		wanted:    always,
		render:    func(p plan) (runtime.ApplyConfiguration, error) { return resources.ServiceAccount(p.pool), nil },
		extract: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return corev1ac.ExtractServiceAccount(o.(*corev1.ServiceAccount), resources.FieldOwner)
		},
	},
	{
		name:      "NetworkPolicy",
		newObject: func() client.Object { return &networkingv1.NetworkPolicy{} },
		wanted:    always,
		render:    func(p plan) (runtime.ApplyConfiguration, error) { return resources.NetworkPolicy(p.pool), nil },
		extract: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return networkingv1ac.ExtractNetworkPolicy(o.(*networkingv1.NetworkPolicy), resources.FieldOwner)
		},
		// No egress is an absent list, and a field owner cannot own an absent list.
		foreignFields: func(o client.Object) []byte {
			if len(o.(*networkingv1.NetworkPolicy).Spec.Egress) == 0 {
				return nil
			}
			return []byte(`{"spec":{"egress":null}}`)
		},
	},
	{
		name:      "Service",
		newObject: func() client.Object { return &corev1.Service{} },
		wanted:    always,
		render:    func(p plan) (runtime.ApplyConfiguration, error) { return resources.Service(p.pool), nil },
		extract: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return corev1ac.ExtractService(o.(*corev1.Service), resources.FieldOwner)
		},
	},
	{
		name:      deploymentKind,
		newObject: func() client.Object { return &appsv1.Deployment{} },
		wanted:    always,
		render: func(p plan) (runtime.ApplyConfiguration, error) {
			deployment, err := resources.Deployment(p.pool, p.image, p.replicas)
			if err == nil && p.paused {
				deployment.Spec.WithPaused(true)
			}
			return deployment, err
		},
		extract: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return appsv1ac.ExtractDeployment(o.(*appsv1.Deployment), resources.FieldOwner)
		},
	},
	{
		name:      "PodDisruptionBudget",
		newObject: func() client.Object { return &policyv1.PodDisruptionBudget{} },
		wanted:    func(p plan) bool { return resources.NeedsPodDisruptionBudget(p.replicas) },
		render:    func(p plan) (runtime.ApplyConfiguration, error) { return resources.PodDisruptionBudget(p.pool), nil },
		extract: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return policyv1ac.ExtractPodDisruptionBudget(o.(*policyv1.PodDisruptionBudget), resources.FieldOwner)
		},
	},
	{
		name:      "DaemonSet",
		optional:  true,
		newObject: func() client.Object { return &appsv1.DaemonSet{} },
		wanted:    wantsDaemonSet,
		render:    func(p plan) (runtime.ApplyConfiguration, error) { return resources.DaemonSet(p.pool, p.image) },
		extract: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return appsv1ac.ExtractDaemonSet(o.(*appsv1.DaemonSet), resources.FieldOwner)
		},
	},
	{
		name:      "Job",
		optional:  true,
		newObject: func() client.Object { return &batchv1.Job{} },
		wanted:    func(p plan) bool { return p.placeholders > 0 },
		render: func(p plan) (runtime.ApplyConfiguration, error) {
			return resources.Job(p.pool, p.image, p.priorityClass, p.placeholders)
		},
		extract: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return batchv1ac.ExtractJob(o.(*batchv1.Job), resources.FieldOwner)
		},
	},
}

func wantsDaemonSet(p plan) bool { return p.pullImage }

func always(plan) bool { return true }
