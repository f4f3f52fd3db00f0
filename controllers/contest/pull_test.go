package contest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"executorpool.dev/api/v1alpha1"
)

func TestImageToldBeforeWarmUp(t *testing.T) {
	const ahead = "status.warmUpTime is when the pool begins to grow."
	fault := `Pod demo-x cannot pull image "executor:2". Correct spec.image.`
	for name, tc := range map[string]struct {
		pull *Pull
		at   time.Duration
		want string
	}{
		"not begun":       {nil, -10 * time.Minute, "Unknown WarmUpAhead: It is too early to say; " + ahead},
		"not counted yet": {&Pull{}, -10 * time.Minute, "Unknown WarmUpAhead: It is too early to say; " + ahead},
		"under way":       {&Pull{On: 2, Nodes: 3}, -10 * time.Minute, "Unknown PullingImage: The pool's image is on 2 of 3 nodes; " + ahead},
		"done":            {&Pull{On: 3, Nodes: 3}, -10 * time.Minute, "Unknown ImagePulled: The pool's image is on 3 of 3 nodes; " + ahead},
		"done on one":     {&Pull{On: 1, Nodes: 1}, -10 * time.Minute, "Unknown ImagePulled: The pool's image is on 1 of 1 node; " + ahead},
		"places held": {&Pull{On: 3, Nodes: 3, Placed: 4, Placeholders: 9}, -10 * time.Minute,
			"Unknown ImagePulled: The pool's image is on 3 of 3 nodes, and 4 of 9 placeholders for the replicas to come have a node; " + ahead},
		"refused":          {&Pull{On: 2, Nodes: 3, Fault: fault}, -10 * time.Minute, "False ImagePullFailed: " + fault + " The pool's image is on 2 of 3 nodes."},
		"replicas are due": {&Pull{On: 2, Nodes: 3, Fault: fault}, -4 * time.Minute, "Unknown WarmingUp: Not yet: fewer than 10 replicas are ready."},
	} {
		t.Run(name, func(t *testing.T) {
			d := Decide(Input{Contest: finals(), Pool: pool(), Now: start.Add(tc.at), Pull: tc.pull})
			c := meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionPrewarmed)
			if diff := cmp.Diff(tc.want, string(c.Status)+" "+c.Reason+": "+c.Message); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPullLookedAtOften(t *testing.T) {
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

// TestPullLeavesRoomInQuota has a quota that the replicas to come just fit in, and of which the pods that pull their image
// hold some.
func TestPullLeavesRoomInQuota(t *testing.T) {
	each := corev1.ResourceRequirements{Requests: list("cpu", "1m", "memory", "16Mi"), Limits: list("memory", "32Mi")}
	need := corev1.ResourceRequirements{Requests: list("cpu", "800m", "memory", "2208Mi"), Limits: list("memory", "5152Mi")}
	fill := func() []corev1.ResourceQuota {
		return []corev1.ResourceQuota{quota("team", list("pods", "10", "requests.cpu", "8", "limits.memory", "51520Mi", "services", "1"),
			list("pods", "4", "requests.cpu", "803m", "limits.memory", "5248Mi", "services", "1"))}
	}
	quotas := fill()
	if room := RoomOf(quotas, need, 1); room.Replicas != 7 {
		t.Errorf("with 3 pods that pull, room for %d, want 7", room.Replicas)
	}
	Without(quotas, each, 3)
	if room := RoomOf(quotas, need, 1); room.Replicas != 10 {
		t.Errorf("once they are gone, room for %d, want 10: %v", room.Replicas, quotas[0].Status.Used)
	}
	if got := quotas[0].Status.Used["services"]; got.Value() != 1 {
		t.Errorf("services used are %v, want 1", got.String())
	}
	Without(quotas, each, 100)
	for name, used := range quotas[0].Status.Used {
		if used.Sign() < 0 {
			t.Errorf("%s used is %v: a quota that lags must not make room", name, used.String())
		}
	}
}
