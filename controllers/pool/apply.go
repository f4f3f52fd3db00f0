package pool

import (
	"context"
	"errors"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/status"
)

// written says what a pass changed of the Deployment.
type written struct {
	deployment bool
	// template says that the change reaches the pods of a Deployment that was there before.
	template bool
}

// refusal is the API server's no to an object: trying again without a change somewhere does not help.
type refusal struct {
	kind, name string
	err        error
}

func (r *refusal) Error() string { return fmt.Sprintf("apply %s %s: %v", r.kind, r.name, r.err) }
func (r *refusal) Unwrap() error { return r.err }

// apply writes what differs between the plan and the live objects, and nothing else.
//
// When more than the Deployment has to be written, the Deployment is tried dry first. It is the only object that a spec
// can make invalid, so a pool whose spec is refused keeps everything as it is.
func (r *Reconciler) apply(ctx context.Context, p plan, in observed, replicas int32) (written, error) {
	if obstacle := nameTaken(p, in); obstacle != nil {
		return written{}, obstacle
	}
	if err := r.mark(ctx, p, in, replicas); err != nil {
		return written{}, err
	}
	differing, err := compare(p, in)
	if err != nil {
		return written{}, err
	}
	if len(differing) > 1 {
		for _, k := range differing {
			if k.name == deploymentKind {
				if err := r.write(ctx, p, k, client.DryRunAll); err != nil {
					return written{}, err
				}
			}
		}
	}
	var done written
	for _, k := range differing {
		if err := r.write(ctx, p, k); err != nil {
			return done, err
		}
		if k.name == deploymentKind {
			done.deployment = true
			r.scaler.NoteWrite(client.ObjectKeyFromObject(p.pool), in.deploymentOf(p.pool), p.replicas)
			if done.template, err = templateDiffers(p, k, in); err != nil {
				return done, err
			}
		}
	}
	if err := r.removeStrays(ctx, p, in); err != nil {
		return done, err
	}
	return done, r.removeUnwanted(ctx, p, in)
}

// removeStrays takes out of the pool's objects what an apply cannot, because this controller never set it.
func (r *Reconciler) removeStrays(ctx context.Context, p plan, in observed) error {
	for _, k := range kinds {
		live, exists := in.live[k.name]
		if k.strays == nil || !exists || !metav1.IsControlledBy(live, p.pool) {
			continue
		}
		patch := k.strays(live)
		if patch == nil {
			continue
		}
		err := r.Client.Patch(ctx, live, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(resources.FieldOwner))
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("take foreign fields out of %s %s: %w", k.name, p.pool.Name, err)
		}
	}
	return nil
}

// compare finds the kinds whose live object does not hold what the plan says. Fields that others own (annotations, a
// container port of a mesh) are not looked at; a field of ours that somebody took over is missing from what is extracted.
func compare(p plan, in observed) ([]kind, error) {
	var differing []kind
	for _, k := range kinds {
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
		if k.spared && !ours(p, live) {
			continue
		}
		have, err := k.applied(live)
		if err != nil {
			return nil, fmt.Errorf("extract %s: %w", k.name, err)
		}
		if !equality.Semantic.DeepEqual(have, want) {
			differing = append(differing, k)
		}
	}
	return differing, nil
}

func templateDiffers(p plan, k kind, in observed) (bool, error) {
	live, exists := in.live[k.name]
	if !exists {
		return false, nil
	}
	have, err := k.applied(live)
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

func (r *Reconciler) write(ctx context.Context, p plan, k kind, options ...client.ApplyOption) error {
	object, err := k.render(p)
	if err != nil {
		return fmt.Errorf("render %s: %w", k.name, err)
	}
	options = append(options, client.FieldOwner(resources.FieldOwner), client.ForceOwnership)
	if err := r.Client.Apply(ctx, object, options...); err != nil {
		if k.spared && refused(err) {
			log.FromContext(ctx).V(1).Info("done without an object that the API server refuses", "kind", k.name, "error", err.Error())
			return nil
		}
		if refused(err) {
			return &refusal{kind: k.name, name: p.pool.Name, err: err}
		}
		return fmt.Errorf("apply %s %s: %w", k.name, p.pool.Name, err)
	}
	return nil
}

// background has the pods go with what made them; those of a Job would stay.
const background = client.PropagationPolicy(metav1.DeletePropagationBackground)

// removeUnwanted deletes objects of the pool that its spec no longer asks for. The UID keeps it from deleting an object
// that took the place of the one that was read.
func (r *Reconciler) removeUnwanted(ctx context.Context, p plan, in observed) error {
	for _, k := range kinds {
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

// obstacleError carries what status tells about an object that cannot be written.
type obstacleError struct{ status.Obstacle }

func (e *obstacleError) Error() string { return e.Reason + ": " + e.Message }

// nameTaken finds an object that is in the way: one of the pool's name that belongs to something else. It is never taken
// over. An object that carries the pool's labels and has no controller is the pool's own, left behind by
// `kubectl delete --cascade=orphan`, and is adopted.
func nameTaken(p plan, in observed) error {
	for _, k := range kinds {
		live, exists := in.live[k.name]
		if !exists || !k.wanted(p) || k.spared || ours(p, live) {
			continue
		}
		owner := metav1.GetControllerOf(live)
		switch {
		case owner == nil:
			return taken(p, k, "does not belong to a pool")
		case owner.Kind == "ExecutorPool" && owner.Name == p.pool.Name:
			return taken(p, k, "belongs to a former pool of that name and is about to be removed")
		}
		return taken(p, k, fmt.Sprintf("belongs to %s %s", owner.Kind, owner.Name))
	}
	return nil
}

// ours says whether an object is the pool's, or one that it left behind.
func ours(p plan, live client.Object) bool {
	if owner := metav1.GetControllerOf(live); owner != nil {
		return owner.UID == p.pool.UID
	}
	labels := live.GetLabels()
	return labels[resources.LabelManagedBy] == resources.FieldOwner && labels[resources.LabelInstance] == p.pool.Name
}

func taken(p plan, k kind, why string) error {
	return &obstacleError{status.Obstacle{
		Reason: v1alpha1.ReasonNameTaken,
		Message: fmt.Sprintf("%s %s/%s, which the pool needs, %s. Delete or rename it, or give the pool another name.",
			k.name, p.pool.Namespace, p.pool.Name, why),
	}}
}

// refused tells an answer that stays the same from one that may pass.
func refused(err error) bool {
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return false
	}
	// A list with a key twice (pull secrets, spread constraints) is a 500 to server-side apply, recognised by its words.
	if strings.Contains(err.Error(), "failed to create typed patch object") {
		return true
	}
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err) || apierrors.IsRequestEntityTooLargeError(err)
}

// obstacleOf turns an error of apply into what status tells about it; nil for one that may pass.
func obstacleOf(err error) *status.Obstacle {
	var obstacle *obstacleError
	if errors.As(err, &obstacle) {
		return &obstacle.Obstacle
	}
	var no *refusal
	if errors.As(err, &no) {
		return &status.Obstacle{
			Reason: v1alpha1.ReasonApplyRefused,
			Message: fmt.Sprintf("The API server refuses %s %s: %s. What runs keeps running; change what the message names.",
				no.kind, no.name, status.Quote(no.err.Error())),
		}
	}
	return nil
}
