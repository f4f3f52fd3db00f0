package contests

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/recorder"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/canary"
	"executorpool.dev/controllers/contest"
	"executorpool.dev/controllers/index"
	"executorpool.dev/controllers/metrics"
	"executorpool.dev/controllers/pods"
	"executorpool.dev/controllers/recording"
	"executorpool.dev/controllers/resources"
	"executorpool.dev/controllers/sampling"
	"executorpool.dev/controllers/status"
)

// conflictInterval is about what a watch takes to bring the cache up to date.
const conflictInterval = 100 * time.Millisecond

// Reconciler keeps the status of Contests. It writes nothing of a pool: the pool's own reconciler reads what its
// contests hold.
type Reconciler struct {
	// Client reads through the cache and writes.
	Client client.Client
	// Live reads from the API server; used only for endpoints and quotas, which are not worth a cache.
	Live    client.Reader
	Events  recorder.EventRecorder
	Prover  *canary.Prover
	Sampler *sampling.Sampler
	// Recorder is to run beside the controller.
	Recorder *recording.Recorder
	Clock    clock.PassiveClock
	// Census counts what nodes have left; nil where that is not to be told.
	Census *Census
	// Image is what pools run that name none.
	Image string
}

// +kubebuilder:rbac:groups=executorpool.dev,resources=contests,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=executorpool.dev,resources=contests/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=resourcequotas,verbs=list
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=list

// Reconcile brings one contest's status up to date.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	c := &v1alpha1.Contest{}
	if err := r.Client.Get(ctx, request.NamespacedName, c); err != nil {
		if apierrors.IsNotFound(err) {
			metrics.ForgetContest(request.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if c.DeletionTimestamp != nil {
		return ctrl.Result{}, nil
	}
	in, err := r.gather(ctx, c)
	if err != nil {
		return ctrl.Result{}, err
	}
	decision := contest.Decide(in)
	if decision.Expired {
		uid := c.UID
		err := r.Client.Delete(ctx, c, client.Preconditions{UID: &uid})
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if err := r.Recorder.Record(in, &decision); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.writeStatus(ctx, c, decision); err != nil {
		return retry(err)
	}
	return ctrl.Result{RequeueAfter: decision.Recheck}, nil
}

func (r *Reconciler) gather(ctx context.Context, c *v1alpha1.Contest) (contest.Input, error) {
	in := contest.Input{Contest: c, Now: r.Clock.Now()}
	key := types.NamespacedName{Namespace: c.Namespace, Name: c.Spec.PoolName}
	contests, err := index.Contests(ctx, r.Client, key)
	if err != nil {
		return in, err
	}
	for i := range contests {
		if contests[i].Name != c.Name && contests[i].DeletionTimestamp == nil {
			in.Others = append(in.Others, contest.Entry(&contests[i]))
		}
	}
	pool := &v1alpha1.ExecutorPool{}
	if err := r.Client.Get(ctx, key, pool); err != nil {
		if apierrors.IsNotFound(err) {
			return in, nil
		}
		return in, fmt.Errorf("get pool %s: %w", key, err)
	}
	in.Pool = pool
	ready, err := r.readyPods(ctx, pool)
	if err != nil {
		return in, err
	}
	if contest.Planning(c, in.Now) {
		in.Past = r.past(ctx, ready)
		there, err := r.ahead(ctx, pool)
		if err != nil {
			return in, err
		}
		if pulling(c, in.Now) {
			in.Pull = there.pull
		}
		if in.Room, err = r.room(ctx, pool, there); err != nil {
			return in, err
		}
		if in.Nodes, err = r.Census.Room(ctx, pool, resources.Image(pool, r.Image)); err != nil {
			return in, err
		}
	}
	if contest.InPreflight(c, in.Now) {
		in.Replicas, err = r.replicas(ctx, key, ready)
	}
	return in, err
}

// readyPods are the pool's, by name.
func (r *Reconciler) readyPods(ctx context.Context, pool *v1alpha1.ExecutorPool) ([]corev1.Pod, error) {
	var list corev1.PodList
	if err := r.Client.List(ctx, &list, client.InNamespace(pool.Namespace), client.MatchingLabels(resources.Selector(pool))); err != nil {
		return nil, fmt.Errorf("list pods of %s: %w", client.ObjectKeyFromObject(pool), err)
	}
	ready := slices.DeleteFunc(list.Items, func(pod corev1.Pod) bool { return !pods.Ready(&pod) || !pods.OfDeployment(&pod, pool.Name) })
	slices.SortFunc(ready, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return ready, nil
}

// past is what pods tell of how long they took to start, and submissions to run.
func (r *Reconciler) past(ctx context.Context, ready []corev1.Pod) contest.Past {
	var past contest.Past
	var targets []sampling.Target
	for i := range ready {
		if took, _, ok := pods.StartTime(&ready[i]); ok {
			past.Starts = append(past.Starts, took)
		}
		targets = append(targets, sampling.Target{Name: ready[i].Name, IP: ready[i].Status.PodIP, Ready: true})
	}
	for _, report := range r.Sampler.Sample(ctx, targets) {
		if report.Err == nil {
			past.Finished += int64(report.State.Finished)
			past.Served += time.Duration(report.State.ServedMillis) * time.Millisecond
		}
	}
	return past
}

// room is what the namespace's quotas leave to the pool once the pods ahead of its replicas are gone.
func (r *Reconciler) room(ctx context.Context, pool *v1alpha1.ExecutorPool, there ahead) (*contest.Room, error) {
	quotas, err := r.quotas(ctx, pool, there)
	if err != nil {
		return nil, err
	}
	return contest.RoomOf(quotas, resources.Resources(pool.Spec), int(pool.Status.Replicas)), nil
}

// replicas is what the preflight knows of ready pods.
func (r *Reconciler) replicas(ctx context.Context, service types.NamespacedName, ready []corev1.Pod) ([]contest.Replica, error) {
	var list discoveryv1.EndpointSliceList
	err := r.Live.List(ctx, &list, client.InNamespace(service.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service.Name})
	if err != nil {
		return nil, fmt.Errorf("list endpoints of service %s: %w", service, err)
	}
	led := map[types.UID]bool{}
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			// Absent means ready, says the API.
			if e.TargetRef != nil && (e.Conditions.Ready == nil || *e.Conditions.Ready) {
				led[e.TargetRef.UID] = true
			}
		}
	}
	var all []contest.Replica
	for i := range ready {
		pod := &ready[i]
		proof := r.Prover.Proof(canary.Pod{UID: pod.UID, Restarts: int32(pods.Restarts(pod)), IP: pod.Status.PodIP})
		all = append(all, contest.Replica{Name: pod.Name, InService: led[pod.UID], Right: proof.Right, Fault: proof.Fault})
	}
	return all, nil
}

// writeStatus writes the status if it changed, then tells about the change.
func (r *Reconciler) writeStatus(ctx context.Context, c *v1alpha1.Contest, decision contest.Decision) error {
	metrics.PublishContest(c, decision.Status)
	if equality.Semantic.DeepEqual(c.Status, decision.Status) {
		return nil
	}
	before := c.DeepCopy()
	c.Status = decision.Status
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Status().Patch(ctx, c, patch, client.FieldOwner(resources.FieldOwner)); err != nil {
		return fmt.Errorf("write status of contest %s: %w", client.ObjectKeyFromObject(c), err)
	}
	for _, event := range decision.Events {
		kind := corev1.EventTypeNormal
		if event.Warning {
			kind = corev1.EventTypeWarning
		}
		r.Events.Eventf(c, nil, kind, event.Reason, "Reconcile", "%s", status.Bounded(event.Note))
	}
	return nil
}

// retry tries again soon: quietly after a conflict, which only says that the cache was a moment behind.
func retry(err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictInterval}, nil
	}
	return ctrl.Result{}, err
}

