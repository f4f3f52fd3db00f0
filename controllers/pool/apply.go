package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/status"
)

// changes reports what apply wrote of the Deployment.
type changes struct {
	deployment bool
	// template reports whether the pod template of an existing Deployment changed.
	template bool
}

// refusedError is the API server's refusal of an object. Only a change of the spec or of the
// cluster helps.
type refusedError struct {
	objectKind, name string
	err              error
}

func (r *refusedError) Error() string {
	return fmt.Sprintf("apply %s %s: %v", r.objectKind, r.name, r.err)
}
func (r *refusedError) Unwrap() error { return r.err }

// apply writes the objects that differ from the plan.
//
// If more than the Deployment differs, apply first writes the Deployment as a dry run. Only the
// Deployment can be invalid because of the spec. A pool whose spec is refused therefore keeps all
// its objects.
func (r *Reconciler) apply(ctx context.Context, p plan, in observed, replicas int32) (changes, error) {
	if refused := r.Allowed.refuse(p, r.Image); refused != nil {
		return changes{}, refused
	}
	if obstacle := nameTaken(p, in); obstacle != nil {
		return changes{}, obstacle
	}
	if err := r.markCandidates(ctx, p, in, replicas); err != nil {
		return changes{}, err
	}
	differing, err := compare(p, in)
	if err != nil {
		return changes{}, err
	}
	if len(differing) > 1 {
		for _, k := range differing {
			if k.name == deploymentKind {
				if err := r.applyObject(ctx, p, k, client.DryRunAll); err != nil {
					return changes{}, err
				}
			}
		}
	}
	var changed changes
	for _, k := range differing {
		if err := r.applyObject(ctx, p, k); err != nil {
			return changed, err
		}
		if k.name == deploymentKind {
			changed.deployment = true
			r.expect(client.ObjectKeyFromObject(p.pool), in.deploymentOf(p.pool), p.replicas)
			if changed.template, err = templateDiffers(p, k, in); err != nil {
				return changed, err
			}
		}
	}
	if err := r.removeForeignFields(ctx, p, in); err != nil {
		return changed, err
	}
	return changed, r.deleteUnwanted(ctx, p, in)
}

// expect records the write of the Deployment. A scale-up because of a queue is measured.
func (r *Reconciler) expect(pool types.NamespacedName, before *appsv1.Deployment, replicas int32) {
	r.expectations.Expect(pool, before, replicas)
	if before != nil && replicas > ptr.Deref(before.Spec.Replicas, 1) {
		r.reactions.Observe(pool, r.decider.Pressed(pool), r.Clock.Now())
	}
}

// removeForeignFields removes fields of the pool's objects that an apply cannot remove, because
// this controller never owned them.
func (r *Reconciler) removeForeignFields(ctx context.Context, p plan, in observed) error {
	for _, k := range objectKinds {
		live, exists := in.live[k.name]
		if k.foreignFields == nil || !exists || !metav1.IsControlledBy(live, p.pool) {
			continue
		}
		patch := k.foreignFields(live)
		if patch == nil {
			continue
		}
		err := r.Client.Patch(ctx, live, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(resources.FieldOwner))
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("remove foreign fields of %s %s: %w", k.name, p.pool.Name, err)
		}
	}
	return nil
}

// compare returns the kinds whose live object differs from the plan. It ignores fields of other
// owners, for example annotations or the container port of a mesh. A field of this controller that
// another took over counts as missing.
func compare(p plan, in observed) ([]objectKind, error) {
	var differing []objectKind
	for _, k := range objectKinds {
		if !k.wanted(p) {
			continue
		}
		want, err := k.render(p)
		if err != nil {
			return nil, fmt.Errorf("render %s: %w", k.name, err)
		}
		live, exists := in.live[k.name]
		if !exists {
			differing = append(differing, k)
			continue
		}
		if k.optional && !isOwn(p, live) {
			continue
		}
		have, err := k.extract(live)
		if err != nil {
			return nil, fmt.Errorf("extract %s: %w", k.name, err)
		}
		if !equality.Semantic.DeepEqual(have, want) {
			differing = append(differing, k)
		}
	}
	return differing, nil
}

func templateDiffers(p plan, k objectKind, in observed) (bool, error) {
	live, exists := in.live[k.name]
	if !exists {
		return false, nil
	}
	have, err := k.extract(live)
	if err != nil {
		return false, fmt.Errorf("extract %s: %w", k.name, err)
	}
	want, err := k.render(p)
	if err != nil {
		return false, fmt.Errorf("render %s: %w", k.name, err)
	}
	return !equality.Semantic.DeepEqual(template(have), template(want)), nil
}

