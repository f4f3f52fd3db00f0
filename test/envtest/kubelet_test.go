package envtest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/controllers/pods"
)

// cluster takes the place, for the pool of one namespace, of the components that do not run: the
// Deployment controller, the ReplicaSet controller, which removes pods in the order of the real
// one, and a kubelet that starts executors.
type cluster struct {
	t         *testing.T
	namespace string
	service   time.Duration

	mu        sync.Mutex
	executors map[string]*busyExecutor
	count     int
	// rolling makes the status report that pods are still being replaced.
	rolling bool
	// settled is the resource version of the Deployment whose status is up to date, and wasRolling is
	// the rolling in that status.
	settled    string
	wasRolling bool
	// replicas has the Deployment's replicas after each change.
	replicas []int32
	changed  []time.Time
	// wrongRemoved describes each busy pod that was removed while an idle one remained.
	wrongRemoved []string
}

// startCluster starts the cluster of the namespace, which runs until the test ends. service is the
// time for which a submission holds its slot.
func startCluster(t *testing.T, namespace string, service time.Duration) *cluster {
	t.Helper()
	c := &cluster{t: t, namespace: namespace, service: service, executors: map[string]*busyExecutor{}}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(30 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := client.IgnoreNotFound(c.step(ctx)); err != nil && ctx.Err() == nil {
					t.Errorf("step of the simulated cluster: %v", err)
				}
			}
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	return c
}

func (c *cluster) step(ctx context.Context) error {
	var d appsv1.Deployment
	if err := admin.Get(ctx, keyOf(c.namespace), &d); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.ResourceVersion == c.settled && c.rolling == c.wasRolling {
		return nil
	}
	var pods corev1.PodList
	if err := admin.List(ctx, &pods, client.InNamespace(c.namespace)); err != nil {
		return err
	}
	if n := len(c.replicas); n == 0 || c.replicas[n-1] != *d.Spec.Replicas {
		c.replicas, c.changed = append(c.replicas, *d.Spec.Replicas), append(c.changed, time.Now())
	}
	for range int(*d.Spec.Replicas) - len(pods.Items) {
		if err := c.startPod(ctx, &d); err != nil {
			return err
		}
	}
	if err := c.removePods(ctx, pods.Items, len(pods.Items)-int(*d.Spec.Replicas)); err != nil {
		return err
	}
	now := appsv1.DeploymentStatus{ObservedGeneration: d.Generation, Replicas: *d.Spec.Replicas, UpdatedReplicas: *d.Spec.Replicas,
		ReadyReplicas: *d.Spec.Replicas, AvailableReplicas: *d.Spec.Replicas}
	if c.rolling {
		now.UpdatedReplicas = max(0, now.UpdatedReplicas-1)
	}
	if d.Status.ObservedGeneration == now.ObservedGeneration && d.Status.Replicas == now.Replicas && d.Status.UpdatedReplicas == now.UpdatedReplicas {
		c.settled, c.wasRolling = d.ResourceVersion, c.rolling
		return nil
	}
	d.Status = now
	if err := admin.Status().Update(ctx, &d); err != nil && !apierrors.IsConflict(err) {
		return err
	}
	return nil
}

func (c *cluster) startPod(ctx context.Context, d *appsv1.Deployment) error {
	c.count++
	set := d.Name + "-5d9c"
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: fmt.Sprintf("%s-%03d", set, c.count), Namespace: c.namespace, Labels: maps.Clone(d.Spec.Template.Labels),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: set, UID: "5d9c", Controller: new(true)}},
		},
		Spec: d.Spec.Template.Spec,
	}
	if err := admin.Create(ctx, p); err != nil {
		return err
	}
	e := newBusyExecutor(c.service)
	c.executors[p.Name] = e
	serving(executors.add(c.t, e))(&p.Status)
	p.Status.Conditions[0].LastTransitionTime = metav1.Now()
	return admin.Status().Update(ctx, p)
}

// removePods removes n pods in the order of the ReplicaSet controller: first those that are not
// ready, then by deletion cost, then the youngest.
func (c *cluster) removePods(ctx context.Context, running []corev1.Pod, n int) error {
	if n <= 0 {
		return nil
	}
	cost := func(p corev1.Pod) int {
		cost, _ := strconv.Atoi(p.Annotations[corev1.PodDeletionCost])
		return cost
	}
	slices.SortFunc(running, func(a, b corev1.Pod) int {
		ready := func(p corev1.Pod) int {
			if pods.Ready(&p) {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(ready(a), ready(b)), cmp.Compare(cost(a), cost(b)), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(b.Name, a.Name))
	})
	idle := false
	for _, p := range running[n:] {
		idle = idle || c.executors[p.Name].work(0) == 0
	}
	for _, p := range running[:n] {
		if holds := c.executors[p.Name].work(0); holds > 0 {
			if idle {
				c.wrongRemoved = append(c.wrongRemoved, fmt.Sprintf("%s with %d", p.Name, holds))
			}
		}
		delete(c.executors, p.Name)
		if err := admin.Delete(ctx, &p, client.GracePeriodSeconds(0)); client.IgnoreNotFound(err) != nil {
			return err
		}
	}
	return nil
}

// submit spreads n submissions over the replicas.
func (c *cluster) submit(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	names := slices.Sorted(maps.Keys(c.executors))
	for i, name := range names {
		share := n / len(names)
		if i < n%len(names) {
			share++
		}
		c.executors[name].work(share)
	}
}

// each calls change for every executor.
func (c *cluster) each(change func(i int, e *busyExecutor)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, name := range slices.Sorted(maps.Keys(c.executors)) {
		change(i, c.executors[name])
	}
}

// eachLocked calls change for every executor with its lock held.
func (c *cluster) eachLocked(change func(i int, e *busyExecutor)) {
	c.each(func(i int, e *busyExecutor) { e.set(func(*executor) { change(i, e) }) })
}

// setRolling sets whether the Deployment's status reports that pods are being replaced.
func (c *cluster) setRolling(rolling bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rolling = rolling
}

// history returns the Deployment's replicas since the last call of history, beginning with the
// replicas at that call.
func (c *cluster) history() []int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := slices.Clone(c.replicas)
	last := len(c.replicas) - 1
	c.replicas, c.changed = c.replicas[last:], c.changed[last:]
	return was
}

// wrongRemovals returns a message for each busy pod that was removed while an idle one remained.
func (c *cluster) wrongRemovals() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wrongRemoved)
}

// changedAt returns the time of the last change of the replicas.
func (c *cluster) changedAt() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed[len(c.changed)-1]
}

func (c *cluster) now() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.replicas) == 0 {
		return 0
	}
	return c.replicas[len(c.replicas)-1]
}
