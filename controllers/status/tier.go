package status

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// tiers in rising order.
var tiers = []v1alpha1.Tier{
	v1alpha1.TierNone, v1alpha1.TierRestrictedLegacy, v1alpha1.TierRestricted, v1alpha1.TierNamespaced,
}

const tierRemedy = "Use nodes with a newer kernel (spec.scheduling.nodeSelector), a RuntimeClass that isolates more " +
	"(spec.isolation.runtimeClassName), or a lower spec.isolation.minimumTier"

// below says whether a proved tier is less than the minimum. A tier that is not known proves nothing.
func below(proved, minimum v1alpha1.Tier) bool {
	return slices.Index(tiers, proved) < slices.Index(tiers, minimum)
}

// isolation is the condition IsolationEnforced. One replica that proved too little decides.
func isolation(in Input) metav1.Condition {
	minimum := in.Pool.Spec.Isolation.MinimumTier
	c := metav1.Condition{Type: v1alpha1.ConditionIsolationEnforced}
	asked, answered := 0, 0
	lowest := v1alpha1.TierNamespaced
	pod := ""
	for name, report := range in.Reports {
		asked++
		if !report.Answered || report.Tier == "" {
			continue
		}
		answered++
		// The least tier decides; among pods of that tier the first by name is named.
		if below(report.Tier, lowest) || pod == "" || (report.Tier == lowest && name < pod) {
			lowest, pod = report.Tier, name
		}
	}
	switch {
	case asked == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonNoReplicas, "No replica runs that could prove its isolation."
	case answered == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonReplicasSilent, "No replica says what isolation it proved."
	case below(lowest, minimum):
		c.Status, c.Reason = metav1.ConditionFalse, v1alpha1.ReasonTierTooLow
		c.Message = sentence(fmt.Sprintf("Pod %s proved tier %s and spec.isolation.minimumTier is %s", pod, lowest, minimum), tierRemedy)
	default:
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonTierProved
		c.Message = fmt.Sprintf("Every replica proved tier %s or higher.", minimum)
	}
	return c
}
