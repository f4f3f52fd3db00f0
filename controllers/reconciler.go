package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/controllers/status"
)

// How long until a pool is looked at again though nothing happened to it.
const (
	busyInterval = 5 * time.Second
	idleInterval = 15 * time.Second
	// conflictInterval is about what a watch takes to bring the cache up to date.
	conflictInterval = 100 * time.Millisecond
)

// Reconciler makes the cluster match an ExecutorPool.
type Reconciler struct {
	// Client reads through the cache and writes.
	Client client.Client
	// Live reads from the API server; used only for objects the cache does not have.
	Live    client.Reader
	Events  recorder.EventRecorder
	Sampler *sampling.Sampler
	Clock   clock.PassiveClock
	// Image is what pools run that name none.
	Image string
}

// Reconcile brings one pool closer to its spec.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	pool := &v1alpha1.ExecutorPool{}
	if err := r.Client.Get(ctx, request.NamespacedName, pool); err != nil {
		if apierrors.IsNotFound(err) {
			forget(request.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("get pool %s: %w", request, err)
	}
	if pool.DeletionTimestamp != nil {
		// The garbage collector is at work; to restore what it takes would be a fight.
		return ctrl.Result{}, nil
	}

	contests, err := contestsOf(ctx, r.Client, request.NamespacedName)
	if err != nil {
		return ctrl.Result{}, err
	}
	now, due := r.Clock.Now(), scheduleOf(contests)
	replicas, reason := desiredReplicas(pool.Spec)
	replicas, reason = due.raise(replicas, reason, now)
	p := plan{pool: pool, image: resources.Image(pool, r.Image), replicas: replicas}
	in, err := r.gather(ctx, p)
	if err != nil {
		return ctrl.Result{}, err
	}

	changed, refusal := r.apply(ctx, p, in)
	obstacle := obstacleOf(refusal)
	if refusal != nil && obstacle == nil {
		return retry(refusal)
	}

	decision := status.Decide(status.Input{
		Pool:              pool,
		Now:               now,
		Image:             p.image,
		Desired:           replicas,
		DesiredReason:     reason,
		Deployment:        in.deploymentOf(pool),
		DeploymentWritten: changed.deployment,
		TemplateWritten:   changed.template,
		Pods:              in.pods,
		Reports:           in.reports,
		Obstacle:          obstacle,
		NextContest:       due.next(now),
		Selector:          labels.SelectorFromSet(resources.Selector(pool)).String(),
	})
	if err := r.writeStatus(ctx, pool, decision); err != nil {
		return retry(err)
	}
	if apierrors.IsInvalid(refusal) {
		// Only another spec helps, and that comes as an event. Quota and admission may change unseen: those are tried again.
		return ctrl.Result{}, reconcile.TerminalError(refusal)
	}
	return ctrl.Result{RequeueAfter: due.change(now, next(decision))}, nil
}

// writeStatus writes the status if it changed, then tells about the change. The resource version in the patch makes a
// decision that was made on an outdated pool fail instead of recording the same scale twice.
func (r *Reconciler) writeStatus(ctx context.Context, pool *v1alpha1.ExecutorPool, decision status.Decision) error {
	publish(pool, decision.Status)
	if equality.Semantic.DeepEqual(pool.Status, decision.Status) {
		return nil
	}
	before := pool.DeepCopy()
	pool.Status = decision.Status
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, pool, patch, client.FieldOwner(resources.FieldOwner)); err != nil {
		return fmt.Errorf("write status of pool %s: %w", client.ObjectKeyFromObject(pool), err)
	}
	for _, event := range decision.Events {
		kind := corev1.EventTypeNormal
		if event.Warning {
			kind = corev1.EventTypeWarning
		}
		r.Events.Eventf(pool, nil, kind, event.Reason, event.Action, "%s", event.Note)
	}
	return nil
}

// next is when to look again: numbers of a pool that works go stale faster, a young fault becomes one by lasting.
func next(decision status.Decision) time.Duration {
	wait := idleInterval
	if decision.Status.BusySlots > 0 || decision.Status.QueueDepth > 0 {
		wait = busyInterval
	}
	if decision.Recheck > 0 {
		wait = min(wait, decision.Recheck)
	}
	return wait
}

// retry tries again soon: quietly after a conflict, which only says that the cache was a moment behind.
func retry(err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictInterval}, nil
	}
	return ctrl.Result{}, err
}
