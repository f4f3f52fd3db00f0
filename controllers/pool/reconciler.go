package pool

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/autoscale"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/index"
	"executorpool.dev/controllers/metrics"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/controllers/scaling"
	"executorpool.dev/controllers/status"
)

// Times between two reconciles without an event.
const (
	obstacleInterval = 15 * time.Second
	idleInterval     = 30 * time.Second
	// conflictInterval is the time until the retry of a write that met a conflict. A watch brings the
	// cache up to date in about that time.
	conflictInterval = 100 * time.Millisecond
)

// Reconciler makes the cluster match an ExecutorPool. Create one with New.
type Reconciler struct {
	Config
	// Poller asks the pods of the pools. It runs beside the controller.
	Poller *sampling.Poller

	decider      *scaling.Decider
	budget       *scaling.WriteBudget
	expectations scaling.Expectations
	podStarts    metrics.PodStarts
	reactions    metrics.Reactions
}

// Config is the configuration of a Reconciler.
type Config struct {
	// Client reads through the cache and writes.
	Client client.Client
	// Live reads from the API server. It is used only for objects that the cache does not have.
	Live    client.Reader
	Events  recorder.EventRecorder
	Sampler *sampling.Sampler
	Sources Sources
	Clock   clock.Clock
	// Image is the image of pools whose spec names none.
	Image string
	// PlaceholderClass is the PriorityClass of placeholders; empty when there are none.
	PlaceholderClass string
	// Allowed bounds the images and priority classes of pools.
	Allowed Allowed
}

// New returns a reconciler and its poller.
func New(c Config) *Reconciler {
	r := &Reconciler{Config: c, budget: scaling.NewWriteBudget()}
	r.decider = scaling.NewDecider(c.Clock, r.budget)
	r.Poller = sampling.NewPoller(c.Sampler, c.Clock, r.decider.Observe)
	return r
}

// Reconcile makes the cluster match the spec of one pool, or drops the state of a deleted one.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	pool := &v1alpha1.ExecutorPool{}
	if err := r.Client.Get(ctx, request.NamespacedName, pool); err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(request.NamespacedName)
			return ctrl.Result{}, nil
		}
		return ctrl.Result{}, fmt.Errorf("get pool %s: %w", request, err)
	}
	if pool.DeletionTimestamp != nil {
		// The garbage collector is deleting the objects: do not create them again.
		return ctrl.Result{}, nil
	}

	return r.reconcile(ctx, pool)
}

// reconcile takes the steps of the package comment for a pool that is not being deleted.
func (r *Reconciler) reconcile(ctx context.Context, pool *v1alpha1.ExecutorPool) (ctrl.Result, error) {
	key := client.ObjectKeyFromObject(pool)
	contests, err := index.Contests(ctx, r.Client, key)
	if err != nil {
		return ctrl.Result{}, err
	}
	now, schedule := r.Clock.Now(), contest.ScheduleOf(contests)
	in, err := r.observe(ctx, pool)
	if err != nil {
		return ctrl.Result{}, err
	}
	floor := floorOf(pool.Spec, schedule, now)
	desired := r.decide(ctx, pool, floor, &in)
	p := plan{
		pool: pool, image: resources.Image(pool, r.Image), replicas: desired.replicas,
		pullImage: schedule.Pulls(now), paused: floor.holds(pool, in.deploymentOf(pool)),
	}
	if r.PlaceholderClass != "" {
		p.priorityClass, p.placeholders = r.PlaceholderClass, schedule.Places(now, desired.replicas)
	}
	if err := r.observeUncached(ctx, p, in); err != nil {
		return ctrl.Result{}, err
	}

	changed, applyErr := r.apply(ctx, p, in, desired.current)
	obstacle := obstacleOf(applyErr)
	if applyErr != nil && obstacle == nil {
		return retry(applyErr)
	}
	r.decider.SetLastApplied(key, scaling.LastApplied{Replicas: desired.decided, Scaling: desired.scaling})
	r.budget.SetWritten(key, in.counters, r.Clock.Now())

	input := statusInput(p, in, desired, changed, obstacle)
	input.Now, input.NextContest = now, schedule.Next(now)
	decision := status.Decide(input)
	if err := r.writeStatus(ctx, pool, decision, desired.cause); err != nil {
		return retry(err)
	}
	if apierrors.IsInvalid(applyErr) {
		// Only a change of the spec helps, which starts a reconcile. Other refusals are retried:
		// quotas and admission policies can change without an event.
		return ctrl.Result{}, reconcile.TerminalError(applyErr)
	}
	return ctrl.Result{RequeueAfter: schedule.Change(now, recheckAfter(decision, obstacle != nil))}, nil
}

