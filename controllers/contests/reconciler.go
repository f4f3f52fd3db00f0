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

const (
	// conflictInterval is about the time in which a watch brings the cache up to date.
	conflictInterval = 100 * time.Millisecond
	// sampleInterval is the time between two checks for the first sample of a pool.
	sampleInterval = time.Second
)

// Reconciler keeps the status of Contests.
type Reconciler struct {
	// Client reads through the cache and writes.
	Client client.Client
	// Live reads from the API server. It is used for endpoints and quotas, which are read too
	// rarely for a cache.
	Live   client.Reader
	Events recorder.EventRecorder
	Prover *canary.Prover
	// Poller holds the last samples of the pools' replicas. Package pool runs it.
	Poller *sampling.Poller
	// Recorder keeps the ledgers of the contests. It runs beside the controller.
	Recorder *recording.Recorder
	Clock    clock.PassiveClock
	// NodeCapacity gives the headroom of the nodes; nil when contests should not use it.
	NodeCapacity *NodeCapacity
	// Image is the image of pools whose spec names none.
	Image string
}

// +kubebuilder:rbac:groups=executorpool.dev,resources=contests,verbs=get;list;watch;delete
// +kubebuilder:rbac:groups=executorpool.dev,resources=contests/status,verbs=patch
// +kubebuilder:rbac:groups="",resources=resourcequotas,verbs=list
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=list

