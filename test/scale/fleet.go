package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/gonum/stat"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
)

const (
	replicas = 2
	// poolsPerNamespace is the number of pools in one namespace.
	poolsPerNamespace = 50
	// probes is the number of pools that get a queue in one measurement of the reaction time.
	probes = 3
	// settleTimeout is the maximum time for a change of replicas.
	settleTimeout = 2 * time.Minute
)

// fleet is the set of all pools and the simulation of their pods.
type fleet struct {
	plane     *plane
	executors *executors
	pools     int
	// probed is the number of pools that have had a queue. more is the number of their pods above
	// replicas.
	probed, more int
}

func (f *fleet) pods() int { return f.pools*replicas + f.more }

func keyOf(n int) types.NamespacedName {
	return types.NamespacedName{Namespace: fmt.Sprintf("scale-%d", n/poolsPerNamespace), Name: fmt.Sprintf("pool-%d", n)}
}

// grow creates pools until the fleet has the given number.
func (f *fleet) grow(ctx context.Context, pools int) error {
	var group errgroup.Group
	group.SetLimit(8)
	for n := f.pools; n < pools; n++ {
		key := keyOf(n)
		if n%poolsPerNamespace == 0 {
			if err := f.plane.admin.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: key.Namespace}}); err != nil {
				return fmt.Errorf("create namespace %s: %w", key.Namespace, err)
			}
		}
		pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
		pool.Spec.Replicas = new(int32(replicas))
		pool.Spec.Scaling.MaxReplicas = 10
		group.Go(func() error {
			if err := f.plane.admin.Create(ctx, pool); err != nil {
				return fmt.Errorf("create pool %s: %w", key, err)
			}
			return nil
		})
	}
	f.pools = pools
	return group.Wait()
}

// waitUntilSettled waits until the status of every pool reports the desired replicas ready and
// sampled.
func (f *fleet) waitUntilSettled(ctx context.Context, manager *process) error {
	began := time.Now()
	return until(ctx, manager, 2*time.Second, func() (bool, error) {
		var pools v1alpha1.ExecutorPoolList
		if err := f.plane.admin.List(ctx, &pools); err != nil {
			return false, fmt.Errorf("list pools: %w", err)
		}
		for _, p := range pools.Items {
			if n := p.Status.ReadyReplicas; n < replicas || n != p.Status.DesiredReplicas || p.Status.Slots != n*slots ||
				!meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ConditionReady) ||
				!meta.IsStatusConditionTrue(p.Status.Conditions, v1alpha1.ConditionMetricsFresh) {
				if time.Since(began) > f.allowance() {
					return false, f.notSettled(ctx, client.ObjectKeyFromObject(&p))
				}
				return false, nil
			}
		}
		return len(pools.Items) == f.pools, nil
	})
}

// allowance is the maximum time for the whole fleet to settle. Two busy cores create ten pools in
// three seconds.
func (f *fleet) allowance() time.Duration {
	return settleTimeout + time.Duration(f.pools)*500*time.Millisecond
}

// until calls done at each interval until it returns true. It returns an error if the manager ends.
func until(ctx context.Context, manager *process, every time.Duration, done func() (bool, error)) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-manager.ended:
			return errors.Join(errors.New("the manager ended"), err)
		case <-tick.C:
		}
	}
}

// reaction adds a queue to some pools, one after the other, and returns the median time until the
// manager wrote more replicas. It then writes these replicas into spec.replicas, so that the pools
// stay at rest. The next call uses other pools.
func (f *fleet) reaction(ctx context.Context, manager *process) (time.Duration, error) {
	var took []float64
	for range probes {
		key := keyOf(f.probed)
		f.probed++
		hosts, err := f.hosts(ctx, key)
		if err != nil {
			return 0, err
		}
		began := time.Now()
		f.executors.queue(hosts, 40)
		more, err := f.waitForReplicas(ctx, manager, key)
		if err != nil {
			return 0, err
		}
		took = append(took, float64(time.Since(began)))
		f.executors.queue(hosts, 0)
		f.more += int(more) - replicas
		patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, more)
		pool := &v1alpha1.ExecutorPool{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name}}
		if err := f.plane.admin.Patch(ctx, pool, client.RawPatch(types.MergePatchType, patch)); err != nil {
			return 0, fmt.Errorf("scale pool %s: %w", key, err)
		}
	}
	slices.Sort(took)
	return time.Duration(stat.Quantile(0.5, stat.Empirical, took, nil)), f.waitUntilSettled(ctx, manager)
}

// waitForReplicas waits until the Deployment of the pool has more than its initial replicas, and
// returns their number.
func (f *fleet) waitForReplicas(ctx context.Context, manager *process, pool types.NamespacedName) (now int32, err error) {
	began := time.Now()
	err = until(ctx, manager, 10*time.Millisecond, func() (bool, error) {
		if time.Since(began) > settleTimeout {
			return false, f.notSettled(ctx, pool)
		}
		var d appsv1.Deployment
		if err := f.plane.admin.Get(ctx, pool, &d); err != nil {
			return false, fmt.Errorf("get deployment %s: %w", pool, err)
		}
		now = *d.Spec.Replicas
		return now > replicas, nil
	})
	return now, err
}

// notSettled returns an error with the status of a pool that did not settle in time.
func (f *fleet) notSettled(ctx context.Context, pool types.NamespacedName) error {
	var p v1alpha1.ExecutorPool
	if err := f.plane.admin.Get(ctx, pool, &p); err != nil {
		return fmt.Errorf("get pool %s: %w", pool, err)
	}
	return fmt.Errorf("pool %s did not settle: %+v", pool, p.Status)
}

func (f *fleet) hosts(ctx context.Context, pool types.NamespacedName) ([]string, error) {
	var pods corev1.PodList
	if err := f.plane.admin.List(ctx, &pods, client.InNamespace(pool.Namespace), client.MatchingLabels{"app.kubernetes.io/instance": pool.Name}); err != nil {
		return nil, fmt.Errorf("list pods of %s: %w", pool, err)
	}
	var hosts []string
	for _, p := range pods.Items {
		hosts = append(hosts, p.Status.PodIP)
	}
	return hosts, nil
}
