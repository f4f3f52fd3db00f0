package contest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"executorpool.dev/api/v1alpha1"
)

func TestImageReportedBeforeWarmUp(t *testing.T) {
	const warmUpNote = "the replicas start at status.warmUpTime."
	fault := `Pod demo-x cannot pull image "executor:2". Correct spec.image.`
	for name, tc := range map[string]struct {
		pull *Prewarm
		at   time.Duration
		want string
	}{
		"not begun":       {nil, -10 * time.Minute, "Unknown WarmUpAhead: The warm-up has not begun; " + warmUpNote},
		"not counted yet": {&Prewarm{}, -10 * time.Minute, "Unknown WarmUpAhead: The warm-up has not begun; " + warmUpNote},
		"under way":       {&Prewarm{NodesWithImage: 2, Nodes: 3}, -10 * time.Minute, "Unknown PullingImage: The pool's image is on 2 of 3 nodes; " + warmUpNote},
		"done":            {&Prewarm{NodesWithImage: 3, Nodes: 3}, -10 * time.Minute, "Unknown ImagePulled: The pool's image is on 3 of 3 nodes; " + warmUpNote},
		"done on one":     {&Prewarm{NodesWithImage: 1, Nodes: 1}, -10 * time.Minute, "Unknown ImagePulled: The pool's image is on 1 of 1 node; " + warmUpNote},
		"places held": {&Prewarm{NodesWithImage: 3, Nodes: 3, PlacedPlaceholders: 4, Placeholders: 9}, -10 * time.Minute,
			"Unknown ImagePulled: The pool's image is on 3 of 3 nodes, and 4 of 9 placeholders for the coming replicas have a node; " + warmUpNote},
		"refused":          {&Prewarm{NodesWithImage: 2, Nodes: 3, Fault: fault}, -10 * time.Minute, "False ImagePullFailed: " + fault + " The pool's image is on 2 of 3 nodes."},
		"replicas are due": {&Prewarm{NodesWithImage: 2, Nodes: 3, Fault: fault}, -4 * time.Minute, "Unknown WarmingUp: Not yet: fewer than 10 replicas are ready."},
	} {
		t.Run(name, func(t *testing.T) {
			d := Decide(Input{Contest: finals(), Pool: pool(), Now: start.Add(tc.at), Prewarm: tc.pull})
			c := meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionPrewarmed)
			if diff := cmp.Diff(tc.want, string(c.Status)+" "+c.Reason+": "+c.Message); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPullCheckedOften(t *testing.T) {
	c := finals()
	c.Spec.ImagePullSeconds = new(int32(900))
	for before, want := range map[time.Duration]time.Duration{
		2 * time.Hour:     planInterval,
		25 * time.Minute:  5 * time.Minute, // the pull begins 20 minutes before the start
		19 * time.Minute:  pullInterval,
		301 * time.Second: time.Second,
	} {
		c.Status = v1alpha1.ContestStatus{}
		if got := Decide(Input{Contest: c, Pool: pool(), Now: start.Add(-before)}).Recheck; got != want {
			t.Errorf("%v before the start it is looked at again after %v, want %v", before, got, want)
		}
	}
}

// TestPullReleasedFromQuota fills a quota with the pods that pull the image, so that the replicas
// fit only without them.
func TestPullReleasedFromQuota(t *testing.T) {
	each := corev1.ResourceRequirements{Requests: list("cpu", "1m", "memory", "16Mi"), Limits: list("memory", "32Mi")}
	need := corev1.ResourceRequirements{Requests: list("cpu", "800m", "memory", "2208Mi"), Limits: list("memory", "5152Mi")}
	fill := func() []corev1.ResourceQuota {
		return []corev1.ResourceQuota{quota("team", list("pods", "10", "requests.cpu", "8", "limits.memory", "51520Mi", "services", "1"),
			list("pods", "4", "requests.cpu", "803m", "limits.memory", "5248Mi", "services", "1"))}
	}
	quotas := fill()
	if headroom := TightestQuota(quotas, need, 1); headroom.Replicas != 7 {
		t.Errorf("with 3 pods that pull, headroom for %d, want 7", headroom.Replicas)
	}
	ReleaseFromQuotas(quotas, each, 3)
	if headroom := TightestQuota(quotas, need, 1); headroom.Replicas != 10 {
		t.Errorf("without them, headroom for %d, want 10: %v", headroom.Replicas, quotas[0].Status.Used)
	}
	if got := quotas[0].Status.Used["services"]; got.Value() != 1 {
		t.Errorf("services used are %v, want 1", got.String())
	}
	ReleaseFromQuotas(quotas, each, 100)
	for name, used := range quotas[0].Status.Used {
		if used.Sign() < 0 {
			t.Errorf("%s used is %v: an outdated quota must not give headroom", name, used.String())
		}
	}
}