// Reconcile brings the status of one contest up to date.
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
	in, sampled, err := r.observe(ctx, c)
	if err != nil {
		return ctrl.Result{}, err
	}
	if !sampled {
		return ctrl.Result{RequeueAfter: sampleInterval}, nil
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

// observe reads the input of the decision. sampled is false while a plan needs measurements and the
// poller has not asked the pool's replicas yet, which takes seconds after the start of the manager.
// A plan without measurements would stay for planInterval.
func (r *Reconciler) observe(ctx context.Context, c *v1alpha1.Contest) (in contest.Input, sampled bool, err error) {
	in = contest.Input{Contest: c, Now: r.Clock.Now()}
	key := types.NamespacedName{Namespace: c.Namespace, Name: c.Spec.PoolName}
	contests, err := index.Contests(ctx, r.Client, key)
	if err != nil {
		return in, false, err
	}
	for i := range contests {
		if contests[i].Name != c.Name && contests[i].DeletionTimestamp == nil {
			in.Others = append(in.Others, contest.Entry(&contests[i]))
		}
	}
	pool := &v1alpha1.ExecutorPool{}
	if err := r.Client.Get(ctx, key, pool); err != nil {
		if apierrors.IsNotFound(err) {
			return in, true, nil
		}
		return in, false, fmt.Errorf("get pool %s: %w", key, err)
	}
	in.Pool = pool
	ready, err := r.readyPods(ctx, key)
	if err != nil {
		return in, false, err
	}
	if contest.Planning(c, in.Now) {
		// The poller asks no replicas of a pool that is being deleted.
		if in.Measured, sampled = r.measured(key, ready); !sampled && pool.DeletionTimestamp == nil {
			return in, false, nil
		}
		if err := r.observePlan(ctx, c, &in); err != nil {
			return in, false, err
		}
	}
	if contest.InPreflight(c, in.Now) {
		in.Replicas, err = r.replicas(ctx, key, ready)
	}
	return in, true, err
}

// observePlan reads the progress of the prewarm pods and the headroom, which a plan needs.
func (r *Reconciler) observePlan(ctx context.Context, c *v1alpha1.Contest, in *contest.Input) error {
	prewarm, err := r.observePrewarmPods(ctx, in.Pool)
	if err != nil {
		return err
	}
	if isPulling(c, in.Now) {
		in.Prewarm = prewarm.progress
	}
	if in.QuotaHeadroom, err = r.quotaHeadroom(ctx, in.Pool, prewarm); err != nil {
		return err
	}
	in.NodeHeadroom, err = r.NodeCapacity.Headroom(ctx, in.Pool, resources.Image(in.Pool, r.Image))
	return err
}

// readyPods returns the ready pods of the pool, by name.
func (r *Reconciler) readyPods(ctx context.Context, pool types.NamespacedName) ([]corev1.Pod, error) {
	all, err := index.Pods(ctx, r.Client, pool)
	if err != nil {
		return nil, err
	}
	ready := slices.DeleteFunc(all, func(pod corev1.Pod) bool { return !pods.Ready(&pod) || !pods.OfDeployment(&pod, pool.Name) })
	slices.SortFunc(ready, func(a, b corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return ready, nil
}

// measured returns the start times of the pods, and the service times of their submissions from the
// last samples. sampled reports whether the poller has asked any of the pods, or there are none. A
// pod without a trusted answer counts as asked.
func (r *Reconciler) measured(pool types.NamespacedName, ready []corev1.Pod) (measured contest.Measured, sampled bool) {
	_, states := r.Poller.Read(pool)
	for i := range ready {
		if took, _, ok := pods.StartTime(&ready[i]); ok {
			measured.PodStarts = append(measured.PodStarts, took)
		}
		state, asked := states[ready[i].Name]
		sampled = sampled || asked
		if asked && state.Err == nil {
			measured.Finished += int64(state.State.Finished)
			measured.ServiceTime += time.Duration(state.State.ServedMillis) * time.Millisecond
		}
	}
	return measured, sampled || len(ready) == 0
}

// quotaHeadroom returns the headroom of the namespace's quotas without the prewarm pods; nil when
// no quota limits the pool.
func (r *Reconciler) quotaHeadroom(ctx context.Context, pool *v1alpha1.ExecutorPool, prewarm prewarmPods) (*contest.QuotaHeadroom, error) {
	quotas, err := r.quotas(ctx, pool, prewarm)
	if err != nil {
		return nil, err
	}
	return contest.TightestQuota(quotas, resources.Resources(pool.Spec), int(pool.Status.Replicas)), nil
}

// replicas returns the state of the ready pods for the preflight.
func (r *Reconciler) replicas(ctx context.Context, service types.NamespacedName, ready []corev1.Pod) ([]contest.Replica, error) {
	var list discoveryv1.EndpointSliceList
	err := r.Live.List(ctx, &list, client.InNamespace(service.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service.Name})
	if err != nil {
		return nil, fmt.Errorf("list endpoints of service %s: %w", service, err)
	}
	inService := map[types.UID]bool{}
	for _, slice := range list.Items {
		for _, e := range slice.Endpoints {
			// According to the API, an absent value means ready.
			if e.TargetRef != nil && (e.Conditions.Ready == nil || *e.Conditions.Ready) {
				inService[e.TargetRef.UID] = true
			}
		}
	}
	var all []contest.Replica
	for i := range ready {
		pod := &ready[i]
		proof := r.Prover.Proof(canary.Pod{UID: pod.UID, Restarts: int32(pods.Restarts(pod)), IP: pod.Status.PodIP})
		all = append(all, contest.Replica{Name: pod.Name, InService: inService[pod.UID], Proved: proof.Right, Fault: proof.Fault})
	}
	return all, nil
}

// writeStatus writes the status if it changed, and records the events after the write.
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

// retry retries soon and without an error after a conflict: the cache was not up to date.
func retry(err error) (ctrl.Result, error) {
	if apierrors.IsConflict(err) {
		return ctrl.Result{RequeueAfter: conflictInterval}, nil
	}
	return ctrl.Result{}, err
}

// SetupWithManager registers the controller and the index of contests by pool, which package pool
// uses too.
func (r *Reconciler) SetupWithManager(ctx context.Context, mgr ctrl.Manager) error {
	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Contest{}, index.ContestPool, index.ContestPoolOf); err != nil {
		return fmt.Errorf("index contests by pool: %w", err)
	}
	if err := mgr.Add(r.Recorder); err != nil {
		return fmt.Errorf("set up the recorder: %w", err)
	}
	if err := r.Recorder.WatchTerminations(ctx, mgr.GetCache()); err != nil {
		return err
	}
	err := ctrl.NewControllerManagedBy(mgr).
		Named("contest").
		For(&v1alpha1.Contest{}).
		Watches(&v1alpha1.ExecutorPool{}, handler.EnqueueRequestsFromMapFunc(r.contestsOfPool(contest.Planning)),
			builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Watches(&v1alpha1.ExecutorPool{}, handler.EnqueueRequestsFromMapFunc(r.contestsOfPool(contest.InPreflight))).
		// The DaemonSet has the name of its pool.
		Watches(&appsv1.DaemonSet{}, handler.EnqueueRequestsFromMapFunc(r.contestsOfPool(isPulling))).
		Complete(r)
	if err != nil {
		return fmt.Errorf("set up controller contest: %w", err)
	}
	return nil
}

// contestsOfPool returns the contests of a changed pool for which concerns returns true.
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
