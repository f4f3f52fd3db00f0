package resources

import (
	"encoding/json"
	"fmt"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"executorpool.dev/api/v1alpha1"
)

// schedule copies spec.scheduling to the pod. A topology spread constraint without a selector would
// count no pod, so it gets the pool's selector.
func schedule(pod *corev1ac.PodSpecApplyConfiguration, pool *v1alpha1.ExecutorPool) error {
	from := pool.Spec.Scheduling
	if len(from.NodeSelector) > 0 {
		pod.WithNodeSelector(from.NodeSelector)
	}
	if from.PriorityClassName != "" {
		pod.WithPriorityClassName(from.PriorityClassName)
	}
	if err := convert(from.Tolerations, &pod.Tolerations); err != nil {
		return fmt.Errorf("scheduling.tolerations: %w", err)
	}
	if err := convert(from.ImagePullSecrets, &pod.ImagePullSecrets); err != nil {
		return fmt.Errorf("scheduling.imagePullSecrets: %w", err)
	}
	if err := convert(from.TopologySpreadConstraints, &pod.TopologySpreadConstraints); err != nil {
		return fmt.Errorf("scheduling.topologySpreadConstraints: %w", err)
	}
	for i := range pod.TopologySpreadConstraints {
		if pod.TopologySpreadConstraints[i].LabelSelector == nil {
			pod.TopologySpreadConstraints[i].LabelSelector = selector(pool)
		}
	}
	if from.Affinity != nil {
		if err := convert(from.Affinity, &pod.Affinity); err != nil {
			return fmt.Errorf("scheduling.affinity: %w", err)
		}
	}
	return nil
}

// convert converts an API type to its apply configuration by JSON, which is the same for both. An
// apply configuration distinguishes absent fields from empty ones.
func convert(from, to any) error {
	data, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, to)
}
