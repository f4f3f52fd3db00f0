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

// Census counts what the cluster's nodes have left, once for all contests that are planned at about the same time.
//
// It lists the nodes and every pod that holds one, a page at a time, and keeps sums. That may take a large cluster's API
// server seconds, so a count is handed out for censusWorth times as long as it took: however many contests are ahead, the
// lists take a twentieth of the time at most. Nothing is listed while no contest is planned.
type Census struct {
	// Live reads from the API server: a cache of all pods of a cluster would cost more than all else the manager holds.
	Live  client.Reader
	Clock clock.PassiveClock

	mutex sync.Mutex
	taken *nodes.Census
	until time.Time
}

const (
	censusPage  = 500
	censusWorth = 20
)

// holding are pods that take something of a node.
var holding = fields.ParseSelectorOrDie("spec.nodeName!=,status.phase!=Succeeded,status.phase!=Failed")

// +kubebuilder:rbac:groups="",resources=nodes,verbs=list

// Room is what today's nodes have for a pool; nil when nobody can say: there is no census, the manager may not list nodes, or
// the cluster has none.
func (c *Census) Room(ctx context.Context, pool *v1alpha1.ExecutorPool, image string) (*nodes.Room, error) {
	if c == nil {
		return nil, nil
	}
	taken, err := c.take(ctx)
	if apierrors.IsForbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if taken.Known() == 0 {
		return nil, nil
	}
	pod, err := resources.Pod(pool, image)
	if err != nil {
		return nil, fmt.Errorf("render pod: %w", err)
	}
	room := taken.Room(pod, client.ObjectKeyFromObject(pool))
	return &room, nil
}

// take counts, unless a count is young enough.
func (c *Census) take(ctx context.Context) (*nodes.Census, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	began := c.Clock.Now()
	if c.taken != nil && began.Before(c.until) {
		return c.taken, nil
	}
	census := &nodes.Census{}
	err := c.each(ctx, func() client.ObjectList { return &corev1.NodeList{} }, fields.Everything(), func(object runtime.Object) {
		census.AddNode(object.(*corev1.Node))
	})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	err = c.each(ctx, func() client.ObjectList { return &corev1.PodList{} }, holding, func(object runtime.Object) {
		if pod := object.(*corev1.Pod); !resources.IsPrewarm(pod) {
			census.AddPod(pod, pods.PoolOf(pod))
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list pods of all namespaces: %w", err)
	}
	took := c.Clock.Since(began)
	c.taken, c.until = census, began.Add(took+censusWorth*took)
	return census, nil
}

// each counts what a list holds. It lists a page at a time, of which no more than the one being counted and the one after it are held.
func (c *Census) each(ctx context.Context, empty func() client.ObjectList, which fields.Selector, count func(runtime.Object)) error {
	lister := pager.New(func(ctx context.Context, page metav1.ListOptions) (runtime.Object, error) {
		list := empty()
		return list, c.Live.List(ctx, list, &client.ListOptions{FieldSelector: which, Limit: page.Limit, Continue: page.Continue})
	})
	lister.PageSize, lister.PageBufferSize = censusPage, 0
	return lister.EachListItem(ctx, metav1.ListOptions{}, func(object runtime.Object) error {
		count(object)
		return nil
	})
}