func template(deployment runtime.ApplyConfiguration) any {
	d := deployment.(*appsv1ac.DeploymentApplyConfiguration)
	if d.Spec == nil {
		return nil
	}
	return d.Spec.Template
}

func (r *Reconciler) applyObject(ctx context.Context, p plan, k objectKind, options ...client.ApplyOption) error {
	object, err := k.render(p)
	if err != nil {
		return fmt.Errorf("render %s: %w", k.name, err)
	}
	options = append(options, client.FieldOwner(resources.FieldOwner), client.ForceOwnership)
	if err := r.Client.Apply(ctx, object, options...); err != nil {
		if k.optional && isRefused(err) {
			log.FromContext(ctx).V(1).Info("skipped an optional object that the API server refuses", "kind", k.name, "error", err.Error())
			return nil
		}
		if isRefused(err) {
			return &refusedError{objectKind: k.name, name: p.pool.Name, err: err}
		}
		return fmt.Errorf("apply %s %s: %w", k.name, p.pool.Name, err)
	}
	return nil
}

// background deletes the pods together with their owner. The default of a Job is to leave its pods.
const background = client.PropagationPolicy(metav1.DeletePropagationBackground)

// deleteUnwanted deletes objects of the pool that the plan does not contain. The UID protects a new
// object of the same name.
func (r *Reconciler) deleteUnwanted(ctx context.Context, p plan, in observed) error {
	for _, k := range objectKinds {
		live, exists := in.live[k.name]
		if k.wanted(p) || !exists || !metav1.IsControlledBy(live, p.pool) || live.GetDeletionTimestamp() != nil {
			continue
		}
		uid := live.GetUID()
		err := r.Client.Delete(ctx, live, client.Preconditions{UID: &uid}, background)
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			return fmt.Errorf("delete %s %s: %w", k.name, p.pool.Name, err)
		}
	}
	return nil
}

// obstacleError is an obstacle as an error.
type obstacleError struct{ status.Obstacle }

func (e *obstacleError) Error() string { return e.Reason + ": " + e.Message }

// nameTaken returns an error for an object of the pool's name that belongs to another owner. Such
// an object is never taken over. An object with the pool's labels and without a controller was left
// by `kubectl delete --cascade=orphan` and is adopted.
func nameTaken(p plan, in observed) error {
	for _, k := range objectKinds {
		live, exists := in.live[k.name]
		if !exists || !k.wanted(p) || k.optional || isOwn(p, live) {
			continue
		}
		owner := metav1.GetControllerOf(live)
		switch {
		case owner == nil:
			return nameTakenBy(p, k, "does not belong to a pool")
		case owner.Kind == "ExecutorPool" && owner.Name == p.pool.Name:
			return nameTakenBy(p, k, "belongs to a deleted pool of that name and is about to be removed")
		}
		return nameTakenBy(p, k, fmt.Sprintf("belongs to %s %s", status.Quote(owner.Kind), status.Quote(owner.Name)))
	}
	return nil
}

// isOwn reports whether the object belongs to the pool or was left by it.
func isOwn(p plan, live client.Object) bool {
	if owner := metav1.GetControllerOf(live); owner != nil {
		return owner.UID == p.pool.UID
	}
	labels := live.GetLabels()
	return labels[resources.LabelManagedBy] == resources.FieldOwner && labels[resources.LabelInstance] == p.pool.Name
}

func nameTakenBy(p plan, k objectKind, why string) error {
	return &obstacleError{status.Obstacle{
		Reason: v1alpha1.ReasonNameTaken,
		Message: fmt.Sprintf("%s %s/%s, which the pool needs, %s. Delete or rename it, or give the pool another name.",
			k.name, p.pool.Namespace, p.pool.Name, why),
	}}
}

// isRefused reports whether a retry without a change would fail again.
func isRefused(err error) bool {
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return false
	}
	// Server-side apply answers 500 for a list with a duplicate key (pull secrets, spread
	// constraints). Only the message identifies the error.
	if strings.Contains(err.Error(), "failed to create typed patch object") {
		return true
	}
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err) || apierrors.IsRequestEntityTooLargeError(err)
}

// obstacleOf returns the obstacle of an error of apply; nil for an error that a retry may resolve.
func obstacleOf(err error) *status.Obstacle {
	var obstacle *obstacleError
	if errors.As(err, &obstacle) {
		return &obstacle.Obstacle
	}
	var refused *refusedError
	if errors.As(err, &refused) {
		return &status.Obstacle{
			Reason: v1alpha1.ReasonApplyRefused,
			Message: fmt.Sprintf("The API server refuses %s %s: %s. Running replicas are not changed. Correct the field that the message names.",
				refused.objectKind, refused.name, status.Quote(refused.err.Error())),
		}
	}
	return nil
}
