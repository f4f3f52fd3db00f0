package status

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"executorpool.dev/api/v1alpha1"
)

// tiers are in rising order.
var tiers = []v1alpha1.Tier{
	v1alpha1.TierNone, v1alpha1.TierRestrictedLegacy, v1alpha1.TierRestricted, v1alpha1.TierNamespaced,
}

const tierRemedy = "Use nodes with a newer kernel (spec.scheduling.nodeSelector), a RuntimeClass with stronger isolation " +
	"(spec.isolation.runtimeClassName), or a lower spec.isolation.minimumTier"

// unknownTier stands for every tier that is not in tiers: the name is the pod's own text.
const unknownTier v1alpha1.Tier = "unknown"

// TierOf returns the tier that an executor reported; a fixed text for a tier that this release does
// not know, and empty for no tier.
func TierOf(reported string) v1alpha1.Tier {
	if tier := v1alpha1.Tier(reported); tier == "" || slices.Contains(tiers, tier) {
		return tier
	}
	return unknownTier
}

// Weaker returns the lower of two tiers. An unknown tier is lower than all.
func Weaker(a, b string) string {
	if below(v1alpha1.Tier(a), v1alpha1.Tier(b)) {
		return a
	}
	return b
}

// below reports whether a proved tier is lower than the minimum. An unknown tier is lower than all.
func below(proved, minimum v1alpha1.Tier) bool {
	return slices.Index(tiers, proved) < slices.Index(tiers, minimum)
}

// isolationEnforced returns the condition IsolationEnforced. The replica with the lowest tier
// decides.
func isolationEnforced(in Input) metav1.Condition {
	minimum := in.Pool.Spec.Isolation.MinimumTier
	c := metav1.Condition{Type: v1alpha1.ConditionIsolationEnforced}
	asked, answered := 0, 0
	lowest := v1alpha1.TierNamespaced
	pod := ""
	for name, state := range in.Replicas {
		asked++
		if !state.Answered || state.Tier == "" {
			continue
		}
		answered++
		// Among pods of the lowest tier the first by name is named.
		if below(state.Tier, lowest) || pod == "" || (state.Tier == lowest && name < pod) {
			lowest, pod = state.Tier, name
		}
	}
	switch {
	case asked == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonNoReplicas, "No replica is running."
	case answered == 0:
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonReplicasSilent, "No replica has reported its isolation tier."
	case below(lowest, minimum):
		c.Status, c.Reason = metav1.ConditionFalse, v1alpha1.ReasonTierTooLow
		c.Message = sentence(fmt.Sprintf("Pod %s proved tier %s and spec.isolation.minimumTier is %s", pod, TierOf(string(lowest)), minimum), tierRemedy)
	default:
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonTierProved
		c.Message = fmt.Sprintf("Every replica proved tier %s or higher.", minimum)
	}
	return c
}