// SetupWithManager registers the controller and the index both controllers find a pool's contests by.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Contest{}, index.ContestPool, index.ContestPoolOf); err != nil {
		return fmt.Errorf("index contests by pool: %w", err)
	}
	if err := mgr.Add(r.Recorder); err != nil {
		return fmt.Errorf("set up the recorder: %w", err)
	}
	if err := r.Recorder.Listen(ctx, mgr.GetCache()); err != nil {
		return err
	}
	err := ctrl.NewControllerManagedBy(mgr).
		Named("contest").
		For(&v1alpha1.Contest{}).
		Watches(&v1alpha1.ExecutorPool{}, handler.EnqueueRequestsFromMapFunc(r.contestsOfPool(contest.Planning)),
			builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.ExecutorPool{}, handler.EnqueueRequestsFromMapFunc(r.contestsOfPool(contest.InPreflight))).
		// It has its pool's name.
		Watches(&appsv1.DaemonSet{}, handler.EnqueueRequestsFromMapFunc(r.contestsOfPool(pulling))).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller contest: %w", err)
	}
	return nil
}

// contestsOfPool are those that a change of the pool concerns: plans follow its spec, preflights its status.
func (r *Reconciler) contestsOfPool(concerns func(*v1alpha1.Contest, time.Time) bool) handler.MapFunc {
	return func(ctx context.Context, pool client.Object) []reconcile.Request {
		contests, err := index.Contests(ctx, r.Client, client.ObjectKeyFromObject(pool))
		if err != nil {
			return nil
		}
		var requests []reconcile.Request
		for i := range contests {
			if c := &contests[i]; concerns(c, r.Clock.Now()) {
				requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(c)})
			}
		}
		return requests
	}
}