// statusInput returns the input of the status decision, but for the time and the contests.
func statusInput(p plan, in observed, desired desired, changed changes, obstacle *status.Obstacle) status.Input {
	return status.Input{
		Pool:              p.pool,
		Image:             p.image,
		Desired:           desired.replicas,
		DesiredReason:     desired.reason,
		Scaling:           desired.scaling,
		Deployment:        in.deploymentOf(p.pool),
		DeploymentWritten: changed.deployment,
		TemplateWritten:   changed.template,
		Paused:            p.paused,
		Pods:              in.pods,
		Replicas:          in.states,
		Obstacle:          obstacle,
		Selector:          labels.SelectorFromSet(resources.Selector(p.pool)).String(),
	}
}

func (r *Reconciler) forget(pool types.NamespacedName) {
	r.Poller.Forget(pool)
	r.decider.Forget(pool)
	r.budget.Forget(pool)
	r.expectations.Forget(pool)
	r.podStarts.Forget(pool)
	r.reactions.Forget(pool)
	metrics.Forget(pool)
}

// writeStatus writes the status if it changed, and records events after the write. The resource
// version in the patch makes a decision from an outdated pool fail, so that no scale is recorded
// twice.
func (r *Reconciler) writeStatus(ctx context.Context, pool *v1alpha1.ExecutorPool, decision status.Decision, cause autoscale.Cause) error {
	metrics.Publish(pool, decision.Status)
	if equality.Semantic.DeepEqual(pool.Status, decision.Status) {
		return nil
	}
	if countersOnly(pool.Status, decision.Status) && !r.budget.MayWriteCounters(client.ObjectKeyFromObject(pool), r.Clock.Now()) {
		return nil
	}
	before := pool.DeepCopy()
	pool.Status = decision.Status
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, pool, patch, client.FieldOwner(resources.FieldOwner)); err != nil {
		return fmt.Errorf("write status of pool %s: %w", client.ObjectKeyFromObject(pool), err)
	}
	if from, to := before.Status.DesiredReplicas, pool.Status.DesiredReplicas; from != to {
		metrics.CountScale(client.ObjectKeyFromObject(pool), from, to, cause)
	}
	for _, event := range decision.Events {
		objectKind := corev1.EventTypeNormal
		if event.Warning {
			objectKind = corev1.EventTypeWarning
		}
		r.Events.Eventf(pool, nil, objectKind, event.Reason, event.Action, "%s", event.Note)
	}
	return nil
}

// countersOnly reports whether two statuses differ only in busy slots and queue depth.
func countersOnly(before, after v1alpha1.ExecutorPoolStatus) bool {
	before.BusySlots, before.QueueDepth = after.BusySlots, after.QueueDepth
	return equality.Semantic.DeepEqual(before, after)
}

// recheckAfter returns the time until the next reconcile: obstacles can disappear without an event,
// and faults depend on time.
func recheckAfter(decision status.Decision, obstacle bool) time.Duration {
	wait := idleInterval
	if obstacle {
		wait = obstacleInterval
	}
	if decision.Recheck > 0 {
		wait = min(wait, decision.Recheck)
	}
	return wait
}

// retry retries soon and without an error after a conflict: the cache was not up to date.
func retry(err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictInterval}, nil
	}
	return ctrl.Result{}, err
}
