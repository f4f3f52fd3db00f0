package scaling

import (
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

// Expectations holds the writes of Deployments that the cache does not show yet, so that a decision
// never starts from an older number of replicas. It is safe for concurrent use. The zero value has
// no expectations.
type Expectations struct {
	mu    sync.Mutex
	pools map[types.NamespacedName]expectation
}

// expectation is a write to the Deployment that had the given UID and generation before.
type expectation struct {
	uid        types.UID
	generation int64
	replicas   int32
}

// Expect records a write of replicas. before is the Deployment as it was read before the write; nil
// when there was none.
func (e *Expectations) Expect(pool types.NamespacedName, before *appsv1.Deployment, replicas int32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.pools == nil {
		e.pools = map[types.NamespacedName]expectation{}
	}
	expected := expectation{replicas: replicas}
	if before != nil {
		expected.uid, expected.generation = before.UID, before.Generation
	}
	e.pools[pool] = expected
}

// Replicas returns the number of replicas of a Deployment that was read from the cache, or the
// expected number while the cache still shows the Deployment as it was before the write. d is nil
// when the cache has no Deployment.
func (e *Expectations) Replicas(pool types.NamespacedName, d *appsv1.Deployment) int32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	var cached expectation
	if d != nil {
		cached = expectation{uid: d.UID, generation: d.Generation, replicas: ptr.Deref(d.Spec.Replicas, 1)}
	}
	expected, pending := e.pools[pool]
	if !pending {
		return cached.replicas
	}
	if cached.uid == expected.uid && cached.generation == expected.generation {
		return expected.replicas
	}
	delete(e.pools, pool)
	return cached.replicas
}

// Forget drops the expectation of a pool.
func (e *Expectations) Forget(pool types.NamespacedName) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.pools, pool)
}
