package contests

import (
	"context"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/pager"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"executorpool.dev/api/v1alpha1"
	"executorpool.dev/controllers/nodes"
	"executorpool.dev/controllers/pods"
	"executorpool.dev/controllers/resources"
)

// NodeCapacity lists what the nodes of the cluster have left, once for all contests that are
// planned at about the same time.
//
// It lists the nodes and all pods with a node, page by page, and keeps sums. On a large cluster
// that takes the API server seconds. A result is therefore reused for reuseFactor times as long as
// the lists took: whatever the number of contests, the lists take at most a twentieth of the time.
// Without a contest to plan nothing is listed.
type NodeCapacity struct {
	// Live reads from the API server. A cache of all pods of a cluster would need more memory than
	// the rest of the manager.
	Live  client.Reader
	Clock clock.PassiveClock

	mutex   sync.Mutex
	counted *nodes.Capacity
	until   time.Time
}

const (
	pageSize    = 500
	reuseFactor = 20
)

// holdsNode selects the pods that use resources of a node.
var holdsNode = fields.ParseSelectorOrDie("spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed")

// +kubebuilder:rbac:groups="",resources=nodes,verbs=list

// Headroom returns the headroom of the nodes for a pool. It returns nil if the headroom is unknown:
// c is nil, the manager may not list nodes, or the cluster has no nodes.
func (c *NodeCapacity) Headroom(ctx context.Context, pool *v1alpha1.ExecutorPool, image string) (*nodes.Headroom, error) {
	if c == nil {
		return nil, nil
	}
	counted, err := c.count(ctx)
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if counted.Nodes() == 0 {
		return nil, nil
	}
	pod, err := resources.Pod(pool, image)
	if err != nil {
		return nil, fmt.Errorf("render pod: %w", err)
	}
	headroom := counted.Headroom(pod, client.ObjectKeyFromObject(pool))
	return &headroom, nil
}

// count returns the capacity of the nodes. It lists them again when the last result is too old.
func (c *NodeCapacity) count(ctx context.Context) (*nodes.Capacity, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	began := c.Clock.Now()
	if c.counted != nil && began.Before(c.until) {
		return c.counted, nil
	}
	capacity := &nodes.Capacity{}
	err := c.forEach(ctx, func() client.ObjectList { return &corev1.NodeList{} }, fields.Everything(), func(object runtime.Object) {
		capacity.AddNode(object.(*corev1.Node))
	})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	err = c.forEach(ctx, func() client.ObjectList { return &corev1.PodList{} }, holdsNode, func(object runtime.Object) {
		if pod := object.(*corev1.Pod); !resources.IsPrewarm(pod) {
			capacity.AddPod(pod, pods.PoolOf(pod))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list pods of all namespaces: %w", err)
	}
	took := c.Clock.Since(began)
	c.counted, c.until = capacity, began.Add(took+reuseFactor*took)
	return capacity, nil
}

// forEach calls count for each object of a list. It holds at most two pages in memory.
func (c *NodeCapacity) forEach(
	ctx context.Context, empty func() client.ObjectList, which fields.Selector, count func(runtime.Object),
) error {
	lister := pager.New(func(ctx context.Context, page metav1.ListOptions) (runtime.Object, error) {
		list := empty()
		return list, c.Live.List(ctx, list, &client.ListOptions{FieldSelector: which, Limit: page.Limit, Continue: page.Continue})
	})
	lister.PageSize, lister.PageBufferSize = pageSize, 0
	return lister.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		count(object)
		return nil
	})
}
