package main

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

// startKubelet simulates the kubelets of a cluster. It writes the status of a running pod once for
// each new pod. A real kubelet also writes no more status for a pod that does not change.
func startKubelet(ctx context.Context, p *plane, e *executors) error {
	clients, err := kubernetes.NewForConfig(p.config)
	if err != nil {
		return fmt.Errorf("create a client for the kubelet: %w", err)
	}
	factory := informers.NewSharedInformerFactory(clients, 0)
	pods := factory.Core().V1().Pods()
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[cache.ObjectName]())
	enqueue := func(object any) {
		if pod, ok := object.(*corev1.Pod); ok && pod.Status.Phase == corev1.PodPending {
			queue.Add(cache.MetaObjectToName(pod))
		}
	}
	if _, err := pods.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: enqueue, UpdateFunc: func(_, now any) { enqueue(now) },
	}); err != nil {
		return fmt.Errorf("watch pods: %w", err)
	}
	var started atomic.Int64
	start := func(key cache.ObjectName) error {
		known, err := pods.Lister().Pods(key.Namespace).Get(key.Name)
		if err != nil || known.Status.Phase != corev1.PodPending {
			return nil
		}
		pod := known.DeepCopy()
		n := started.Add(1)
		pod.Status = runs(pod, fmt.Sprintf("10.%d.%d.%d", 64+n/62500, n/250%250, n%250+1))
		_, err = clients.CoreV1().Pods(key.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
		if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
			return nil
		}
		return err
	}
	for range 8 {
		go func() {
			for {
				key, down := queue.Get()
				if down {
					return
				}
				if err := start(key); err != nil {
					queue.AddRateLimited(key)
				} else {
					queue.Forget(key)
				}
				queue.Done(key)
			}
		}()
	}
	context.AfterFunc(ctx, queue.ShutDown)
	factory.Start(ctx.Done())
	return nil
}

func runs(pod *corev1.Pod, ip string) corev1.PodStatus {
	now := metav1.Now()
	id := strings.Repeat("5d9c", 16)
	s := corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}, HostIP: "10.1.0.1", HostIPs: []corev1.HostIP{{IP: "10.1.0.1"}},
		StartTime: &now, QOSClass: corev1.PodQOSBurstable, ObservedGeneration: pod.Generation,
	}
	for _, kind := range []corev1.PodConditionType{corev1.PodScheduled, corev1.PodReadyToStartContainers, corev1.PodInitialized, corev1.ContainersReady, corev1.PodReady} {
		s.Conditions = append(s.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionTrue, LastTransitionTime: now, ObservedGeneration: pod.Generation})
	}
	for _, c := range pod.Spec.Containers {
		s.ContainerStatuses = append(s.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, ImageID: c.Image + "@sha256:" + id, ContainerID: "containerd://" + id, Ready: true, Started: new(true),
			State:     corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now.Add(-time.Second))}},
			Resources: c.Resources.DeepCopy(), AllocatedResources: c.Resources.Requests.DeepCopy(),
		})
	}
	return s
}
