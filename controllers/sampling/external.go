package sampling

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/metrics/pkg/client/external_metrics"
)

// externalPatience allows for a metrics adapter that reads its own source every five minutes.
const externalPatience = 10 * time.Minute

// External reads external metrics from the API server, where a metrics adapter such as KEDA's
// serves them.
type External struct {
	client external_metrics.ExternalMetricsClient
}

// NewExternal returns a client whose requests use the address and the credentials of config and end
// after Timeout.
func NewExternal(config *rest.Config) (*External, error) {
	config = rest.CopyConfig(config)
	// The client's methods take no context.
	config.Timeout = Timeout
	client, err := external_metrics.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make a client for external metrics: %w", err)
	}
	return &External{client}, nil
}

// Metric returns the source of the sum of a metric in a namespace; selector may be nil.
func (e *External) Metric(namespace, metric string, selector *metav1.LabelSelector) Source {
	return externalMetric{e, namespace, metric, metav1.FormatLabelSelector(selector), selector}
}

type externalMetric struct {
	api                   *External
	namespace, metric, by string
	selector              *metav1.LabelSelector
}

func (m externalMetric) Same(other Source) bool {
	o, ok := other.(externalMetric)
	return ok && o.api == m.api && o.namespace == m.namespace && o.metric == m.metric && o.by == m.by
}

// Waiting returns the sum of the metric's values. Its time is that of the oldest value.
func (m externalMetric) Waiting(context.Context) (Value, error) {
	selector := m.selector
	if selector == nil {
		selector = &metav1.LabelSelector{}
	}
	by, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return Value{}, errors.New("scaling.source.external.selector is none: see `kubectl explain executorpool.spec.scaling.source.external.selector`")
	}
	list, err := m.api.client.NamespacedMetrics(m.namespace).List(m.metric, by)
	switch {
	case apierrors.IsNotFound(err):
		return Value{}, fmt.Errorf("the API server knows no external metric %s: see whether a metrics adapter serves external.metrics.k8s.io", m.metric)
	case apierrors.IsForbidden(err):
		return Value{}, fmt.Errorf("the manager may not read the external metric %s: its role lacks external.metrics.k8s.io", m.metric)
	case err != nil:
		return Value{}, fmt.Errorf("the external metric %s cannot be read: see `kubectl get apiservice v1beta1.external.metrics.k8s.io`", m.metric)
	case len(list.Items) == 0:
		return Value{}, fmt.Errorf("the external metric %s has no values: see scaling.source.external.selector", m.metric)
	}
	value := Value{Patience: externalPatience}
	for _, item := range list.Items {
		value.Waiting += item.Value.AsApproximateFloat64()
		if value.Time.IsZero() || item.Timestamp.Time.Before(value.Time) {
			value.Time = item.Timestamp.Time
		}
	}
	return value, nil
}
