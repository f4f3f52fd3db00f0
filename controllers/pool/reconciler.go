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

// How long until a pool is looked at again though nothing happened to it.
const (
	obstacleInterval = 15 * time.Second
	idleInterval     = 30 * time.Second
	// conflictInterval is about what a watch takes to bring the cache up to date.
	conflictInterval = 100 * time.Millisecond
)

// Reconciler makes the cluster match an ExecutorPool. Use New.
type Reconciler struct {
	Config
	// Poller asks the pools' pods; it is to run beside the controller.
	Poller *sampling.Poller

	scaler *scaling.Scaler
}

// Config is what a Reconciler needs.
type Config struct {
	// Client reads through the cache and writes.
	Client client.Client
	// Live reads from the API server; used only for objects the cache does not have.
	Live    client.Reader
	Events  recorder.EventRecorder
	Sampler *sampling.Sampler
	Sources Sources
	Clock   clock.Clock
	// Image is what pools run that name none.
	Image string
	// PlaceholderClass is the priority class of pods that hold places for a contest's replicas; empty when none do.
	PlaceholderClass string
}

// New makes a reconciler and its poller.
func New(c Config) *Reconciler {
	r := &Reconciler{Config: c, scaler: scaling.New(c.Clock)}
	r.Poller = sampling.NewPoller(c.Sampler, c.Clock, r.scaler.Observe)
	return r
}

// Reconcile brings one pool closer to its spec.
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
		// The garbage collector is at work; to restore what it takes would be a fight.
		return ctrl.Result{}, nil
	}

	contests, err := index.Contests(ctx, r.Client, request.NamespacedName)
	if err != nil {
		return ctrl.Result{}, err
	}
	now, due := r.Clock.Now(), contest.ScheduleOf(contests)
	in, err := r.gather(ctx, pool)
	if err != nil {
		return ctrl.Result{}, err
	}
	least := floorOf(pool.Spec, due, now)
	order := r.decide(ctx, pool, least, &in)
	p := plan{pool: pool, image: resources.Image(pool, r.Image), replicas: order.replicas, pulls: due.Pulls(now), paused: least.holds(pool, in.deploymentOf(pool))}
	if r.PlaceholderClass != "" {
		p.priorityClass, p.placeholders = r.PlaceholderClass, due.Places(now, order.replicas)
	}
	if err := r.gatherUncached(ctx, p, in); err != nil {
		return ctrl.Result{}, err
	}

	changed, refusal := r.apply(ctx, p, in, order.written)
	obstacle := obstacleOf(refusal)
	if refusal != nil && obstacle == nil {
		return retry(refusal)
	}
	r.scaler.Act(request.NamespacedName, scaling.Acted{Replicas: order.decided, Scaling: order.scaling, Numbers: in.numbers})

	decision := status.Decide(status.Input{
		Pool:              pool,
		Now:               now,
		Image:             p.image,
		Desired:           order.replicas,
		DesiredReason:     order.reason,
		Scaling:           order.scaling,
		Deployment:        in.deploymentOf(pool),
		DeploymentWritten: changed.deployment,
		TemplateWritten:   changed.template,
		Paused:            p.paused,
		Pods:              in.pods,
		Replicas:          in.reports,
		Obstacle:          obstacle,
		NextContest:       due.Next(now),
		Selector:          labels.SelectorFromSet(resources.Selector(pool)).String(),
	})
	if err := r.writeStatus(ctx, pool, decision, order.cause); err != nil {
		return retry(err)
	}
	if apierrors.IsInvalid(refusal) {
		// Only another spec helps, and that comes as an event. Quota and admission may change unseen: those are tried again.
		return ctrl.Result{}, reconcile.TerminalError(refusal)
	}
	return ctrl.Result{RequeueAfter: due.Change(now, next(decision, obstacle != nil))}, nil
}

func (r *Reconciler) forget(pool types.NamespacedName) {
	r.Poller.Forget(pool)
	r.scaler.Forget(pool)
	metrics.Forget(pool)
}

// writeStatus writes the status if it changed, then tells about the change. The resource version in the patch makes a
// decision that was made on an outdated pool fail instead of recording the same scale twice.
func (r *Reconciler) writeStatus(ctx context.Context, pool *v1alpha1.ExecutorPool, decision status.Decision, cause autoscale.Cause) error {
	metrics.Publish(pool, decision.Status)
	if equality.Semantic.DeepEqual(pool.Status, decision.Status) {
		return nil
	}
	if onlyNumbers(pool.Status, decision.Status) && !r.scaler.Tells(client.ObjectKeyFromObject(pool)) {
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
		kind := corev1.EventTypeNormal
		if event.Warning {
			kind = corev1.EventTypeWarning
		}
		r.Events.Eventf(pool, nil, kind, event.Reason, event.Action, "%s", event.Note)
	}
	return nil
}

// onlyNumbers says whether two statuses differ in no more than what the replicas do at the moment.
func onlyNumbers(before, after v1alpha1.ExecutorPoolStatus) bool {
	before.BusySlots, before.QueueDepth = after.BusySlots, after.QueueDepth
	return equality.Semantic.DeepEqual(before, after)
}

// next is when to look again: what is in the way may go unseen, a young fault becomes one by lasting. What the replicas do
// is told by the poller.
func next(decision status.Decision, obstacle bool) time.Duration {
	wait := idleInterval
	if obstacle {
		wait = obstacleInterval
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
