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

// kind is one kind of object that a pool consists of; each has the pool's name.
type kind struct {
	name  string
	empty func() client.Object
	// wanted says whether the pool has such an object at all.
	wanted func(plan) bool
	render func(plan) (runtime.ApplyConfiguration, error)
	// applied extracts from a live object what this controller applied and nobody has changed since.
	applied func(client.Object) (runtime.ApplyConfiguration, error)
	// spared says that the pool does without rather than being held up: where the name is another's, or the API server
	// refuses the object.
	spared bool
	// strays gives a JSON merge patch that takes out what others have added and must not stay; nil when there is nothing.
	// Absent for kinds to which others may add.
	strays func(client.Object) []byte
}

const deploymentKind = "Deployment"

// kinds are in the order of writing: no pod starts before its account and the policy that shuts it off the network are
// there.
var kinds = []kind{
	{
		name:   "ServiceAccount",
		empty:  func() client.Object { return &corev1.ServiceAccount{} },
		wanted: always,
		render: func(p plan) (runtime.ApplyConfiguration, error) { return resources.ServiceAccount(p.pool), nil },
		applied: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return corev1ac.ExtractServiceAccount(o.(*corev1.ServiceAccount), resources.FieldOwner)
		},
	},
	{
		name:   "NetworkPolicy",
		empty:  func() client.Object { return &networkingv1.NetworkPolicy{} },
		wanted: always,
		render: func(p plan) (runtime.ApplyConfiguration, error) { return resources.NetworkPolicy(p.pool), nil },
		applied: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return networkingv1ac.ExtractNetworkPolicy(o.(*networkingv1.NetworkPolicy), resources.FieldOwner)
		},
		// Denied egress is a list that is not there, and nobody can own what is not there.
		strays: func(o client.Object) []byte {
			if len(o.(*networkingv1.NetworkPolicy).Spec.Egress) == 0 {
				return nil
			}
			return []byte(`{"spec":{"egress":null}}`)
		},
	},
	{
		name:   "Service",
		empty:  func() client.Object { return &corev1.Service{} },
		wanted: always,
		render: func(p plan) (runtime.ApplyConfiguration, error) { return resources.Service(p.pool), nil },
		applied: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return corev1ac.ExtractService(o.(*corev1.Service), resources.FieldOwner)
		},
	},
	{
		name:   deploymentKind,
		empty:  func() client.Object { return &appsv1.Deployment{} },
		wanted: always,
		render: func(p plan) (runtime.ApplyConfiguration, error) {
			deployment, err := resources.Deployment(p.pool, p.image, p.replicas)
			if err == nil && p.paused {
				deployment.Spec.WithPaused(true)
			}
			return deployment, err
		},
		applied: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return appsv1ac.ExtractDeployment(o.(*appsv1.Deployment), resources.FieldOwner)
		},
	},
	{
		name:   "PodDisruptionBudget",
		empty:  func() client.Object { return &policyv1.PodDisruptionBudget{} },
		wanted: func(p plan) bool { return resources.NeedsPodDisruptionBudget(p.replicas) },
		render: func(p plan) (runtime.ApplyConfiguration, error) { return resources.PodDisruptionBudget(p.pool), nil },
		applied: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return policyv1ac.ExtractPodDisruptionBudget(o.(*policyv1.PodDisruptionBudget), resources.FieldOwner)
		},
	},
	{
		name:   "DaemonSet",
		spared: true,
		empty:  func() client.Object { return &appsv1.DaemonSet{} },
		wanted: wantsPull,
		render: func(p plan) (runtime.ApplyConfiguration, error) { return resources.DaemonSet(p.pool, p.image) },
		applied: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return appsv1ac.ExtractDaemonSet(o.(*appsv1.DaemonSet), resources.FieldOwner)
		},
	},
	{
		name:   "Job",
		spared: true,
		empty:  func() client.Object { return &batchv1.Job{} },
		wanted: func(p plan) bool { return p.placeholders > 0 },
		render: func(p plan) (runtime.ApplyConfiguration, error) {
			return resources.Job(p.pool, p.image, p.priorityClass, p.placeholders)
		},
		applied: func(o client.Object) (runtime.ApplyConfiguration, error) {
			return batchv1ac.ExtractJob(o.(*batchv1.Job), resources.FieldOwner)
		},
	},
}

func wantsPull(p plan) bool { return p.pulls }

func always(plan) bool { return true }
